"""The API as OpenAPI 3.1: one file per group, the source of truth for what is generated."""
