"""Makes a receiver a handler of aiohttp servers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from voxsip.webhooks._receiver import Receiver, check_receiver


def aiohttp_handler(receiver: Receiver) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return a receiver as a handler, for `app.router.add_post("/webhooks", …)`.

    Args:
        receiver: the receiver that answers the requests.

    Raises:
        InvalidArgumentError: It is no receiver.
    """
    check_receiver(receiver)

    async def handle(request: web.Request) -> web.Response:
        try:
            answer = await receiver.answer(request.method, request.headers, request.content.readany)
        except (web.RequestPayloadError, ConnectionError):  # badly encoded, or the client has left
            response = web.Response(status=400)
            response.force_close()
            return response
        response = web.Response(status=answer.status, headers=answer.headers)
        if answer.unread:
            response.force_close()
        return response

    return handle
