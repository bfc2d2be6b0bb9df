"""A simulated nation: agencies, crime and reports that do not exist, and the truth about them."""
