"""One call from arguments to model: limit, send, retry, recover."""
