"""Credentials, and the tokens signed with them."""
