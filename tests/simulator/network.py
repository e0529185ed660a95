"""The network between a life and the service: a session whose requests meet the fates that the seed decides."""

import asyncio
from collections import Counter
from email.utils import formatdate
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import orjson

from voxsip import RetryPolicy

CREATE = "CreateSipRegistration"
LATEST = 2.0
"""Seconds after it left by which a request is executed, if it ever is."""
AMBIGUOUS = frozenset(
    {"lost_before", "lost_after", "late", "gateway", "fault_before", "fault_after", "wrong"}
)
"""Fates that leave a client without an answer it may believe."""
ATTEMPTS = RetryPolicy().attempts
"""Requests of one call at most. "unavailable" proves as little, but a call that may ask again finds out."""
LATE_ALREADY = frozenset({"late", "gateway"})


class Network:
    """What all lives of one seed share: the service, the fates and what is known of every request.

    Args:
        world: Tells the time and decides by chance.
        backend: Executes.
        profile: How often which fate is met.
        quiet: Requests (life, command, name, number) that meet no fate: the shrinker's.
    """

    def __init__(self, world, backend, profile, quiet=frozenset()):
        self.world = world
        self.backend = backend
        self.profile = profile
        self.quiet = quiet
        self.fates = {}
        self.ambiguous = set()
        self.faultless = False
        self._counts = Counter()
        self._met = {}

    def fate(self, life, command, name):
        """Decide what becomes of a request; keyed so that one fate can be taken out and the others stay."""
        key = (life, command, name)
        self._counts[key] += 1
        key = (*key, self._counts[key])
        random = self.world.random("fate", *key)
        weights = self.profile.fates if is_change(command) else self.profile.read_fates
        names = list(weights)
        fate = random.choices(names, [weights[one] for one in names])[0]
        if self.faultless or key in self.quiet:
            fate = "fine"
        if fate != "fine":
            self.fates[key] = fate
        if is_change(command):
            met = self._met.setdefault((life, name), [])
            met.append(fate)
            ran_out = len(met) == ATTEMPTS and "unavailable" in met
            if fate in AMBIGUOUS or ran_out:
                self.ambiguous.add(name)
        return fate, random

    def date(self):
        """Return the gateway's `Date`, or None where it sends none."""
        if self.profile.gateway_date is None:
            return None
        return formatdate(self.backend.clock.now() + self.profile.gateway_date, usegmt=True)


def is_change(command):
    """Whether a command changes something."""
    return not command.startswith("Get")


class Session:
    """What `AsyncClient(session=...)` needs of an aiohttp session, for one life."""

    connector = None

    def __init__(self, network, life):
        self._network = network
        self._life = life
        self.closed = False
        self.in_flight = {}
        self.held_up = {}
        self.last_reply = None  # a connection, and what it holds, ends with its process

    async def request(self, method, url, *, headers=None, data=None, **_):
        """Send one request; its reply, or its loss, comes at the world's time."""
        if self.closed:
            raise RuntimeError("Session is closed")
        network, world = self._network, self._network.world
        command, parameters = read(url, data)
        name = label(command, parameters)
        fate, random = network.fate(self._life, command, name)
        loop = asyncio.get_running_loop()
        reply = loop.create_future()
        there, back = random.uniform(0.004, 0.04), random.uniform(0.004, 0.04)
        key = object()
        self.in_flight[key] = (command, name, fate)
        if is_change(command):
            world.tell(f"life {self._life}: {command} {name} leaves ({fate})")

        def answer(status, body):
            if not self.closed and not reply.done():
                reply.set_result(Response(status, body, network.date()))

        def lose():
            if not self.closed and not reply.done():
                reply.set_exception(aiohttp.ServerDisconnectedError())

        def execute():
            body = network.backend.execute(command, parameters)
            if is_change(command):
                world.tell(f"         service executes {command} {name}: {body[:60].decode()}")
            return body

        def arrive():
            if key in self.held_up:
                world.after(self.held_up.pop(key), arrive)
                return
            match fate:
                case "fine":
                    body = execute()
                    world.after(back, lambda: (answer(200, body), self._keep(command, body)))
                case "busy":
                    world.after(back, lambda: answer(429, b""))
                case "refused_for_now":
                    body = orjson.dumps({"error": {"code": 340, "msg": "too fast"}})
                    world.after(back, lambda: answer(200, body))
                case "lost_before":
                    world.after(back, lose)
                case "lost_after":
                    execute()
                    world.after(back, lose)
                case "late":
                    world.after(random.uniform(0.2, LATEST - there), execute)
                    world.after(back, lose)
                case "gateway":
                    world.after(random.uniform(0.2, LATEST - there), execute)
                    world.after(back, lambda: answer(504, b"<html>Gateway Time-out</html>"))
                case "unavailable":
                    world.after(back, lambda: answer(503, b"<html>Unavailable</html>"))
                case "fault_before" | "fault_after":
                    if fate == "fault_after":
                        execute()
                    body = orjson.dumps({"error": {"code": 2, "msg": "internal"}})
                    world.after(back, lambda: answer(200, body))
                case "wrong":
                    body = execute()
                    stale = self.last_reply if command == CREATE else None
                    world.after(back, lambda: answer(200, stale or body))

        world.after(there, arrive)
        try:
            return await reply
        finally:
            self.in_flight.pop(key, None)

    def _keep(self, command, body):
        """Keep a purchase's reply that was told: one that a gateway may send again."""
        if command == CREATE and b'"error"' not in body and not self.closed:
            self.last_reply = body

    def kill(self):
        """End with the process; what is on its way arrives all the same."""
        self.closed = True
        self.doubt()

    def doubt(self):
        """Let nobody be told what becomes of the requests on their way; a third of them arrive late."""
        random = self._network.world.random("held up", self._life)
        for key, (command, name, fate) in self.in_flight.items():
            if is_change(command):
                self._network.ambiguous.add(name)
            if random.random() < 0.3 and fate not in LATE_ALREADY:
                self.held_up[key] = random.uniform(0.1, LATEST - 0.1)


class Content:
    """A reply's body as a stream."""

    def __init__(self, body):
        self._body = body

    def is_eof(self):
        return True

    def read_nowait(self):
        return self._body

    async def iter_chunked(self, _):
        yield self._body


class Response:
    """What the transport reads of an aiohttp response."""

    connection = None

    def __init__(self, status, body, date):
        self.status = status
        self.headers = {
            "Content-Length": str(len(body)),
            **({} if date is None else {"Date": date}),
        }
        self.content = Content(body)

    def release(self):
        """There is no connection to give back."""

    def close(self):
        """There is no connection to close."""


def read(url, data):
    """Take a request apart: its command and its parameters."""
    parts = urlsplit(str(url))
    body = getattr(data, "_value", data) if data is not None else b""
    if hasattr(body, "read"):
        body = body.read()
    text = bytes(body).decode() if not isinstance(body, str) else str(body)
    pairs = parse_qsl(parts.query, keep_blank_values=True) + parse_qsl(text, keep_blank_values=True)
    return parts.path.rpartition("/")[2], dict(pairs)


def label(command, parameters):
    """Name what a request is about."""
    if command == CREATE:
        return parameters.get("sip_username", "")
    return parameters.get("sip_registration_id") or parameters.get("user_id") or ""
