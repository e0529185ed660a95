"""Pages about the emulator, for this machine only and without a token: state, callbacks, failing registrations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from voxsip.emulator._service.callbacks import is_loopback
from voxsip.emulator._service.health import set_status
from voxsip.emulator._state.state import State

if TYPE_CHECKING:
    from voxsip.emulator._http.callbacks import Callbacks
    from voxsip.emulator._service.service import Service

STATE_PATH = "/_emulator/state"
CALLBACKS_PATH = "/_emulator/callbacks"
REGISTRATIONS_PATH = "/_emulator/registrations"
_STATUS = {"sip_registration_id", "status_code", "error_message", "account_id"}


class Admin:
    """Answer what tests and operators ask of the emulator itself.

    Args:
        service: the service that holds the accounts.
        callbacks: the sender of callbacks.
    """

    def __init__(self, service: Service, callbacks: Callbacks) -> None:
        self._service = service
        self._callbacks = callbacks

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer a request for a page of the emulator's own."""
        page, _, item = request.path.removeprefix("/_emulator/").partition("/")
        route = (request.method, f"/_emulator/{page}")
        if route not in {
            ("GET", STATE_PATH),
            ("GET", CALLBACKS_PATH),
            ("POST", CALLBACKS_PATH),
            ("POST", REGISTRATIONS_PATH),
        }:
            return web.Response(status=404)
        peer = request.transport and request.transport.get_extra_info("peername")
        if not peer or not is_loopback(peer[0]):
            return web.Response(status=403)
        try:
            if route == ("GET", STATE_PATH):
                return self._json(State.of(self._service, int(item) if item else None).to_json())
            if route == ("GET", CALLBACKS_PATH):
                return self._json(orjson.dumps([one.describe() for one in self._callbacks]))
            if request.content_type != "application/json":  # which no web site can send here
                return web.Response(status=415)
            if route == ("POST", CALLBACKS_PATH):
                self._callbacks.send_again(int(item))
            else:
                self._set_status(orjson.loads(await request.read()))
        except LookupError:
            return web.Response(status=404)
        except ValueError as error:
            return web.Response(status=404 if item else 400, text=str(error))
        return web.Response(status=204)

    def _set_status(self, asked: Any) -> None:
        if not isinstance(asked, dict) or not asked.keys() <= _STATUS or "status_code" not in asked:
            raise ValueError("expected sip_registration_id and status_code")
        ids = asked.get("sip_registration_id")
        ids = ids if isinstance(ids, list) else [ids]
        if not all(type(number) is int for number in ids):
            raise ValueError("sip_registration_id must be an id or a list of ids")
        made = set_status(
            self._service,
            ids,
            asked["status_code"],
            asked.get("error_message"),
            asked.get("account_id"),
        )
        self._callbacks.send(made)

    def _json(self, body: bytes) -> web.Response:
        headers = {"Content-Type": "application/json", "Date": self._service.clock.http_date()}
        return web.Response(body=body, headers=headers)
