import pytest


async def test_add_list_change_delete(wire):
    add = {"sip_whitelist_network": "192.0.2.0/24", "description": "office"}
    assert await wire.done("AddSipWhiteListItem", **add) == {"result": 1, "sip_whitelist_id": 1}
    await wire.done("AddSipWhiteListItem", sip_whitelist_network="198.51.100.7")
    assert await wire.done("GetSipWhiteList") == {
        "result": [
            {"sip_whitelist_id": 1} | add,
            {"sip_whitelist_id": 2, "sip_whitelist_network": "198.51.100.7"},
        ],
        "total_count": 2,
        "count": 2,
    }
    change = {"sip_whitelist_id": 1, "sip_whitelist_network": "2001:db8::/32"}
    assert await wire.done("SetSipWhiteListItem", **change) == {"result": 1}
    reply = await wire.done("GetSipWhiteList", sip_whitelist_id=1)
    assert reply["result"] == [change | {"description": "office"}]
    assert await wire.done("DelSipWhiteListItem", sip_whitelist_id=1) == {"result": 1}
    reply = await wire.done("GetSipWhiteList", count=1)
    assert [row["sip_whitelist_id"] for row in reply["result"]] == [2]


@pytest.mark.parametrize(
    ("command", "parameters", "code"),
    [
        ("AddSipWhiteListItem", {}, 134),
        ("AddSipWhiteListItem", {"sip_whitelist_network": "nonsense"}, 170),
        ("SetSipWhiteListItem", {"sip_whitelist_id": 1, "sip_whitelist_network": "192.0.2.1"}, 169),
        ("DelSipWhiteListItem", {"sip_whitelist_id": 1}, 169),
        ("DelSipWhiteListItem", {}, 134),
    ],
)
async def test_refused(wire, command, parameters, code):
    assert await wire.refused(command, **parameters) == code
