"""What emulators were asked, and a retry policy for their clients that waits for no second."""

from voxsip import RetryPolicy

QUICK = RetryPolicy(backoff=0.01, lookup_delay=0.05)
CHANGING = ("Create", "Update", "Bind", "Delete")


def received(emulator, command="BindSipRegistration"):
    """How many requests of a command arrived."""
    return emulator.state.counters[command]["received"]


def commands_received(emulator):
    """The commands of which requests arrived, and how many of each."""
    counters = emulator.state.counters
    return {name: one["received"] for name, one in counters.items() if one["received"]}


def changes_received(emulator):
    """How many requests arrived that change registrations."""
    arrived = commands_received(emulator)
    return sum(count for name, count in arrived.items() if name.startswith(CHANGING))
