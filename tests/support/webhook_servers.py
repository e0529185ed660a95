"""Receivers of webhooks behind real servers: aiohttp's, and uvicorn with and without a framework."""

import asyncio
import socket
from contextlib import asynccontextmanager

import uvicorn
from aiohttp import web
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Route

from tests.support.emulator_wire import until
from voxsip.webhooks import ASGIApp, aiohttp_handler

PATH = "/webhooks/"


@asynccontextmanager
async def receiving(kind, receiver):
    """Serve a receiver, and give its URL."""
    serve = aiohttp_server if kind == "aiohttp" else uvicorn_server
    async with serve(APPLICATIONS[kind](receiver)) as origin:
        yield origin + PATH


def aiohttp_application(receiver):
    app = web.Application()
    app.router.add_route("*", PATH, aiohttp_handler(receiver))
    return app


def fastapi_application(receiver):
    app = FastAPI()
    app.mount(PATH, ASGIApp(receiver))
    return app


def starlette_application(receiver):
    return Starlette(routes=[Route(PATH, ASGIApp(receiver))])


APPLICATIONS = {
    "aiohttp": aiohttp_application,
    "asgi": ASGIApp,
    "fastapi": fastapi_application,
    "starlette": starlette_application,
}


@asynccontextmanager
async def aiohttp_server(app):
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def uvicorn_server(app):
    config = uvicorn.Config(app, log_config=None, lifespan="on", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        task = asyncio.create_task(server.serve([listener]))
        try:
            await until(lambda: server.started or task.done())
            assert not task.done(), "uvicorn did not start"
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task
