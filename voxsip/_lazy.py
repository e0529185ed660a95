"""Attributes that are made when they are first used.

`lazy` is like `functools.cached_property`, which takes a lock before Python 3.12: after a fork while another thread
holds that lock, the child would wait forever. A fork waits for our own lock.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

T = TypeVar("T")

IMPORTS = threading.RLock()
"""Lock around imports made at first use: a fork during one would leave the child with a module lock held forever."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=IMPORTS.acquire, after_in_parent=IMPORTS.release, after_in_child=IMPORTS.release
    )


class lazy(Generic[T]):  # noqa: N801 - used as a decorator
    """A decorator that makes an attribute by calling the method once per instance."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> Self | T:
        """Make the attribute and store it on the instance, which hides this descriptor."""
        if instance is None:
            return self
        with IMPORTS:  # most of these methods import a module
            value: T = instance.__dict__.setdefault(self._name, self._make(instance))
        return value
