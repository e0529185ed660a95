"""A model of bindings: how rows change an account's registrations, one after another, as we understand the API.

Pure. It shows whether a row still changes anything (`skip_unchanged`), predicts the state that `verify` compares with,
and is the sequential run that tests compare a bulk job with.

The rules, as far as the documents go:

- `bind=True` puts the registration into the application. Another application than before clears the old
  rule and user; the same one keeps the parts that the row does not name.
- A user has one registration: binding a second one takes the user, and nothing else, from the first.
- A rule alone brings its own application. A row that names nothing but the registration changes nothing.
- `bind=False` clears the user and the rule that are named, if the registration has them; all three parts
  if only its application, or nothing at all, is named.
- `bind=False` without a registration takes the user, and the rule if one is named, from whichever
  registration has that user.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

ANY = -1
"""An unknown part of a binding. Ids are positive."""


class Binding(NamedTuple):
    """The binding of a registration; None for a part that it is not bound to."""

    application: int | None = None
    rule: int | None = None
    user: int | None = None


class Change(NamedTuple):
    """A bind row with all names resolved to ids."""

    registration: int | None = None
    application: int | None = None
    rule: int | None = None
    user: int | None = None
    bind: bool = True


UNBOUND = Binding()
NOTHING_KNOWN = Binding(ANY, ANY, ANY)


class BindingState:
    """The bindings of an account, changed row by row.

    Args:
        start: The bindings by registration, which are not changed; other registrations do not exist. If None, every
            registration is unknown at first, and the parts that rows do not change stay unknown (`ANY`).
        application_of: The function that returns the application of a rule, or None if it is unknown.

    Attributes:
        changed: The bindings of the registrations that rows changed.
        holders: The registration of each user that is in `start` or in a row; None for none, ANY if it is unknown.
    """

    __slots__ = ("_known", "_start", "application_of", "changed", "holders")

    def __init__(
        self,
        start: Mapping[int, Binding] | None = None,
        *,
        application_of: Callable[[int], int | None] = lambda rule: None,  # noqa: ARG005 - knows none
    ) -> None:
        self._start = start
        self.application_of = application_of
        # There are few distinct bindings of very many registrations: keep one object of each.
        self._known: dict[Binding, Binding] = {}
        self.changed: dict[int, Binding] = {}
        self.holders: dict[int, int | None] = {}
        for registration, binding in (start or {}).items():
            if binding.user is not None:
                self.holders[binding.user] = registration

    def of(self, registration: int) -> Binding | None:
        """Return a registration's binding, or None if it does not exist."""
        found = self.changed.get(registration)
        if found is None:
            return NOTHING_KNOWN if self._start is None else self._start.get(registration)
        return found

    def bindings(self) -> Iterator[tuple[int, Binding]]:
        """Yield every known registration and its binding."""
        yield from self.changed.items()
        for registration, binding in (self._start or {}).items():
            if registration not in self.changed:
                yield registration, binding

    def add(self, registration: int) -> None:
        """Add a new registration, unbound."""
        self.changed[registration] = UNBOUND

    def apply(self, change: Change) -> bool:
        """Apply a row; return False if it names a registration that does not exist."""
        if change.registration is None:
            if change.user is not None and not change.bind:
                self._unbind_user(change.user, change.rule)
            return True
        old = self.of(change.registration)
        if old is None:
            return False
        if change.bind:
            self._bind(change.registration, old, change)
        else:
            self._unbind(change.registration, old, change)
        return True

    def forget(self, change: Change) -> None:
        """Record that a row may or may not have been done."""
        if change.user is not None:
            holder = self.holders.get(change.user)
            if holder is not None and holder != ANY:
                before = self.of(holder) or UNBOUND
                self._put(holder, before._replace(user=ANY))
            self.holders[change.user] = ANY
            if change.registration is None and change.rule is not None:
                self._forget_rule(change.rule)
        if change.registration is not None and self.of(change.registration) is not None:
            self._let_go(change.registration, known=False)
            self.changed[change.registration] = NOTHING_KNOWN

    def _bind(self, registration: int, old: Binding, change: Change) -> None:
        application = change.application
        if application is None:
            if change.rule is None:
                return
            application = self.application_of(change.rule) or ANY
        stays = _equal(application, old.application)
        self._set(
            registration,
            application,
            _kept(old.rule, stays) if change.rule is None else change.rule,
            _kept(old.user, stays) if change.user is None else change.user,
        )

    def _unbind(self, registration: int, old: Binding, change: Change) -> None:
        if change.user is None and change.rule is None:
            same = change.application is None or _equal(change.application, old.application)
            goes = None if same is None else not same
            self._set(registration, *(_kept(part, goes) for part in old))
            return
        self._set(
            registration,
            old.application,
            _without(old.rule, change.rule),
            _without(old.user, change.user),
        )

    def _unbind_user(self, user: int, rule: int | None) -> None:
        holder = self.holders.get(user, ANY if self._start is None else None)
        if holder == ANY:
            if rule is not None:
                self._forget_rule(rule)
        elif holder is not None:
            old = self.of(holder) or UNBOUND
            self._set(holder, old.application, _without(old.rule, rule), None)
        self.holders[user] = None

    def _forget_rule(self, rule: int) -> None:
        """Record that any registration whose user is not known may have lost this rule."""
        for registration, binding in list(self.changed.items()):
            if binding.user == ANY and binding.rule == rule:
                self._put(registration, binding._replace(rule=ANY))

    def _set(
        self, registration: int, application: int | None, rule: int | None, user: int | None
    ) -> None:
        before = self.of(registration)
        if user is not None and user != ANY:
            holder = self.holders.get(user)
            if holder is not None and holder not in (registration, ANY):
                previous_holder = self.of(holder) or UNBOUND
                self._put(holder, previous_holder._replace(user=None))
        if before is not None and before.user != user:
            self._let_go(registration, known=user != ANY)
        if user is not None and user != ANY:
            self.holders[user] = registration
        self._put(registration, Binding(application, rule, user))

    def _let_go(self, registration: int, *, known: bool) -> None:
        """Record that a registration has lost its user, or may have lost it."""
        before = self.of(registration)
        if before is None or before.user is None or before.user == ANY:
            return
        if self.holders.get(before.user) == registration:
            self.holders[before.user] = None if known else ANY

    def _put(self, registration: int, binding: Binding) -> None:
        self.changed[registration] = self._known.setdefault(binding, binding)


def _equal(one: int | None, other: int | None) -> bool | None:
    """Returns whether two parts are equal; None if one is unknown."""
    if ANY in (one, other):
        return None
    return one == other


def _kept(part: int | None, stays: bool | None) -> int | None:
    """Return a part if it stays, None if it goes, `ANY` if that is unknown (None)."""
    if stays is None:
        return part if part is None else ANY
    return part if stays else None


def _without(part: int | None, named: int | None) -> int | None:
    """Return None for a part that is the one named, else the part; ANY stays ANY."""
    return None if named is not None and part == named else part
