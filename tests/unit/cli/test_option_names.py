"""Errors name what somebody at a command line can change."""

import pytest

from voxsip.cli._option_names import in_options


@pytest.mark.parametrize(
    ("said", "worded"),
    [
        ("BindSipRegistration: user_name needs application_id or application_name",
         "BindSipRegistration: --user-name needs --application-id or --application-name"),
        ("base_url: http:// to x would send the token in clear; use https://, or pass allow_plain_http=True",
         "--base-url: http:// to x would send the token in clear; use https://, or pass --allow-plain-http"),
        ("ssl: cannot use /base_url/ssl: as a CA file: None", "--ca-file: cannot use /base_url/ssl: as a CA file: None"),
        ("/x/creds.json: account_id, key_id missing; download the file of the key again",) * 2,
        ("/x/creds.json: account_id is not a positive integer",) * 2,
        ("account_id: expected a whole number above 0, got 0", "--account-id: expected a whole number above 0, got 0"),
        ("CreateSipRegistration: password: expected text", "CreateSipRegistration: --password-file: expected text"),
        ("encoding: expected 'query', got 'user_id'", "--encoding: expected 'query', got 'user_id'"),
        ("BindSipRegistration: give sip_registration_id or user_id (or bind=True)",
         "BindSipRegistration: give the registration's id or --user-id"),
    ],
)  # fmt: skip
def test_arguments_become_options(said, worded):
    assert in_options(said) == worded


def test_a_command_names_no_option_that_it_does_not_have():
    said = (
        "scope: application_id: '0' is no value for it; give one or more of application_id, proxy"
    )
    assert in_options(said, {"--scope", "--proxy"}) == said
    said = "user_id: expected a number; give sip_registration_id, or pass bind=True"
    assert in_options(said, {"--user-id"}).startswith("--user-id: expected a number; give sip_reg")
    assert "the registration's id" in in_options(said, {"SIP_REGISTRATION_ID"})
    said = "CreateSipRegistration: proxy: 'https://' stands before a host; or leave user_id out"
    assert in_options(said, {"COMMAND", "ARGUMENTS", "--proxy", "--user-id"}) == said
    assert in_options("token: it is no token", {"--json"}).startswith("VOXIMPLANT_TOKEN: ")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("plan rows.csv --prune --scope application_id=0", "give one or more of application_id, application_name, proxy"),
        ("call CreateSipRegistration sip_username=a proxy=https://p", ": proxy: 'https://' stands before a host"),
        ("call BindSipRegistration sip_registration_id=x", "sip_registration_id: "),
        ("registrations bind 1 --user-name u", "--user-name needs --application-id or"),
        ("registrations list --ca-file none.pem", "--ca-file: cannot use none.pem"),
        ("registrations list --base-url http://example.com", "or pass --allow-plain-http"),
        ("registrations create --sip-username a --proxy https://p", "--proxy: 'https://' stands before a host"),
        ("registrations create --sip-username nan --proxy p", "--sip-username: 'nan' is what programs"),
        ("registrations update 1 --proxy sip:p", "--proxy: 'sip:' stands before a host; write 'p'"),
        ("bulk bind rows.csv --file-encoding klingon", "--file-encoding: 'klingon' is not known"),
        ("bulk bind rows.csv --file-encoding rot13", "--file-encoding: 'rot13' is not known"),
        ("bulk bind rows.csv --journal mysql://host/db", "--journal: mysql:// is no store"),
    ],
)  # fmt: skip
def test_commands_name_their_options(serve, write, line, said):
    emulator, voxsip = serve(registrations=1)
    write("id,app id\n1,1\n")
    ended = voxsip(*line.split())
    assert ended.code in {2, 3}
    assert said in ended.err
    assert len(emulator.state["registrations"]) == 1


@pytest.mark.slow
def test_no_credentials(serve, monkeypatch):
    _, voxsip = serve()
    ended = voxsip("registrations", "list", VOXIMPLANT_CREDENTIALS="")
    assert ended.code == 3
    assert "pass --credentials PATH, or set VOXIMPLANT_CREDENTIALS" in ended.err


@pytest.mark.slow
@pytest.mark.parametrize("place", ["environment", "--credentials", "--password-file", "rows"])
def test_content_in_place_of_a_path_is_in_no_message(serve, place):
    emulator, voxsip = serve(registrations=1)
    content = emulator.credentials.read_text()
    match place:
        case "environment":
            ended = voxsip("registrations", "list", VOXIMPLANT_CREDENTIALS=content)
            assert ended.code == 0
        case "--credentials":
            ended = voxsip("registrations", "list", "--credentials", content)
            assert ended.code == 3
        case "--password-file":
            ended = voxsip("registrations", "update", 1, "--password-file", "HUNTER2")
            assert ended.code == 2
            assert "--password-file: the SIP password cannot be read" in ended.err
        case "rows":
            ended = voxsip("bulk", "create", "sip_username,password\nann,HUNTER2\n", "--yes")
            assert ended.code == 2
    for secret in ("HUNTER2", "BEGIN", content[40:60]):
        assert secret not in ended.err + ended.out
