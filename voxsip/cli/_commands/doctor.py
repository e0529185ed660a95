"""`voxsip doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from attrs import evolve

from voxsip.cli._commands.registrations import Json
from voxsip.cli._connection import DEFAULT, Connection, Switch, run
from voxsip.cli._doctor.account import check_account
from voxsip.cli._doctor.assumptions import Scene, check_assumptions
from voxsip.cli._doctor.findings import Finding, State, exit_code
from voxsip.cli._doctor.machine import check_credentials, check_proxy, check_versions
from voxsip.cli._doctor.network import (
    Reached,
    check_clock,
    check_reachable,
    check_service,
    check_tls,
    reach,
)
from voxsip.cli._doctor.sandbox import try_in_sandbox
from voxsip.cli._exit_codes import CommandError
from voxsip.cli._parameters import ID
from voxsip.cli._terminal.output import print_json, print_text

if TYPE_CHECKING:
    from voxsip import AsyncClient

_LOUD = (State.PROBLEM, State.CONTRADICTED)
_BEHIND_THE_NETWORK = (
    "tls",
    "service",
    "clock",
    "token",
    "roles",
    "money",
    "registrations",
    "users",
)


def doctor(
    *,
    assumptions: Switch = False,
    sandbox_application: Annotated[int | None, ID] = None,
    json: Json = False,
    connection: Connection = DEFAULT,
) -> int:
    """Check what works, what does not, and how to fix it.

    It only reads. Its output holds no passwords, tokens or keys, and nothing about the account's owner. Attach
    the output of --json to a bug report.

    Args:
        assumptions: Also check what voxsip assumes where the API's documents say nothing.
        sandbox_application: An application in which one rule may be created and deleted, for
            the checks that need a write.
    """
    if sandbox_application is not None and not assumptions:
        raise CommandError("--sandbox-application: it is for --assumptions; give both")

    async def main() -> int:
        findings = [check_versions()]
        found, client = check_credentials(connection)
        findings.append(found)
        assumed: list[Finding] = []
        if client is not None:
            async with client:
                reached = await reach(client.base_url, connection)
                findings += await _through(client, connection, reached)
                if assumptions and not any(found.state is State.PROBLEM for found in findings):
                    tried = {}
                    if sandbox_application is not None:
                        tried = await try_in_sandbox(client, sandbox_application)
                    scene = Scene(
                        client,
                        reached,
                        lambda encoding: evolve(connection, encoding=encoding).client(),
                    )
                    assumed = await check_assumptions(scene, tried)
        _print(findings, assumed, json=json)
        return exit_code([*findings, *assumed])

    return run(main())


async def _through(client: AsyncClient, connection: Connection, reached: Reached) -> list[Finding]:
    findings = [check_proxy(client.base_url, connection), check_reachable(reached)]
    if reached.problem is not None:
        return findings + [
            Finding(name, State.SKIPPED, "the API is not reached") for name in _BEHIND_THE_NETWORK
        ]
    findings += [check_tls(reached, client.base_url), check_service(reached), check_clock(reached)]
    return findings + await check_account(client)


def _print(findings: list[Finding], assumed: list[Finding], *, json: bool) -> None:
    if json:
        print_json({"checks": _plain(findings), "assumptions": _plain(assumed)})
        return
    for found in findings:
        _print_one(found)
    if assumed:
        print_text("")
        print_text("What the documents leave open:")
    for found in assumed:
        _print_one(found)


def _plain(findings: list[Finding]) -> list[dict[str, object]]:
    return [
        {
            "name": found.name,
            "state": found.state.value,
            "text": found.text,
            "remedy": found.remedy,
            **found.data,
        }
        for found in findings
    ]


def _print_one(found: Finding) -> None:
    sign = found.state.upper() if found.state in _LOUD else found.state
    print_text(f"{sign:<12} {found.name:<26} {found.text}")
    if found.remedy is not None:
        print_text(f"{'':<12} {'':<26} -> {found.remedy}")
