"""What a row wants of a registration's binding, as ids: application, rule, user. Pure.

A part that the live registration has already under that very name or id is taken from there; the lists of
applications, rules and users are needed only for what differs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voxsip.plan._model import Binding
from voxsip.plan._rows import LEAVE, Fault, Wanted

if TYPE_CHECKING:
    from collections.abc import Callable

    from voxsip._generated.sip_registrations.models import SipRegistration
    from voxsip.plan._names import Names, Needs

UNBOUND: Binding = (None, None, None)


def binding_of(item: SipRegistration | None) -> Binding:
    """Return what a live registration is bound to; a new one is bound to nothing."""
    return UNBOUND if item is None else (item.application_id, item.rule_id, item.user_id)


def is_live(value: object, number: int | None, name: str | None) -> bool:
    """Return whether an id or a name is what is there already."""
    return number is not None and (value == name if isinstance(value, str) else value == number)


def needs_of(wanted: Wanted, item: SipRegistration | None, needs: Needs) -> None:
    """Note which lists are needed to resolve a row."""
    application = wanted.application
    live = None if item is None else item.application_id
    stays = application is LEAVE or (
        item is not None and is_live(application, live, item.application_name)
    )
    if application is not LEAVE and application is not None and not stays:
        needs.applications = True
    kept = item if stays else None
    if wanted.rule not in {LEAVE, None} and (
        kept is None or not is_live(wanted.rule, kept.rule_id, kept.rule_name)
    ):
        needs.rules = True
    if wanted.user in {LEAVE, None} or (
        kept is not None and is_live(wanted.user, kept.user_id, kept.user_name)
    ):
        return
    if not stays:
        needs.users_of.add(application)
    elif live is not None:
        needs.users_of.add(live)
    elif isinstance(wanted.rule, int):
        needs.users_of_rules.add(wanted.rule)


def resolve(wanted: Wanted, item: SipRegistration | None, names: Names) -> Binding:
    """Return the desired binding of a registration.

    Raises:
        Fault: A name stands for nothing or for two, parts do not belong together, or something would be
            cleared that the row leaves alone.
    """
    live_application, live_rule, live_user = binding_of(item)
    application = _application(wanted, item, names)
    stays = application == live_application
    rule_name, user_name = (None, None) if item is None else (item.rule_name, item.user_name)

    def resolve_part(
        part: str,
        given: Any,
        live: int | None,
        name: str | None,
        find: Callable[[int | str, int], int],
    ) -> int | None:
        if given is LEAVE:
            if live is not None and not stays:
                raise Fault(
                    f"the application changes, which would clear {part} {live}, left alone by the row",
                    f"name the {part} to bind to, or write '-' for none",
                    f"{part}_id",
                )
            return live
        if given is None:
            return None
        if stays and is_live(given, live, name):
            return live
        if application is None:
            raise Fault(
                f"a {part} needs an application, and the registration has none",
                "give application_id or application_name too",
                f"{part}_name" if isinstance(given, str) else f"{part}_id",
            )
        return find(given, application)

    rule = resolve_part("rule", wanted.rule, live_rule, rule_name, names.rule)
    user = resolve_part("user", wanted.user, live_user, user_name, names.user)
    return application, rule, user


def _application(wanted: Wanted, item: SipRegistration | None, names: Names) -> int | None:
    live = None if item is None else item.application_id
    if wanted.application is None:
        return None
    if wanted.application is LEAVE:
        if live is None and isinstance(wanted.rule, int):
            return names.application_of_rule(wanted.rule)
        return live
    if item is not None and is_live(wanted.application, live, item.application_name):
        return live
    return names.application(wanted.application)
