"""The domain: rows, what they change, and which of them conflict."""
