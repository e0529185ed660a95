"""An account's state, and how it is seeded and shown."""
