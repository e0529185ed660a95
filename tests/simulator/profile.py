"""What kinds of trouble a seed may meet: one profile for each kind, and a mixed one."""

import attrs

CALM = {"fine": 1.0}
LOSSES = {
    "fine": 0.72,
    "lost_before": 0.07,
    "lost_after": 0.09,
    "busy": 0.03,
    "refused_for_now": 0.02,
    "unavailable": 0.02,
    "fault_before": 0.02,
    "fault_after": 0.03,
}
LATE = {**LOSSES, "late": 0.08, "gateway": 0.08}
ENDINGS = {"killed": 0.7, "cancelled": 0.15, "stopped": 0.15}
READS = {"fine": 0.94, "lost_before": 0.03, "unavailable": 0.03}


@attrs.frozen(kw_only=True)
class Profile:
    """How often which trouble is met.

    Attributes:
        kind: What the rows are for.
        fates: Weights of what becomes of a request that changes something.
        read_fates: The same for one that reads.
        kills: Lives that are killed, at most.
        twins: Share of rows that ask for the same name as another.
        foreign: Share of names that somebody else has bought before the job.
        wall_jump: Seconds by which the client's wall clock may be wrong in each life, either way.
        sleeps: Share of lives in which the machine sleeps.
        endings: Weights of how a life ends: killed, cancelled, or stopped in order.
        mistakes: Share of resumed lives that are given a wrong input first, and are refused.
        gateway_date: Seconds the gateway's `Date` is ahead of the service's clock; None sends none.
        spelling: Whether the service stores names in its own spelling.
        copies: Weights of what a resumed life finds: the whole journal, its main file only, an older copy.
    """

    name: str
    kind: str = "create"
    fates: dict = attrs.field(factory=lambda: dict(CALM))
    read_fates: dict = attrs.field(factory=lambda: dict(READS))
    kills: int = 3
    twins: float = 0.0
    foreign: float = 0.0
    wall_jump: float = 0.0
    sleeps: float = 0.0
    endings: dict = attrs.field(factory=lambda: dict(ENDINGS))
    mistakes: float = 0.1
    gateway_date: float | None = 0.0
    spelling: bool = False
    copies: dict = attrs.field(factory=lambda: {"whole": 1.0})


PROFILES = {
    one.name: one
    for one in (
        Profile(name="losses", fates=LOSSES, foreign=0.2),
        Profile(name="clocks", fates=LOSSES, foreign=0.3, wall_jump=30.0, sleeps=0.5),
        Profile(name="gateway", fates=LATE, foreign=0.2, gateway_date=3.0, kills=1),
        Profile(name="no_date", fates=LATE, foreign=0.3, gateway_date=None, wall_jump=20.0),
        Profile(name="twins", fates=LOSSES, twins=0.5),
        Profile(name="spelling", fates=LOSSES, spelling=True, twins=0.1, foreign=0.1),
        Profile(name="copies", fates=LOSSES, copies={"whole": 0.3, "main": 0.35, "older": 0.35}),
        Profile(name="wrong", fates={**LOSSES, "wrong": 0.06}, twins=0.2),
        Profile(
            name="mixed",
            fates={**LATE, "wrong": 0.02},
            twins=0.2,
            foreign=0.2,
            wall_jump=15.0,
            sleeps=0.3,
            gateway_date=1.0,
        ),
        Profile(name="bind", kind="bind", fates=LOSSES),
        Profile(name="delete", kind="delete", fates=LATE),
    )
}
