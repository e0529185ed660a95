"""The API's protocol without I/O: commands, encoding, replies, models, pages."""
