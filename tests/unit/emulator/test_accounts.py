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


async def test_children_are_listed_and_changed(serve):
    wire = await serve(children=2, registrations=1)
    reply = await wire.done("GetChildrenAccounts")
    assert [row["account_id"] for row in reply["result"]] == [2, 3]
    change = {"child_account_name": ["account-2"], "active": False, "location": "GMT"}
    await wire.done("SetChildAccountInfo", **change)
    (row,) = (await wire.done("GetChildrenAccounts", active=False))["result"]
    assert (row["account_id"], row["location"]) == (2, "GMT")
    assert (await wire.done("GetChildrenAccounts", brief_output=True, count=1))["result"] == [
        {"account_id": 2, "account_name": "account-2", "account_email": "account-2@example.com"}
    ]
    named = await wire.done("GetChildrenAccounts", child_account_name="ACCOUNT-3")
    assert named["total_count"] == 1
    assert await wire.refused("GetChildrenAccounts", child_account_id=[1]) == 194
    lenient = {"child_account_id": [1, 3], "ignore_invalid_accounts": True}
    assert (await wire.done("GetChildrenAccounts", **lenient))["total_count"] == 1
    assert (await wire.acting(iss=2).done("GetChildrenAccounts"))["total_count"] == 0
    await wire.done("SetChildAccountInfo", child_account_id="all", active=True)
    assert (await wire.done("GetChildrenAccounts", active=True))["total_count"] == 2


async def test_all_children_are_changed_or_none(serve):
    wire = await serve(children=2)
    await wire.done("SetChildAccountInfo", child_account_id=[3], new_child_account_password="a")
    both = {"child_account_id": [2, 3], "new_child_account_password": "a", "location": "x"}
    assert await wire.refused("SetChildAccountInfo", **both) == 535
    assert await wire.refused("SetChildAccountInfo", child_account_id=[2, 9], location="x") == 194
    rows = (await wire.done("GetChildrenAccounts"))["result"]
    assert not any("location" in row for row in rows)


async def test_the_account_is_changed(wire):
    await wire.done("SetAccountInfo", account_first_name="Ann", new_account_email="a@example.com")
    info = (await wire.done("GetAccountInfo"))["result"]
    assert (info["account_first_name"], info["account_email"]) == ("Ann", "a@example.com")
    await wire.done("SetAccountInfo", new_account_password="once")
    assert await wire.refused("SetAccountInfo", new_account_password="once") == 535
    await wire.done("SetAccountInfo", new_account_password="twice")
    assert "twice" not in str(vars(wire.emulator._service.main))


async def test_a_plan_is_charged_each_time(serve):
    wire = await serve(balance=60)
    plans = (await wire.done("GetAvailablePlans", plan_type=["IM"]))["result"]
    assert [row["periodic_charge"] for row in plans] == [0, 5, 50]
    large = {"plan_type": "IM", "plan_subscription_template_id": 3}
    reply = await wire.done("ChangeAccountPlan", **large)
    assert reply["account_info"]["balance"] == 10
    assert await wire.refused("ChangeAccountPlan", **large) == 127
    await wire.done("ChangeAccountPlan", plan_type="IM", plan_subscription_template_id=2)
    (plan,) = (await wire.done("GetAccountPlans"))["result"]
    assert plan["plan_subscription_template_id"] == 2
    unknown = {"plan_type": "IM", "plan_subscription_template_id": 9}
    assert await wire.refused("ChangeAccountPlan", **unknown) == 244
    assert wire.emulator.state.account == {"balance": 5}


async def test_what_is_paid_and_to_be_paid(serve):
    wire = await serve(balance=1)
    await wire.create()
    (row,) = (await wire.done("GetTransactionHistory"))["result"]
    assert (row["amount"], row["transaction_type"]) == (-1, "subscription_charge")
    needed = (await wire.done("GetMoneyAmountToCharge"))["result"]
    assert (needed["amount"], len(needed["subscriptions"])) == (1, 1)
    early = (await wire.done("GetMoneyAmountToCharge", charge_date="2026-01-01"))["result"]
    assert early["subscriptions"] == []


async def test_prices_and_rates(wire):
    calls, messages = (await wire.done("GetResourcePrice"))["result"]
    assert calls["price_groups"][0]["price"] == messages["price_groups"][0]["price"] == 0.01
    (found,) = (await wire.done("GetResourcePrice", resource_type=["SMSOUT"]))["result"]
    assert found == messages
    assert (await wire.done("GetCurrencyRate", currency=["USD"]))["result"] == {"USD": 1}
    assert await wire.refused("GetCurrencyRate", currency=["XXX"]) == 210
