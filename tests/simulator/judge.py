"""What must hold after every seed, judged by the service's own state."""

from collections import Counter

import voxsip
from tests.simulator.run import REGISTRATIONS, told_id
from tests.simulator.scenario import stored
from tests.simulator.service import Backend
from tests.simulator.world import World


def judge(result, before):
    """Return what is wrong, in words."""
    kind = result.scenario.profile.kind
    if kind == "create":
        return [*_purchases(result, before), *_told(result, before)]
    return _state(result)


def _purchases(result, before):
    """Nothing is bought that was not asked for; what is said to be done was bought, what failed was not."""
    spelled = stored if result.scenario.profile.spelling else lambda name, proxy: (name, proxy)
    wanted = Counter(spelled(row["sip_username"], row["proxy"]) for row in result.scenario.rows)
    bought = Counter(
        (item.sip_username, item.proxy)
        for number, item in result.network.backend.registrations.items()
        if number not in before
    )
    for name, count in bought.items():
        if count > wanted[name]:
            yield f"{name[0]} at {name[1]}: wanted {wanted[name]}, bought {count}"
    if result.outcomes is None:
        return
    done, open_ = Counter(), Counter()
    for outcome in result.outcomes.values():
        name = spelled(outcome.row.sip_username, outcome.row.proxy)
        done[name] += outcome.status == "done"
        open_[name] += outcome.status == "unknown"
    for name, count in wanted.items():
        if done[name] > bought[name]:
            yield f"{name[0]}: {done[name]} rows are done, {bought[name]} bought"
        if bought[name] > done[name] + open_[name]:
            yield f"{name[0]}: {bought[name]} bought, {done[name]} told done, {open_[name]} unknown"
        if open_[name] and not _ambiguous(result, name):
            yield f"{name[0]}: unknown, although every request was answered"
        if count != sum(
            spelled(one.row.sip_username, one.row.proxy) == name for one in result.outcomes.values()
        ):
            yield f"{name[0]}: not one outcome for every row"


def _ambiguous(result, name):
    """Whether anything happened that leaves a row of this name in doubt."""
    if {
        "main",
        "older",
    } & result.scenario.profile.copies.keys() or result.scenario.profile.spelling:
        return True
    return any(one.lower() == name[0].lower() for one in result.network.ambiguous)


def _told(result, before):
    """Ids that outcomes tell exist, are of the row's name, are told once and were not there before."""
    seen = set()
    registrations = result.network.backend.registrations
    spelled = stored if result.scenario.profile.spelling else lambda name, proxy: (name, proxy)
    for outcome in (result.outcomes or {}).values():
        if outcome.status != "done":
            continue
        made = told_id(outcome)
        item = registrations.get(made)
        if item is None:
            yield f"row {outcome.index}: told id {made}, which does not exist"
        elif (item.sip_username, item.proxy) != spelled(
            outcome.row.sip_username, outcome.row.proxy
        ):
            yield f"row {outcome.index}: told id {made}, which is {item.sip_username}"
        if made in before:
            yield f"row {outcome.index}: told id {made}, which somebody else had bought before"
        if made in seen:
            yield f"row {outcome.index}: told id {made}, as another row was"
        seen.add(made)


def _state(result):
    """The state is that of the rows run one after another."""
    kind, rows = result.scenario.profile.kind, result.scenario.rows
    outcomes = result.outcomes or {}
    if len(outcomes) != len(rows):
        yield f"{len(outcomes)} outcomes of {len(rows)} rows"
        return
    for outcome in outcomes.values():
        if outcome.status == "failed" and not isinstance(outcome.error, voxsip.RateLimitError):
            yield f"row {outcome.index} failed: {outcome.error}"
        if outcome.status == "unknown" and not result.network.ambiguous:
            yield f"row {outcome.index} is unknown, although every request was answered"
    if any(outcome.status != "done" for outcome in outcomes.values()):
        return  # in doubt, or throttled until patience ended: another state is right as well
    command = {"bind": "BindSipRegistration", "delete": "DeleteSipRegistration"}
    model = Backend(World("model"), registrations=REGISTRATIONS[kind])
    for row in rows:
        model.execute(command[kind], {name: str(value) for name, value in row.items()})
    if model.snapshot() != result.network.backend.snapshot():
        yield "the state is not that of the rows run one after another"
