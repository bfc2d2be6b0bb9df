"""What the estimation's container does around R: stages, the store, inputs by their receipts, the process of R."""
