"""What BindSipRegistration does: find what a command names, bind a registration to it, or unbind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from voxsip.emulator._service.errors import RefusedError
from voxsip.emulator._service.values import REQUIRED
from voxsip.emulator._state.model import Application, Registration, Rule, User

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voxsip.emulator._state.account import Account

INVALID_APPLICATION_NAME = 107
INVALID_APPLICATION_ID = 116
INVALID_USER_ID = 117
INVALID_RULE_ID = 147
INVALID_RULE_NAME = 156
NOT_BOUND_TO_APPLICATION = 393


@frozen(kw_only=True)
class Target:
    """What a command names; None for a part that it does not name."""

    application: Application | None = None
    rule: Rule | None = None
    user: User | None = None


def find_application(account: Account, values: Mapping[str, Any]) -> Application | None:
    """Find the application that `application_id` or `application_name` stands for.

    Raises:
        RefusedError: 116 or 107 if there is no such application.
    """
    if "application_id" in values:
        found = account.applications.get(values["application_id"])
        if found is None:
            raise RefusedError(INVALID_APPLICATION_ID)
        return found
    if "application_name" in values:
        found = account.application_named(values["application_name"])
        if found is None:
            raise RefusedError(INVALID_APPLICATION_NAME)
        return found
    return None


def find_target(account: Account, values: Mapping[str, Any], *, user_alone: bool = False) -> Target:
    """Find everything a command wants to bind to or to unbind from.

    Args:
        account: the account to look in.
        values: `application_*`, `rule_*` and `user_*` of the command.
        user_alone: whether `user_id` may come without an application.

    Raises:
        RefusedError: 134 without a needed application, 116, 107, 147, 156, 117 for what is not there,
            147 and 393 for a rule and a user of another application.
    """
    application = find_application(account, values)
    if application is None and (
        "rule_name" in values or "user_name" in values or ("user_id" in values and not user_alone)
    ):
        raise RefusedError(
            REQUIRED, "A rule name or a user needs application_id or application_name"
        )
    rule = _find_rule(account, values, application)
    if application is None and rule is not None:
        application = account.applications[rule.application_id]
    return Target(application=application, rule=rule, user=_find_user(account, values, application))


def _find_rule(
    account: Account, values: Mapping[str, Any], application: Application | None
) -> Rule | None:
    if "rule_id" in values:
        rule = account.rules.get(values["rule_id"])
        if rule is None or (application is not None and rule.application_id != application.id):
            raise RefusedError(INVALID_RULE_ID)
        return rule
    if "rule_name" in values and application is not None:
        rule = account.rule_named(application.id, values["rule_name"])
        if rule is None:
            raise RefusedError(INVALID_RULE_NAME)
        return rule
    return None


def _find_user(
    account: Account, values: Mapping[str, Any], application: Application | None
) -> User | None:
    if "user_id" in values:
        user = account.users.get(values["user_id"])
        if user is None:
            raise RefusedError(INVALID_USER_ID)
        if application is not None and user.application_id != application.id:
            raise RefusedError(NOT_BOUND_TO_APPLICATION)
        return user
    if "user_name" in values and application is not None:
        name = values["user_name"]
        user = account.user_named(application.id, name)
        if user is None:
            known = account.user_name_exists(name)
            raise RefusedError(NOT_BOUND_TO_APPLICATION if known else INVALID_USER_ID)
        return user
    return None


def apply_target(account: Account, registration: Registration, target: Target) -> None:
    """Bind a registration; another application clears its old rule and user.

    A target without an application names nothing (a rule brings its own) and changes nothing.
    """
    if target.application is None:
        return
    stays = registration.application_id == target.application.id
    account.bind(
        registration,
        target.application.id,
        target.rule.id if target.rule else registration.rule_id if stays else None,
        target.user.id if target.user else registration.user_id if stays else None,
    )


def release(account: Account, registration: Registration | None, target: Target) -> None:
    """Unbind what is named, if it is bound.

    With a registration: the user and the rule that are named, if it is bound to them; all three
    parts if only its application, or nothing at all, is named. Without one, the named user is
    taken from whatever registration has it, the named rule with it.
    """
    user, rule, application = target.user, target.rule, target.application
    if registration is None:
        registration = account.holder(user.id) if user else None
        if registration is None:
            return
    if user is None and rule is None:
        if application is None or registration.application_id == application.id:
            account.bind(registration, None, None, None)
        return
    loses_user = user is not None and registration.user_id == user.id
    loses_rule = rule is not None and registration.rule_id == rule.id
    if loses_user or loses_rule:
        account.bind(
            registration,
            registration.application_id,
            None if loses_rule else registration.rule_id,
            None if loses_user else registration.user_id,
        )
