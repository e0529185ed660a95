"""The event loop thread behind blocking clients."""
