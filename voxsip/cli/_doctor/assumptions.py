"""What the documents leave open and voxsip assumes, each with a probe if reading can tell.

A probe only reads. It answers UNDECIDED if the account gives no occasion, never a guess.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from attrs import define, frozen

from voxsip import APIError, AsyncClient, VoxsipError
from voxsip._printable import counted
from voxsip.cli._doctor.findings import Finding, State, Verdict, verdict
from voxsip.cli._doctor.network import Reached

_MOST = 1000  # items of a page
_ENOUGH = 5000  # registrations read for a probe; more show nothing new


@define
class Scene:
    """What the probes look at.

    Args:
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
        """Return the pages of registrations; an empty one is last if all were read."""
        if self._pages is None:
            pages: list[list[dict[str, Any]]] = []
            offset = 0
            while offset < _ENOUGH and (not pages or pages[-1]):
                page = (await self.ask("GetSipRegistrations", count=_MOST, offset=offset))["result"]
                pages.append(page)
                offset += len(page)
            self._pages = pages
        return self._pages


@frozen
class Assumption:
    """One thing that voxsip takes for granted.

    Attributes:
        name: Its name, the same in every version.
        probe: Looks at the account; None if reading cannot tell.
    """

    name: str
    text: str
    probe: Callable[[Scene], Awaitable[Verdict]] | None = None


async def _date(scene: Scene) -> Verdict:
    return verdict("Date" in scene.reached.headers, "header Date of a reply")


async def _failures(scene: Scene) -> Verdict:
    body = scene.reached.body
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return State.UNDECIDED, "no failure was seen"
    return verdict(
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
    return verdict(len(reply["result"]) == 1, f"count=1 gave {len(reply['result'])}")


async def _unknown_parameter(scene: Scene) -> Verdict:
    try:
        await scene.ask("GetApplications", count=1, voxsip_doctor="1")
    except APIError as error:
        return verdict(False, f"refused with {error.code}")
    return verdict(True, "answered as without it")


async def _ascending(scene: Scene) -> Verdict:
    ids = [row["sip_registration_id"] for row in await scene.live()]
    if len(ids) < 2:
        return State.UNDECIDED, counted(len(ids), "registration")
    return verdict(ids == sorted(set(ids)), f"{counted(len(ids), 'registration')}, read in pages")


async def _empty_page(scene: Scene) -> Verdict:
    live = await scene.live()
    if len(live) >= _ENOUGH:
        return State.UNDECIDED, f"more than {_ENOUGH} registrations, not read to the end"
    page = (await scene.ask("GetSipRegistrations", count=_MOST, offset=len(live)))["result"]
    return verdict(page == [], f"{len(page)} beyond the end")


async def _page_cap(scene: Scene) -> Verdict:
    pages = await scene.pages()
    longest = max(map(len, pages))
    if longest < _MOST and len(pages) <= 2:
        return State.UNDECIDED, "fewer registrations than a page holds"
    return verdict(longest <= _MOST, f"the longest page had {longest}")


async def _by_part(scene: Scene) -> Verdict:
    found = (await scene.ask("GetApplications", count=1))["result"]
    name = found[0]["application_name"].partition(".")[0] if found else ""
    if len(name) < 2:
        return State.UNDECIDED, "no application with a name to cut"
    # In pages, for others may hold that part as well.
    offset = 0
    while True:
        arguments = {"application_name": name[1:], "count": _MOST, "offset": offset}
        reply = (await scene.ask("GetApplications", **arguments))["result"]
        if any(row["application_id"] == found[0]["application_id"] for row in reply):
            return verdict(True, "a name was found by its part")
        if not reply or offset > _ENOUGH:
            return verdict(False, "a name was not found by its part")
        offset += len(reply)


async def _joined_lists(scene: Scene) -> Verdict:
    live = await scene.live()
    bound = Counter(row["application_id"] for row in live if row.get("application_id"))
    if len(live) >= _ENOUGH or len(bound) < 2:
        return State.UNDECIDED, "fewer than two applications with registrations"
    first, second = sorted(bound, key=lambda one: bound[one])[:2]
    wanted = bound[first] + bound[second]
    if wanted > _MOST:
        return State.UNDECIDED, "too many registrations for one page"
    reply = await scene.ask("GetSipRegistrations", application_id=[first, second], count=_MOST)
    found = len(reply["result"])
    return verdict(found == wanted, f"{found} of {wanted} for two ids at once")


async def _one_per_user(scene: Scene) -> Verdict:
    users = [row["user_id"] for row in await scene.live() if row.get("user_id")]
    if not users:
        return State.UNDECIDED, "no registration is bound to a user"
    return verdict(len(users) == len(set(users)), f"{len(users)} bound to users")


async def _status(scene: Scene) -> Verdict:
    codes = [row.get("status_code") for row in await scene.live() if row.get("successful") is True]
    if not codes:
        return State.UNDECIDED, "no registration is working"
    return verdict(set(codes) == {200}, f"{len(codes)} working ones")


async def _names_kept(scene: Scene) -> Verdict:
    """Look for names that are not in normal form: the service keeps what it is given."""
    names = [str(row.get("proxy") or "") for row in await scene.live()]
    odd = [name for name in names if name != name.strip().lower().rstrip(".")]
    if not odd:
        return State.UNDECIDED, "no proxy in capitals, with blanks or a final dot"
    return verdict(True, f"{len(odd)} proxies are kept as they were written")


async def _purchase_date(scene: Scene) -> Verdict:
    dates = [row.get("purchase_date") for row in await scene.live()]
    if not dates:
        return State.UNDECIDED, "no registrations"
    return verdict(all(dates), f"{sum(map(bool, dates))} of {len(dates)} tell it")


async def _price_told(scene: Scene) -> Verdict:
    reply = await scene.ask("GetSubscriptionPrice", subscription_template_type="SIP_REGISTRATION")
    count = len(reply["result"])
    return verdict(count > 0, counted(count, "price template"))


async def _live_balance(scene: Scene) -> Verdict:
    account = (await scene.ask("GetAccountInfo", return_live_balance=True))["result"]
    return verdict("balance" in account or "live_balance" in account, "balance of the account")


ASSUMPTIONS = (
    Assumption("date-header", "Replies carry a Date header.", _date),
    Assumption(
        "error-form",
        "A failure is a reply with error.code and error.msg, whatever the HTTP status.",
        _failures,
    ),
    Assumption("query", "Parameters are taken from the query string.", _query),
    Assumption("form", "Parameters are taken from an urlencoded form.", _form),
    Assumption(
        "unknown-parameters",
        "Parameters that a command does not know are ignored.",
        _unknown_parameter,
    ),
    Assumption("lists", "The items of a list are joined by ';'.", _joined_lists),
    Assumption(
        "page-order",
        "GetSipRegistrations lists by ascending id, each registration once.",
        _ascending,
    ),
    Assumption("page-cap", "A page holds at most 1000 items.", _page_cap),
    Assumption("page-end", "A page beyond the end is empty.", _empty_page),
    Assumption("name-filters", "Filters by name match a part of the name.", _by_part),
    Assumption("one-per-user", "A user has at most one registration.", _one_per_user),
    Assumption("status-200", "A working registration has the status code 200.", _status),
    Assumption("purchase-date", "Every registration tells when it was bought.", _purchase_date),
    Assumption(
        "names-kept", "A registration's name and proxy are kept as they were written.", _names_kept
    ),
    Assumption("price", "GetSubscriptionPrice tells what a registration costs.", _price_told),
    Assumption("balance", "GetAccountInfo tells the balance of the account.", _live_balance),
    Assumption("result-1", "A change without anything else to tell answers result 1."),
    Assumption("duplicate-name", "A second rule of one name is refused with 175."),
    Assumption("delete-again", "Deleting what is gone is refused, with 147 for a rule."),
    Assumption(
        "visible-at-once",
        "What a command made is listed within 3 seconds after its last request left.",
    ),
    Assumption(
        "throttled-not-executed",
        "Requests refused with 162, 340, 416, 484 or HTTP 429 are not executed.",
    ),
    Assumption(
        "token-refused-not-executed",
        "Requests refused with 100, 447, 454, 455 or 456 are not executed.",
    ),
    Assumption("user-moves", "Binding a user to a second registration takes it from the first."),
)


async def check_assumptions(scene: Scene, tried: dict[str, Verdict]) -> list[Finding]:
    """Check every assumption; `tried` has the verdicts that a sandbox gave, by name."""
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
                state, seen = State.UNDECIDED, str(error)
            except (KeyError, TypeError, AttributeError) as odd:
                state, seen = State.UNDECIDED, f"a reply of another form ({type(odd).__name__})"
        findings.append(
            Finding(
                one.name,
                state,
                f"{one.text} ({seen})",
                remedy="attach `voxsip doctor --assumptions --json` to a bug report"
                if state is State.CONTRADICTED
                else None,
            )
        )
    return findings
