"""`--proxy`, and the proxy of the environment, on the command line."""

import json

import pytest

from tests.support.forward_proxy import ForwardProxy

pytestmark = pytest.mark.once  # processes, and nothing an interpreter changes
LOGIN = "M4RKuser:M4RKpass"


def test_commands_go_through(serve):
    emulator, command = serve(tls=True, registrations=2)
    trust = ("--ca-file", emulator.ca)
    with ForwardProxy(login=LOGIN) as proxy:
        given = f"http://{LOGIN}@{proxy.name}"
        ended = command("account", "--json", "--proxy", given, *trust)
        assert ended.code == 0, ended.err
        assert len(proxy.tunnels) == 1
        # there, --proxy is the SIP proxy's
        words = ("registrations", "list", "--json", "--proxy", "sip.example.com", *trust)
        assert len(command(*words, "--http-proxy", given).events) == 2
        assert len(proxy.tunnels) == 2
        assert len(command(*words, HTTPS_PROXY=given).events) == 2
        assert len(proxy.tunnels) == 3
        assert len(command(*words, "--http-proxy", "", HTTPS_PROXY=given).events) == 2
        assert len(proxy.tunnels) == 3


def test_a_proxy_that_refuses(serve):
    _, command = serve(registrations=2)
    with ForwardProxy(login="somebody:else") as proxy:
        given = f"http://{LOGIN}@{proxy.name}"
        ended = command("account", "--proxy", given)
        assert ended.code == 3
        assert f"the proxy {proxy.name} refuses the given user name and password" in ended.err
        ended = command(
            "bulk", "bind", "-", HTTP_PROXY=given, stdin="registration,app_id\n1,1\n2,1\n"
        )
        assert ended.code == 3
        assert "refused by the proxy" in ended.err + ended.out
        assert "M4RK" not in ended.err + ended.out
    ended = command("account", "--proxy", "socks5://M4RK@x")
    assert ended.code == 3
    assert "--proxy: SOCKS proxies are not supported" in ended.err
    assert "M4RK" not in ended.err


def test_doctor(serve):
    emulator, command = serve(tls=True)

    def found(*arguments, **environment):
        ended = command("doctor", "--json", "--ca-file", emulator.ca, *arguments, **environment)
        assert "M4RK" not in ended.out + ended.err
        return ended, {one["name"]: one for one in json.loads(ended.out)["checks"]}

    with ForwardProxy(login=LOGIN) as proxy:
        given = f"http://{LOGIN}@{proxy.name}"
        ended, checks = found(HTTPS_PROXY=given)
        assert ended.code == 0, ended.out
        assert checks["proxy"]["text"] == f"{proxy.name}, from HTTPS_PROXY"
        assert checks["proxy"]["with_password"]
        assert "not seen through a proxy" in checks["tls"]["text"]
        _, checks = found(HTTPS_PROXY=given, NO_PROXY="127.0.0.1")
        assert "none for this address" in checks["proxy"]["text"]
        ended, checks = found("--proxy", f"http://M4RK:x@{proxy.name}")
        assert ended.code == 1
        assert checks["reachable"]["text"] == f"the proxy {proxy.name} answers HTTP 407"
