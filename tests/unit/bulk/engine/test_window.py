import pytest
from hypothesis import given, strategies as st

from voxsip.bulk._engine.window import Window

ROWS = st.lists(st.lists(st.integers(0, 5), max_size=3, unique=True).map(tuple), max_size=60)


def drain(window):
    taken = []
    while (entry := window.take()) is not None:
        taken.append(entry)
    return taken


def test_rows_without_keys_in_common_are_ready_at_once():
    window = Window(10)
    window.admit("a", (1, 2))
    window.admit("b", (3,))
    window.admit("c", ())
    assert [entry.item for entry in drain(window)] == ["a", "b", "c"]


def test_a_row_waits_for_all_its_keys():
    window = Window(10)
    window.admit("a", (1,))
    window.admit("b", (2,))
    window.admit("c", (1, 2))
    window.admit("d", (2,))
    a, b = drain(window)
    window.complete(b)
    assert not drain(window)
    window.complete(a)
    (c,) = drain(window)
    assert c.item == "c"
    window.complete(c)
    assert [entry.item for entry in drain(window)] == ["d"]


def test_it_is_bounded():
    window = Window(2)
    window.admit("a", (1,))
    window.admit("b", (1,))
    assert window.full
    with pytest.raises(RuntimeError, match="full"):
        window.admit("c", ())


def test_a_row_that_overlaps_nothing_fills_the_window():
    window = Window(5)
    window.admit("a", ())
    with pytest.raises(RuntimeError, match="not empty"):
        window.admit_alone("b")
    window.complete(window.take())
    window.admit_alone("b")
    assert window.full
    window.complete(window.take())
    assert not window.full
    assert len(window) == 0


def test_drop_gives_up_all_but_what_waits_for_a_running_row():
    window = Window(10)
    window.admit("a", (1,))
    window.admit("b", (1,))
    window.admit("c", (2,))
    window.admit("d", (2,))
    running = window.take()
    assert list(window.drop()) == ["c", "d"]
    assert len(window) == 2
    window.complete(running)
    assert list(window.drop()) == ["b"]
    assert len(window) == 0


@given(rows=ROWS, limit=st.integers(1, 8), data=st.data())
def test_invariants(rows, limit, data):
    """No two rows in flight share a key; each key sees input order; every row gets its turn; no key is kept."""
    window = Window(limit)
    waiting = list(enumerate(rows))
    in_flight = []
    seen = {}
    done = []
    while waiting or len(window):
        may = ["admit"] * bool(waiting and not window.full)
        may += ["take"] * bool(window.ready)
        may += ["complete"] * bool(in_flight)
        assert may, "stuck"
        step = data.draw(st.sampled_from(may))
        if step == "admit":
            index, keys = waiting.pop(0)
            window.admit((index, keys), keys)
        elif step == "take":
            entry = window.take()
            index, keys = entry.item
            for other in in_flight:
                assert not set(keys) & set(other.keys)
            for key in keys:
                assert seen.get(key, -1) < index
                seen[key] = index
            in_flight.append(entry)
        else:
            entry = in_flight.pop(data.draw(st.integers(0, len(in_flight) - 1)))
            before = window.ready
            window.complete(entry)
            assert window.ready >= before
            done.append(entry.item[0])
        assert len(window) <= limit
        blocked_rows = len(window) - window.ready - len(in_flight)
        assert blocked_rows == 0 or in_flight or window.ready
    assert sorted(done) == list(range(len(rows)))
    assert not window._lines
