"""A key is parsed once in a process: to check an RSA key takes 40 ms of CPU, and all emulators of a process give out the same."""

import functools

from jose.backends import cryptography_backend

cryptography_backend.load_pem_private_key = functools.cache(
    cryptography_backend.load_pem_private_key
)
