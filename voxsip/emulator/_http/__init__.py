"""HTTP and HTTPS: the server, its requests and its certificate."""
