"""One life of a client: its own clocks, a session to the world, a journal driven by the world's time."""

import asyncio

import attrs


@attrs.define(eq=False)
class Process:
    """The clocks of one life; a `voxsip._clock.Clock`.

    Attributes:
        wall_error: Seconds its wall clock is ahead of true time.
        asleep: Seconds the machine has slept: its monotonic clock stood still meanwhile.
    """

    world: object
    life: int
    wall_error: float = 0.0
    asleep: float = 0.0

    def wall(self):
        return self.world.now + self.wall_error

    def monotonic(self):
        return self.world.now - self.asleep - 1_749_000_000.0

    async def sleep(self, seconds):
        await asyncio.sleep(seconds)

    def suspend(self, seconds):
        """Let the machine sleep while the world continues."""
        self.world.tell(f"life {self.life}: the machine sleeps for {seconds:.1f} s")
        self.asleep += seconds
        self.world.run_until(self.world.now + seconds)
