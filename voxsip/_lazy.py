"""Attributes made when they are first asked for.

Like `functools.cached_property`, without the lock it takes before Python 3.12: a fork while another thread holds that lock
would leave the child waiting forever. Our own lock is waited for before a fork.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

T = TypeVar("T")

IMPORTS = threading.RLock()
"""Held by imports that wait for the first use: a fork during one would leave the child with a module lock that nothing releases."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=IMPORTS.acquire, after_in_parent=IMPORTS.release, after_in_child=IMPORTS.release
    )


class lazy(Generic[T]):  # noqa: N801 - used as a decorator
    """Make an attribute by calling the decorated method once per instance."""

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
        """Make the attribute; from then on the instance has it and this is not asked again."""
        if instance is None:
            return self
        with IMPORTS:  # making most of them imports a group
            value: T = instance.__dict__.setdefault(self._name, self._make(instance))
        return value
