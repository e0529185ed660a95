"""How fast voxsip is beside everything a user could pick instead: `python -m benchmarks`."""
