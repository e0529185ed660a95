"""Models as the answers of a web service: FastAPI takes them as they are, and documents them."""

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel, TypeAdapter, ValidationError

import voxsip
from tests.support.model_samples import filled
from voxsip import models
from voxsip.emulator import Emulator

pytestmark = pytest.mark.once


class Found(BaseModel):
    """What a user's own model may hold."""

    registrations: list[models.SipRegistration]


@pytest.fixture
async def ask():
    """Ask a service whose handlers return what the client gave them."""
    app = FastAPI()
    async with (
        Emulator(registrations=2, users=1) as emulator,
        voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url) as client,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as web,
    ):

        @app.get("/one")
        async def one() -> models.SipRegistration:
            return (await client.sip_registrations.list())[0]

        @app.get("/untyped")
        async def untyped():
            return (await client.sip_registrations.list())[0]

        @app.get("/list")
        async def several() -> list[models.SipRegistration]:
            return [item async for item in client.sip_registrations.list()]

        @app.get("/page")
        async def page():
            return (await client.sip_registrations.list()).items

        @app.get("/within")
        async def within() -> Found:
            return Found(registrations=[item async for item in client.sip_registrations.list()])

        @app.get("/account", response_model_exclude_none=True)
        async def account() -> models.GetAccountInfoReply:
            return await client.accounts.get_account_info()

        async def asked(path):
            reply = await web.get(path)
            assert reply.status_code == 200
            return reply.json()

        asked.registrations = [item.to_dict() async for item in client.sip_registrations.list()]
        yield asked


async def test_handlers_return_models(ask):
    first, _ = ask.registrations
    assert first["purchase_date"].endswith("Z")
    assert await ask("/one") == await ask("/untyped") == first
    assert await ask("/list") == await ask("/page") == ask.registrations
    assert await ask("/within") == {"registrations": ask.registrations}


async def test_a_handler_discloses_no_key(ask):
    result = (await ask("/account"))["result"]
    assert result["account_id"]
    assert "api_key" not in result
    assert None not in result.values()


async def test_the_service_documents_them(ask):
    document = await ask("/openapi.json")
    assert {"SipRegistration", "GetAccountInfoReply", "AccountInfo"} <= {
        *document["components"]["schemas"]
    }
    registration = document["components"]["schemas"]["SipRegistration"]
    assert registration["description"].startswith("A registration of the platform")
    formats = {
        name: shown["anyOf"][0].get("format")
        for name, shown in registration["properties"].items()
        if "anyOf" in shown
    }
    assert (formats["purchase_date"], formats["next_subscription_renewal"]) == ("date-time", "date")
    assert "api_key" not in document["components"]["schemas"]["AccountInfo"]["properties"]


def test_pydantic_writes_every_model_as_to_dict_does():
    for name in models.__all__:
        made = filled(getattr(models, name))
        adapter = TypeAdapter(type(made))
        assert adapter.dump_python(made, mode="json") == made.to_dict(), name
        assert adapter.json_schema(mode="serialization")["title"] == name


def test_pydantic_makes_no_model_of_something_else():
    with pytest.raises(ValidationError, match="instance of SipRegistration"):
        Found(registrations=[{"sip_registration_id": 1}])
