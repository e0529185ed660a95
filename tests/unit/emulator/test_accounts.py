import pytest


async def test_account(serve):
    wire = await serve(balance="12.34")
    reply = await wire.done("GetAccountInfo", return_live_balance=True)
    result = reply["result"]
    assert (result["account_id"], result["balance"], result["currency"]) == (1, 12.34, "USD")
    assert result["active"] is True
    assert reply["api_address"] in wire.emulator.base_url


async def test_price(serve):
    wire = await serve(price="0.3")
    (template,) = (await wire.done("GetSubscriptionPrice"))["result"]
    assert template["subscription_template_type"] == "SIP_REGISTRATION"
    assert template["price"] == 0.3


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"subscription_template_type": "SIP_REGISTRATION"}, 1),
        ({"subscription_template_type": "PHONE_NUM"}, 0),
        ({"subscription_template_id": [1]}, 1),
        ({"subscription_template_id": [2, 3]}, 0),
        ({"subscription_template_name": "SIP registration"}, 1),
        ({"subscription_template_name": "Something else"}, 0),
        ({"offset": 1}, 0),
    ],
)
async def test_price_filters(wire, filters, found):
    assert len((await wire.done("GetSubscriptionPrice", **filters))["result"]) == found


async def test_price_of_an_unknown_type(wire):
    parameters = {"subscription_template_type": "NONSENSE"}
    assert await wire.refused("GetSubscriptionPrice", **parameters) == 246
