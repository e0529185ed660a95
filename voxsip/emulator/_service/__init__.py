"""The API's behavior: tokens, arguments, commands, errors."""
