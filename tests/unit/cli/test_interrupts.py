"""How signals are counted."""

from voxsip.cli._jobs.interrupts import Interrupts


class Task:
    cancelled = 0

    def cancel(self):
        self.cancelled += 1


def test_signals_within_a_second_are_one():
    now, stops, task = [0.0], [], Task()
    interrupts = Interrupts(task, first=lambda: stops.append(now[0]), clock=lambda: now[0])
    for now[0] in (5.0, 5.0, 5.5, 5.99):
        interrupts()
    assert (stops, task.cancelled) == ([5.0], 0)
    now[0] = 6.1
    interrupts()
    assert (stops, task.cancelled) == ([5.0], 1)


def test_a_signal_after_the_end_is_nothing():
    task = Task()
    interrupts = Interrupts(task, over=True)
    interrupts()
    assert task.cancelled == 0
