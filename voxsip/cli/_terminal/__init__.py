"""The terminal: output, and questions to its user."""
