"""The live state of registrations: what exists, what is unchanged, what differs."""
