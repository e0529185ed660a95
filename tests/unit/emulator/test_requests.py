import aiohttp
import pytest

from voxsip.emulator import Emulator

CREATE = {"sip_username": "alice", "proxy": "sip.example.com"}


async def answer(context):
    async with context as reply:
        assert reply.status == 200
        return await reply.json()


def multipart(fields):
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in fields.items():
        form.add_field(name, value)
    return form


async def test_query_and_no_body(wire):
    reply = await answer(wire.post("/CreateSipRegistration", params=CREATE))
    assert reply["sip_registration_id"] == 1


async def test_query_with_an_empty_json_object_as_the_vendors_samples_have_it(wire):
    reply = await answer(wire.post("/CreateSipRegistration", params=CREATE, json={}))
    assert reply["sip_registration_id"] == 1


async def test_urlencoded_form_at_the_commands_path(wire):
    reply = await answer(wire.post("/CreateSipRegistration", data=CREATE))
    assert reply["sip_registration_id"] == 1


async def test_multipart_form_at_the_commands_path(wire):
    reply = await answer(wire.post("/CreateSipRegistration", data=multipart(CREATE)))
    assert reply["sip_registration_id"] == 1


async def test_urlencoded_form_with_the_command_in_it(wire):
    fields = CREATE | {"cmd": "CreateSipRegistration"}
    assert (await answer(wire.post("", data=fields)))["sip_registration_id"] == 1


async def test_multipart_form_with_the_command_in_it(wire):
    fields = CREATE | {"cmd": "CreateSipRegistration"}
    assert (await answer(wire.post("", data=multipart(fields))))["sip_registration_id"] == 1


async def test_query_with_the_command_in_it(wire):
    fields = CREATE | {"cmd": "CreateSipRegistration"}
    assert (await answer(wire.post("/", params=fields)))["sip_registration_id"] == 1


async def test_get(wire):
    headers = {"Authorization": f"Bearer {wire.token}"}
    url = f"{wire.emulator.base_url}/GetApplications"
    reply = await answer(wire.session.get(url, params={"count": "1"}, headers=headers))
    assert reply["count"] == 1


@pytest.mark.parametrize("spelled", ["true", "True", "TRUE", "1"])
async def test_spellings_of_true(wire, spelled):
    await wire.create(is_persistent=False)
    await wire.create(is_persistent=spelled)
    assert await wire.ids(is_persistent=spelled) == [2]


@pytest.mark.parametrize("spelled", ["false", "False", "0"])
async def test_spellings_of_false(wire, spelled):
    await wire.create(is_persistent=spelled)
    assert [row["is_persistent"] for row in await wire.rows()] == [False]


async def test_text_survives_every_encoding(wire):
    name = "Zoë & Søn; +1% \N{SNOWMAN}"
    fields = CREATE | {"sip_username": name}
    await answer(wire.post("/CreateSipRegistration", params=fields))
    await answer(wire.post("/CreateSipRegistration", data=fields))
    await answer(wire.post("/CreateSipRegistration", data=multipart(fields)))
    assert [row["sip_username"] for row in await wire.rows()] == [name] * 3


async def test_lists_joined_or_repeated(serve):
    wire = await serve(registrations=3)
    for number in (1, 2, 3):
        await wire.done("BindSipRegistration", sip_registration_id=number, application_id=number)
    assert await wire.ids(application_id="1;3") == [1, 3]
    query = [("application_id", "1"), ("application_id", "3")]
    reply = await answer(wire.post("/GetSipRegistrations", params=query))
    assert [row["sip_registration_id"] for row in reply["result"]] == [1, 3]


async def test_form_wins_over_query(wire):
    await answer(
        wire.post("/CreateSipRegistration", params={"sip_username": "from query"}, data=CREATE)
    )
    assert [row["sip_username"] for row in await wire.rows()] == ["alice"]


async def test_unknown_parameters_are_ignored(wire):
    assert await wire.create(output="json", nonsense=1) == 1


async def test_a_megabyte_of_ids_in_the_query(wire):
    assert await wire.ids(application_id=list(range(10_000, 60_000))) == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("", 102),
        ("/", 102),
        ("/Nonsense", 103),
        ("/BuyPhone/x", 103),
        ("/getsipregistrations", 103),
    ],
)
async def test_no_such_command(wire, path, code):
    reply = await answer(wire.post(path))
    assert reply["error"]["code"] == code


@pytest.mark.parametrize(
    ("command", "parameters", "code"),
    [
        ("BindSipRegistration", {"sip_registration_id": "one"}, 101),
        ("BindSipRegistration", {"sip_registration_id": "1.0"}, 101),
        ("BindSipRegistration", {"sip_registration_id": "9" * 5000}, 101),
        ("BindSipRegistration", {"sip_registration_id": "1;2"}, 101),
        ("BindSipRegistration", {"sip_registration_id": "1", "bind": "maybe"}, 101),
        ("GetSipRegistrations", {"application_id": "1;two"}, 101),
        ("GetSipRegistrations", {"application_id": "1;"}, 101),
        ("GetSipRegistrations", {"count": "-1"}, 101),
        ("GetSipRegistrations", {"offset": "-1"}, 101),
        ("CreateSipRegistration", {"proxy": "sip.example.com"}, 134),
        ("CreateSipRegistration", {"sip_username": "alice"}, 134),
        ("DeleteSipRegistration", {"sip_registration_id": ""}, 134),
        ("AddApplication", {"application_name": ""}, 134),
        ("GetApplications", {"application_id": ""}, None),
        (
            "CreateSipRegistration",
            CREATE | {"application_id": "1", "application_name": "app-1"},
            458,
        ),
    ],
)
async def test_arguments_are_checked(wire, command, parameters, code):
    reply = await wire.call(command, **parameters)
    assert reply.get("error", {}).get("code") == code


async def test_a_refusal_never_repeats_a_value(wire):
    reply = await wire.call("BindSipRegistration", sip_registration_id="hunter2")
    assert "hunter2" not in str(reply)


async def test_other_paths_and_methods(wire):
    origin = wire.emulator.base_url.removesuffix("/platform_api")
    async with wire.session.post(f"{origin}/elsewhere") as reply:
        assert reply.status == 404
    async with wire.session.post(f"{origin}/platform_apis/GetUsers") as reply:
        assert reply.status == 404
    async with wire.session.put(f"{wire.emulator.base_url}/GetUsers") as reply:
        assert reply.status == 405


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"--x\r\nnonsense"),
        ("application/x-www-form-urlencoded; charset=nonsense", b"a=b"),
        ("application/x-www-form-urlencoded", b"\xff\xfe=\xff"),
        ("application/json", b"{broken"),
    ],
)
async def test_unreadable_bodies_do_not_break_the_server(wire, content_type, body):
    reply = await answer(
        wire.post("/GetSipRegistrations", data=body, headers={"Content-Type": content_type})
    )
    assert "result" in reply or reply["error"]["code"] == 101


async def test_every_reply_carries_the_servers_date():
    async with Emulator(clock=lambda: 1_700_000_000.0) as emulator, aiohttp.ClientSession() as http:
        async with http.post(emulator.base_url) as reply:
            assert reply.headers["Date"] == "Tue, 14 Nov 2023 22:13:20 GMT"
        emulator.clock_offset = 90
        async with http.post(emulator.base_url) as reply:
            assert reply.headers["Date"] == "Tue, 14 Nov 2023 22:14:50 GMT"
