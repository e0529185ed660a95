import pytest

from voxsip.emulator import Fault, Faults

BIND = "BindSipRegistration"
LIST = "GetSipRegistrations"


def applied(faults, commands):
    return [bool(faults.pick(command)) for command in commands]


def test_a_fault_without_a_choice_strikes_always():
    assert applied(Faults([Fault(kind="refuse")]), [BIND, LIST, BIND]) == [True] * 3


def test_by_command():
    faults = Faults([Fault(kind="refuse", command=BIND)])
    assert applied(faults, [BIND, LIST, BIND]) == [True, False, True]
    faults = Faults([Fault(kind="refuse", command=[BIND, "GetUsers"])])
    assert applied(faults, [BIND, LIST, "GetUsers"]) == [True, False, True]


def test_times_count_matching_requests_from_one():
    faults = Faults([Fault(kind="refuse", command=BIND, times=[1, 3])])
    assert applied(faults, [BIND, LIST, BIND, LIST, BIND, BIND]) == [
        True,
        False,
        False,
        False,
        True,
        False,
    ]


def test_first():
    faults = Faults([Fault(kind="refuse", first=2)])
    assert applied(faults, [BIND, LIST, BIND]) == [True, True, False]


def test_share_is_about_that_share_and_the_same_every_time():
    def draw(seed):
        return applied(Faults([Fault(kind="refuse", share=0.2)], seed=seed), [BIND] * 2000)

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)
    assert 300 < sum(draw(1)) < 500


def test_share_depends_on_the_number_within_the_command_only():
    rules = [Fault(kind="refuse", share=0.5)]
    alone = applied(Faults(rules), [BIND] * 50)
    mixed = Faults(rules)
    among_others = []
    for _ in range(50):
        mixed.pick(LIST)
        among_others.append(bool(mixed.pick(BIND)))
    assert among_others == alone


def test_several_faults_draw_apart():
    faults = Faults([Fault(kind="delay", share=0.5), Fault(kind="empty", share=0.5)])
    kinds = {tuple(fault.kind for fault in faults.pick(BIND)) for _ in range(100)}
    assert kinds == {(), ("delay",), ("empty",), ("delay", "empty")}
    assert set(faults.applied) == {"delay", "empty"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "nonsense"}, "unknown kind"),
        ({"kind": "refuse", "status": 500}, "has no parameter 'status'"),
        ({"kind": "http", "when": "never"}, "when must be one of after, before"),
        ({"kind": "wrong_shape", "shape": "round"}, "shape must be one of"),
        ({"kind": "refuse", "share": 1.5}, "between 0 and 1"),
        ({"kind": "refuse", "share": 0.5, "first": 1}, "at most one"),
        ({"kind": "refuse", "share": float("nan")}, "share must be a finite number"),
        ({"kind": "refuse", "first": -1}, "first must be 0 or more"),
        ({"kind": "refuse", "times": [0, 1]}, "times must be numbers of requests, from 1"),
        ({"kind": "delay", "seconds": -1}, "seconds must be 0 or more"),
        ({"kind": "slow_body", "seconds": float("nan")}, "seconds must be a finite number"),
        ({"kind": "late_duplicate", "seconds": float("inf")}, "seconds must be a finite number"),
        ({"kind": "late_duplicate", "requests": 0}, "requests must be 1 or more"),
        ({"kind": "clock", "seconds": float("nan")}, "seconds must be a finite number"),
        ({"kind": "http", "body": "<html>"}, "body must be one of empty, html, json"),
        ({"kind": "http", "status": 99}, "status must be from 200 to 599"),
        ({"kind": "http", "retry_after": -1}, "retry_after must be 0 or more"),
        ({"kind": "page_cap", "rows": 0}, "rows must be 1 or more"),
    ],
)
def test_a_fault_that_makes_no_sense(options, message):
    with pytest.raises(ValueError, match=message):
        Fault(**options)


def test_values_at_the_end_of_their_range():
    Fault(kind="clock", seconds=-3600)
    Fault(kind="shift", rows=-1)
    assert applied(Faults([Fault(kind="delay", seconds=0, first=0)]), [BIND]) == [False]


def test_from_toml(tmp_path):
    path = tmp_path / "faults.toml"
    path.write_text(
        """
        seed = 7

        [[fault]]
        kind = "http"
        command = "BindSipRegistration"
        share = 0.1
        status = 429
        retry_after = 2

        [[fault]]
        kind = "error"
        times = [1, 2]
        code = 127
        details = { required_money = 1.5 }
        """
    )
    faults = Faults.from_toml(path)
    assert faults.seed == 7
    assert faults.rules == (
        Fault(kind="http", command=BIND, share=0.1, status=429, retry_after=2),
        Fault(kind="error", times=[1, 2], code=127, details={"required_money": 1.5}),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed = ", "faults.toml"),
        ("faults = []", "unknown key 'faults'"),
        ("fault = 3", "must be tables"),
        ("fault = [3]", "must be tables"),
        ("seed = 'x'", "seed must be a whole number"),
        ("[[fault]]\nshare = 0.5", "fault 1: .*kind"),
        ("[[fault]]\nkind = 'delay'\n[[fault]]\nkind = 'x'", "fault 2: unknown kind"),
        ("[[fault]]\nkind = 'delay'\nseconds = 'long'", "fault 1: seconds must be a number"),
        ("[[fault]]\nkind = 'refuse'\nfirst = 'all'", "fault 1: first must be a whole number"),
        ("[[fault]]\nkind = 'refuse'\ntimes = 3", "fault 1: times must be a list"),
        ("[[fault]]\nkind = 'refuse'\ncommand = 3", "fault 1: command must be"),
        ("[[fault]]\nkind = 'refuse'\ncommand = 'Bind'", "fault 1: unknown command 'Bind'"),
    ],
)
def test_a_file_that_makes_no_sense(tmp_path, text, message):
    path = tmp_path / "faults.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        Faults.from_toml(path)
