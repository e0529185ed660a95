"""How many rows are in flight, and at which rate."""
