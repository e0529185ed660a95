"""What the documents leave open and voxsip assumes, each with a probe if reading can tell.

A probe only reads. It answers UNDECIDED if the account gives no occasion, never a guess.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal

from attrs import define, frozen

from voxsip import APIError, AsyncClient, VoxsipError
from voxsip._printable import counted
from voxsip.cli._doctor.findings import Finding, State, finding_of
from voxsip.cli._doctor.network import Reached

__all__ = ["ASSUMPTIONS", "Assumption", "Scene", "Verdict", "check_assumptions"]

_MOST = 1000  # items of a page
_ENOUGH = 5000  # registrations read for a probe; more show nothing new

Verdict = tuple[State, str]


@define
class Scene:
    """What the probes look at.

    Args:
        client: Whom they ask.
        reached: The reply to a request without a token.
        connect: Makes another client of the same account that sends its arguments in the given encoding.
    """

    client: AsyncClient
    reached: Reached
    connect: Callable[[Literal["query", "form"]], AsyncClient]
    _pages: list[list[dict[str, Any]]] | None = None

    async def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Send a command that reads, and return the reply."""
        reply = await self.client.call(command, arguments, unlisted=True)
        return dict(reply)

    async def live(self) -> list[dict[str, Any]]:
        """Return the registrations, read once in pages of 1000."""
        return [row for page in await self.pages() for row in page]

    async def pages(self) -> list[list[dict[str, Any]]]:
        """Return the pages of registrations, the last of them empty if the list was read to its end."""
        if self._pages is None:
            pages: list[list[dict[str, Any]]] = []
            offset = 0
            while offset < _ENOUGH and (not pages or pages[-1]):
                page = (await self.ask("GetSipRegistrations", count=_MOST, offset=offset))["result"]
                pages.append(page)
                offset += len(page)
            self._pages = pages
        return self._pages


@frozen(kw_only=True)
class Assumption:
    """One thing that voxsip takes for granted.

    Attributes:
        name: Its name, the same in every version.
        text: The assumption.
        probe: Looks at the account; None if reading cannot tell.
    """

    name: str
    text: str
    probe: Callable[[Scene], Awaitable[Verdict]] | None = None


def _verdict(held: bool | None, seen: str) -> Verdict:
    if held is None:
        return State.UNDECIDED, seen
    return (State.CONFIRMED if held else State.CONTRADICTED), seen


async def _date(scene: Scene) -> Verdict:
    return _verdict("Date" in scene.reached.headers, "header Date of a reply")


async def _failures(scene: Scene) -> Verdict:
    body = scene.reached.body
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return State.UNDECIDED, "no failure was seen"
    return _verdict(
        isinstance(error.get("code"), int) and isinstance(error.get("msg"), str),
        f"HTTP {scene.reached.status} with members {', '.join(sorted(error))}",
    )


async def _query(scene: Scene) -> Verdict:
    return await _same_reply(scene, "query")


async def _form(scene: Scene) -> Verdict:
    return await _same_reply(scene, "form")


async def _same_reply(scene: Scene, encoding: Literal["query", "form"]) -> Verdict:
    everything = (await scene.ask("GetApplications", count=2))["result"]
    if len(everything) < 2:
        return State.UNDECIDED, "fewer than two applications"
    async with scene.connect(encoding) as client:
        reply = await client.call("GetApplications", {"count": 1})
    return _verdict(len(reply["result"]) == 1, f"count=1 gave {len(reply['result'])}")


async def _unknown_parameter(scene: Scene) -> Verdict:
    try:
        await scene.ask("GetApplications", count=1, voxsip_doctor="1")
    except APIError as error:
        return _verdict(False, f"refused with {error.code}")
    return _verdict(True, "answered as without it")


async def _ascending(scene: Scene) -> Verdict:
    ids = [row["sip_registration_id"] for row in await scene.live()]
    if len(ids) < 2:
        return State.UNDECIDED, counted(len(ids), "registration")
    return _verdict(ids == sorted(set(ids)), f"{counted(len(ids), 'registration')}, read in pages")


async def _empty_page(scene: Scene) -> Verdict:
    live = await scene.live()
    if len(live) >= _ENOUGH:
        return State.UNDECIDED, f"more than {_ENOUGH} registrations, not read to the end"
    page = (await scene.ask("GetSipRegistrations", count=_MOST, offset=len(live)))["result"]
    return _verdict(page == [], f"{len(page)} beyond the end")


async def _page_cap(scene: Scene) -> Verdict:
    pages = await scene.pages()
    longest = max(map(len, pages))
    if longest < _MOST and len(pages) <= 2:
        return State.UNDECIDED, "fewer registrations than a page holds"
    return _verdict(longest <= _MOST, f"the longest page had {longest}")


async def _by_part(scene: Scene) -> Verdict:
    found = (await scene.ask("GetApplications", count=1))["result"]
    name = found[0]["application_name"].partition(".")[0] if found else ""
    if len(name) < 2:
        return State.UNDECIDED, "no application with a name to cut"
    # In pages, for others may hold that part as well.
    offset = 0
    while True:
        reply = (
            await scene.ask(
                "GetApplications", application_name=name[1:], count=_MOST, offset=offset
            )
        )["result"]
        if any(row["application_id"] == found[0]["application_id"] for row in reply):
            return _verdict(True, "a name was found by its part")
        if not reply or offset > _ENOUGH:
            return _verdict(False, "a name was not found by its part")
        offset += len(reply)


async def _joined_lists(scene: Scene) -> Verdict:
    bound: dict[int, int] = {}
    for row in await scene.live():
        if row.get("application_id"):
            bound[row["application_id"]] = bound.get(row["application_id"], 0) + 1
    if len(await scene.live()) >= _ENOUGH or len(bound) < 2:
        return State.UNDECIDED, "fewer than two applications with registrations"
    first, second = sorted(bound, key=lambda one: bound[one])[:2]
    wanted = bound[first] + bound[second]
    if wanted > _MOST:
        return State.UNDECIDED, "too many registrations for one page"
    found = (await scene.ask("GetSipRegistrations", application_id=[first, second], count=_MOST))[
        "result"
    ]
    return _verdict(len(found) == wanted, f"{len(found)} of {wanted} for two ids at once")


async def _one_per_user(scene: Scene) -> Verdict:
    users = [row["user_id"] for row in await scene.live() if row.get("user_id")]
    if not users:
        return State.UNDECIDED, "no registration is bound to a user"
    return _verdict(len(users) == len(set(users)), f"{len(users)} bound to users")


async def _status(scene: Scene) -> Verdict:
    codes = [row.get("status_code") for row in await scene.live() if row.get("successful") is True]
    if not codes:
        return State.UNDECIDED, "no registration is working"
    return _verdict(set(codes) == {200}, f"{len(codes)} working ones")


async def _names_kept(scene: Scene) -> Verdict:
    """Compare names with their own normal form: if some differ, the service keeps what it was given."""
    names = [str(row.get("proxy") or "") for row in await scene.live()]
    odd = [name for name in names if name != name.strip().lower().rstrip(".")]
    if not odd:
        return State.UNDECIDED, "no proxy in capitals, with blanks or a final dot"
    return _verdict(True, f"{len(odd)} proxies are kept as they were written")


async def _purchase_date(scene: Scene) -> Verdict:
    dates = [row.get("purchase_date") for row in await scene.live()]
    if not dates:
        return State.UNDECIDED, "no registrations"
    return _verdict(all(dates), f"{sum(map(bool, dates))} of {len(dates)} tell it")


async def _price_told(scene: Scene) -> Verdict:
    reply = await scene.ask("GetSubscriptionPrice", subscription_template_type="SIP_REGISTRATION")
    count = len(reply["result"])
    return _verdict(count > 0, f"{count} price templates")


async def _live_balance(scene: Scene) -> Verdict:
    account = (await scene.ask("GetAccountInfo", return_live_balance=True))["result"]
    return _verdict("balance" in account or "live_balance" in account, "balance of the account")


ASSUMPTIONS = (
    Assumption(name="date-header", text="Replies carry a Date header.", probe=_date),
    Assumption(
        name="error-form",
        text="A failure is a reply with error.code and error.msg, whatever the HTTP status.",
        probe=_failures,
    ),
    Assumption(name="query", text="Parameters are taken from the query string.", probe=_query),
    Assumption(name="form", text="Parameters are taken from an urlencoded form.", probe=_form),
    Assumption(
        name="unknown-parameters",
        text="Parameters that a command does not know are ignored.",
        probe=_unknown_parameter,
    ),
    Assumption(name="lists", text="The items of a list are joined by ';'.", probe=_joined_lists),
    Assumption(
        name="page-order",
        text="GetSipRegistrations lists by ascending id, each registration once.",
        probe=_ascending,
    ),
    Assumption(name="page-cap", text="A page holds at most 1000 items.", probe=_page_cap),
    Assumption(name="page-end", text="A page beyond the end is empty.", probe=_empty_page),
    Assumption(
        name="name-filters", text="Filters by name match a part of the name.", probe=_by_part
    ),
    Assumption(
        name="one-per-user",
        text="A user has at most one registration.",
        probe=_one_per_user,
    ),
    Assumption(
        name="status-200",
        text="A working registration has the status code 200.",
        probe=_status,
    ),
    Assumption(
        name="purchase-date",
        text="Every registration tells when it was bought.",
        probe=_purchase_date,
    ),
    Assumption(
        name="names-kept",
        text="A registration's name and proxy are kept as they were written.",
        probe=_names_kept,
    ),
    Assumption(
        name="price",
        text="GetSubscriptionPrice tells what a registration costs.",
        probe=_price_told,
    ),
    Assumption(
        name="balance", text="GetAccountInfo tells the balance of the account.", probe=_live_balance
    ),
    Assumption(name="result-1", text="A change without anything else to tell answers result 1."),
    Assumption(name="duplicate-name", text="A second rule of one name is refused with 175."),
    Assumption(name="delete-again", text="Deleting what is gone is refused, with 147 for a rule."),
    Assumption(
        name="visible-at-once",
        text="What a command made is listed within 3 seconds after its last request left.",
    ),
    Assumption(
        name="throttled-not-executed",
        text="Requests refused with 162, 340, 416, 484 or HTTP 429 are not executed.",
    ),
    Assumption(
        name="token-refused-not-executed",
        text="Requests refused with 100, 447, 454, 455 or 456 are not executed.",
    ),
    Assumption(
        name="user-moves",
        text="Binding a user to a second registration takes it from the first.",
    ),
)


async def check_assumptions(scene: Scene, tried: dict[str, Verdict]) -> list[Finding]:
    """Check every assumption with the account.

    Args:
        scene: The scene to look at.
        tried: Verdicts that writing in a sandbox gave, by name.
    """
    findings = []
    for one in ASSUMPTIONS:
        if one.name in tried:
            state, seen = tried[one.name]
        elif one.probe is None:
            state, seen = State.UNCHECKED, "reading cannot tell"
        else:
            try:
                state, seen = await one.probe(scene)
            except VoxsipError as error:
                failed = finding_of(one.name, error)
                state, seen = State.UNDECIDED, failed.text
            except (KeyError, TypeError, AttributeError) as odd:
                state, seen = State.UNDECIDED, f"a reply of another form ({type(odd).__name__})"
        findings.append(
            Finding(
                name=one.name,
                state=state,
                text=f"{one.text} ({seen})",
                remedy="attach `voxsip doctor --assumptions --json` to a bug report"
                if state is State.CONTRADICTED
                else None,
            )
        )
    return findings
