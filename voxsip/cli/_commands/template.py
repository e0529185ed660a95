"""`voxsip bulk template`: a file of rows to start from, each row an example of its own."""

from __future__ import annotations

from voxsip._bindings.rows import RowKind

# Valid as they are: what `voxsip bulk template` prints, `voxsip bulk` reads.
_TEMPLATES = {
    "bind": """\
sip_registration_id,application_id,application_name,rule_id,rule_name,user_id,user_name,bind,account_id
1001,4567,,,,12345,,,
1002,,support,,,,alice,,
1003,,support,,incoming,,bob,true,
1004,,,89,,,,,
1005,,support,,,,,false,
,,,,,12399,,false,
1001,4571,,,,12345,,,7890
""",
    "create": """\
sip_username,proxy,auth_user,outbound_proxy,password,is_persistent,application_id,application_name,rule_id,rule_name,user_id,user_name,account_id
alice,sip.example.com,,,first password,,,,,,,,
bob,sip.example.com,bob-auth,edge.example.com,"a password with a "", and a ,",true,4567,,,,12345,,
carol,sip.example.com,,,third password,false,,support,,incoming,,carol,
alice,sip.example.com,,,fourth password,,,,,,,,7890
""",
    "delete": """\
sip_registration_id,account_id
1001,
1002,
1001,7890
""",
}


def template(kind: RowKind, /) -> int:
    """Print a CSV file with example rows; replace them by your own.

    Args:
        kind: The kind of the rows.
    """
    print(_TEMPLATES[kind], end="")
    return 0
