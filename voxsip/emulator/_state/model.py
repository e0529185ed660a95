"""What an account holds: plain records, without behaviour."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from attrs import define, field


@define(kw_only=True)
class Application:
    """An application; `modified` is a UTC timestamp as the wire has it."""

    id: int
    name: str
    modified: str
    secure_record_storage: bool = False


@define(kw_only=True)
class Rule:
    """A rule of one application, with its place among that application's rules.

    `scenario_ids` are its scenarios, in the order in which they run.
    """

    id: int
    application_id: int
    name: str
    pattern: str
    modified: str
    position: int
    pattern_exclude: str | None = None
    video_conference: bool = False
    scenario_ids: list[int] = field(factory=list)


@define(kw_only=True)
class Scenario:
    """A script that rules run."""

    id: int
    name: str
    script: str
    modified: str


@define(kw_only=True)
class User:
    """A user of one application. Its password is checked for presence and not kept."""

    id: int
    application_id: int | None
    name: str
    display_name: str
    created: str
    modified: str
    active: bool = True
    parent_accounting: bool = False
    custom_data: str | None = None


@define(kw_only=True)
class Registration:
    """A SIP registration and its binding. Its password is not kept.

    `ready_at` is the moment, in the server's seconds, from which it has a `status_code`; 200 means that it is successful.
    """

    id: int
    sip_username: str
    proxy: str
    price: Decimal
    purchase_date: str
    next_renewal: date
    last_updated: int
    ready_at: float
    auth_user: str | None = None
    outbound_proxy: str | None = None
    is_persistent: bool = True
    status_code: int = 200
    error_message: str | None = None
    deactivated: bool = False
    application_id: int | None = None
    rule_id: int | None = None
    user_id: int | None = None
