"""HTTP through aiohttp: sessions, timeouts, and what failures mean."""
