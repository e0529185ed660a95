import pytest

MESSAGE = {"source": "15550100", "destination": "+15550101", "sms_body": "Hello"}


async def test_a_message_costs_and_is_in_the_history(serve):
    wire = await serve(balance="0.05")
    sent = await wire.done("SendSmsMessage", **MESSAGE, store_body=True)
    assert (sent["message_id"], sent["fragments_count"]) == (1, 1)
    long = MESSAGE | {"sms_body": "ü" * 71}
    assert (await wire.done("SendSmsMessage", **long))["fragments_count"] == 2
    assert wire.emulator.state.account == {"balance": 0.02}
    assert await wire.refused("SendSmsMessage", **MESSAGE | {"sms_body": "x" * 321}) == 127
    first, second = (await wire.done("GetSmsHistory"))["result"]
    assert (first["text"], first["cost"], first["direction"]) == ("Hello", 0.01, "OUT")
    assert "text" not in second
    assert second["destination_number"] == 15550101
    reply = await wire.done("GetSmsHistory", message_id=[2], source_number="15550100")
    assert reply["total_count"] == 1
    assert (await wire.done("GetSmsHistory", direction="IN"))["total_count"] == 0
    assert await wire.refused("GetSmsHistory", direction="sideways") == 470


@pytest.mark.parametrize(
    ("change", "code"),
    [({"source": "x"}, 422), ({"destination": "x"}, 423), ({"sms_body": ""}, 134)],
)
async def test_what_is_no_message(wire, change, code):
    assert await wire.refused("SendSmsMessage", **MESSAGE | change) == code


async def test_messages_of_a_number_can_be_switched_off(wire):
    place = {"country_code": "US", "phone_category_name": "GEOGRAPHIC", "phone_region_id": 1}
    await wire.done("AttachPhoneNumber", **place, phone_number=["15550100"])
    await wire.done("ControlSms", phone_number="15550100", command="disable")
    assert await wire.refused("SendSmsMessage", **MESSAGE) == 386
    (row,) = (await wire.done("GetPhoneNumbers"))["result"]
    assert row["is_sms_enabled"] is False
    await wire.done("ControlSms", phone_number="15550100", command="enable")
    await wire.done("SendSmsMessage", **MESSAGE)
    assert await wire.refused("ControlSms", phone_number="1", command="enable") == 121
    assert await wire.refused("ControlSms", phone_number="15550100", command="mute") == 101


async def test_several_at_once(wire):
    sent = await wire.done(
        "A2PSendSms", src_number="15550100", dst_numbers=["1", "x", "2"], text="Hello"
    )
    assert [row["destination_number"] for row in sent["result"]] == ["1", "2"]
    assert [row["destination_number"] for row in sent["failed"]] == ["x"]
    assert sent["fragments_count"] == 2
    assert wire.emulator.state.account == {"balance": 999.98}
    history = (await wire.done("A2PGetSmsHistory", destination_number="2"))["result"]
    assert [row["message_id"] for row in history] == [2]
    many = {"src_number": "1", "dst_numbers": ["1"] * 101, "text": "x"}
    assert await wire.refused("A2PSendSms", **many) == 512


async def test_a_history_as_a_file(wire):
    await wire.done("SendSmsMessage", **MESSAGE)
    async with wire.post("/GetSmsHistory", params={"output": "csv"}) as reply:
        assert reply.content_type == "application/octet-stream"
        header, line = (await reply.text()).splitlines()
    assert (header.split(";")[0], line.split(";")[1]) == ("message_id", "15550100")
    assert await wire.refused("GetSmsHistory", output="xls") == 105
