"""A simulated nation: agencies, crime and reports that never were, and the truth about them."""
