"""Commands without state of their own answer from the spec: the client's models accept it, and so does the document."""

import json
from urllib.parse import urlsplit

import pytest
from jsonschema import Draft202012Validator

import voxsip
from tests.support.every_command import fewest, wire_text
from voxsip.emulator import Emulator
from voxsip.emulator._service.files import File, Scan
from voxsip.spec.document import document, operations

DOCUMENT = document()


@pytest.fixture(scope="module")
def service():
    with Emulator(registrations=1, users=1, applications=1) as emulator:
        yield emulator


def test_every_reply_is_one_that_the_document_describes(service):
    with voxsip.Client(service.credentials, base_url=service.base_url) as client:
        bearer = client.bearer()
    from voxsip.emulator._service.service import Call

    wrong = []
    for command, operation in operations().items():
        body = service._service.reply(
            Call(
                command=command,
                parameters={
                    name: wire_text(value)
                    for name, value in fewest(operation).items()
                    if not isinstance(value, bytes)
                },
                authorization=f"Bearer {bearer}",
            )
        )
        content = DOCUMENT["paths"][f"/{command}"]["post"]["responses"]["200"]["content"]
        if isinstance(body, Scan):
            assert not list(filter(None, body.steps))
            body = json.dumps(body.found)
        if isinstance(body, File):
            assert "application/octet-stream" in content, command
            continue
        schema = {
            **content["application/json"]["schema"],
            "components": DOCUMENT["components"],
        }
        wrong += [
            f"{command}: {error.message}"
            for error in Draft202012Validator(schema).iter_errors(json.loads(body))
        ]
    assert not wrong


def test_models_accept_every_sampled_reply(service):
    from voxsip._generated._index import COMMAND_MODULES
    from voxsip._protocol.structuring import structurer
    from voxsip.emulator._service.context import Context
    from voxsip.emulator._service.samples import is_file, sample_reply

    context = Context(account=service._service.main, values={}, price=1)
    tried = 0
    for command, operation in operations().items():
        if command not in service.state.sampled or is_file(command, {}) or "x-paging" in operation:
            continue
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        name = schema["$ref"].rpartition("/")[2]
        if hasattr(voxsip.models, name):
            structurer(getattr(voxsip.models, name))(sample_reply(context, command))
            tried += 1
    assert tried > 30
    assert len(COMMAND_MODULES) == 184


def test_the_document_is_served(service):
    import http.client

    parts = urlsplit(service.base_url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port)
    try:
        connection.request("GET", "/_emulator/openapi.json")
        served = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    assert served == DOCUMENT
