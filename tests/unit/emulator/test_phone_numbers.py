import pytest

PLACE = {"country_code": "US", "phone_category_name": "GEOGRAPHIC", "phone_region_id": 1}


async def attach(wire, **what):
    reply = await wire.done("AttachPhoneNumber", **PLACE, **what)
    return [row["phone_id"] for row in reply["phone_numbers"]]


async def ids(wire, **filters):
    reply = await wire.done("GetPhoneNumbers", **filters)
    return [row["phone_id"] for row in reply["result"]]


async def test_bought_numbers_cost_and_are_no_longer_on_sale(wire):
    on_sale = await wire.done("GetNewPhoneNumbers", **PLACE, count=2)
    number = on_sale["result"][0]["phone_number"]
    assert await attach(wire, phone_number=[number]) == [1]
    assert await attach(wire, phone_count=2) == [2, 3]
    assert wire.emulator.state.account == {"balance": 997}
    left = (await wire.done("GetNewPhoneNumbers", **PLACE))["result"]
    assert number not in [row["phone_number"] for row in left]
    assert await wire.refused("AttachPhoneNumber", **PLACE, phone_number=[number]) == 182
    assert (await wire.done("IsAccountPhoneNumber", phone_number=number))["result"] is True
    assert (await wire.done("IsAccountPhoneNumber", phone_number="1"))["result"] is False
    assert (await wire.done("GetAccountPhoneNumberCountries"))["result"] == ["US"]
    (last,) = (await wire.done("GetTransactionHistory", desc_order=True, count=1))["result"]
    assert (last["amount"], last["transaction_type"]) == (-1, "subscription_charge")


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ({}, 134),
        ({"phone_count": 0}, 243),
        ({"phone_number": ["x"]}, 121),
        ({"phone_count": 1, "phone_number": ["1"]}, 458),
        ({"phone_count": 4}, 127),
        ({"phone_number": ["1", "2", "3", "4"]}, 127),
    ],
)
async def test_nothing_is_bought_by_half(serve, what, code):
    wire = await serve(balance=3)
    assert await wire.refused("AttachPhoneNumber", **PLACE, **what) == code
    assert wire.emulator.state.account == {"balance": 3}
    assert await ids(wire) == []


async def test_binding(wire):
    await attach(wire, phone_count=3)
    await wire.done("BindPhoneNumberToApplication", phone_id=[1, 2], application_id=2, rule_id=2)
    (row,) = (await wire.done("GetPhoneNumbers", phone_id=[1]))["result"]
    assert (row["application_name"], row["rule_name"]) == ("app-2", "rule-1")
    assert await ids(wire, application_id=2) == [1, 2]
    assert await ids(wire, is_bound_to_application=False) == [3]
    assert await ids(wire, rule_id=[2]) == [1, 2]
    other = {"phone_id": [1], "application_id": 3}
    await wire.done("BindPhoneNumberToApplication", **other, bind=False)
    assert await ids(wire, application_id=2) == [1, 2]
    await wire.done("BindPhoneNumberToApplication", phone_id="all", application_id=2, bind=False)
    assert await ids(wire, is_bound_to_application=True) == []
    assert await wire.refused("BindPhoneNumberToApplication", phone_id=[9], application_id=1) == 181
    await wire.done("BindPhoneNumberToApplication", phone_id=[3], application_id=1)
    await wire.done("DelApplication", application_id=[1])
    (row,) = (await wire.done("GetPhoneNumbers", phone_id=[3]))["result"]
    assert "application_id" not in row


async def test_a_number_that_is_given_up_is_gone_and_free_for_others(wire):
    await attach(wire, phone_number=["15550100"])
    assert await wire.refused("DeactivatePhoneNumber", phone_number=["15550101"]) == 121
    await wire.done("DeactivatePhoneNumber", phone_id=[1])
    assert await wire.refused("DeactivatePhoneNumber", phone_id=[1]) == 181
    child = wire.acting(iss=wire.emulator.add_child())
    await attach(child, phone_number=["15550100"])
    assert await wire.refused("AttachPhoneNumber", **PLACE, phone_number=["15550100"]) == 182
    assert await ids(wire, children_phones_only=True) == await ids(child)
    assert wire.emulator.state.account == {"balance": 999}


async def test_orders_templates_and_settings(wire):
    await attach(wire, phone_number=["15550102", "15550101", "+4930"])
    assert await ids(wire, order_by="phone_number") == [2, 1, 3]
    assert await ids(wire, phone_template="5501") == [1, 2]
    assert await wire.refused("GetPhoneNumbers", order_by="colour") == 101
    url = "https://example.com/sms"
    await wire.done("SetPhoneNumberInfo", phone_id=[2], incoming_sms_callback_url=url)
    (row,) = (await wire.done("GetPhoneNumbers", phone_number=["15550101"]))["result"]
    assert row["incoming_sms_callback_url"] == url


async def test_the_catalogue(wire):
    countries = (await wire.done("GetPhoneNumberCategories"))["result"]
    assert {row["country_code"] for row in countries} == {"US", "GB", "DE"}
    place = {"country_code": "US", "phone_category_name": "GEOGRAPHIC"}
    states = (await wire.done("GetPhoneNumberCountryStates", **place))["result"]
    assert [row["country_state"] for row in states] == ["CA", "NY"]
    regions = (await wire.done("GetPhoneNumberRegions", **place))["result"]
    (one,) = (await wire.done("GetPhoneNumberRegions", **place, phone_region_id=2))["result"]
    assert regions[1] == one
    assert (await wire.done("GetActualPhoneNumberRegion", **PLACE))["result"] == regions[0]


async def test_a_report_of_numbers(wire):
    await attach(wire, phone_count=1)
    assert (await wire.done("GetPhoneNumbersAsync"))["result"] == 1
    (row,) = (await wire.done("GetPhoneNumberReports", report_id=1))["result"]
    assert (row["type"], "completed" in row) == ("phone_numbers", False)
    wire.emulator.clock_offset = 2
    (row,) = (await wire.done("GetPhoneNumberReports", is_completed=True))["result"]
    assert row["file_size"] > 0
