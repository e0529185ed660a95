"""The tree of commands. Each is a string until it is called, so that none costs the others time."""

from __future__ import annotations

import sys
import warnings
from typing import Any

from cyclopts import App, CycloptsError

from voxsip._version import __version__
from voxsip.cli._exit_codes import Exit, explain, print_message
from voxsip.cli._parameters import DEFAULTS
from voxsip.cli._terminal.streams import OutputLost, drain_output, guarded_streams, lost_output

app = App(
    name="voxsip",
    help="Bind SIP registrations in bulk through Voximplant's Management API.",
    help_epilogue="Exit codes: 0 all done; 1 something failed; 2 bad usage or input, nothing sent; "
    "3 configuration or authorization; 4 stopped by a guard, or a plan that is stale or past a threshold; "
    "5 there are changes (plan --detailed-exitcode); 130 interrupted.",
    version=f"voxsip {__version__}",
    result_action="return_int_as_exit_code_else_zero",
    suppress_keyboard_interrupt=False,
    default_parameter=DEFAULTS,
)
app.register_install_completion_command()
app.command(
    "voxsip.cli._commands.plan:plan",
    help="Show what has to change for the live state to be as a file says.",
)
app.command(
    "voxsip.cli._commands.apply:apply",
    help="Apply a plan, or plan a file and apply that.",
)
app.command(
    "voxsip.cli._commands.export:export",
    help="Print the live state as a file of desired state.",
)
app.command(
    "voxsip.cli._commands.demo:demo",
    help="Bind 10,000 registrations of a local emulator, and check every one.",
)
app.command(
    "voxsip.cli._commands.emulator:emulator",
    help="Serve a local Management API until Ctrl-C.",
)
rate = App(name="rate", help="Show or change the rate that processes share (--rate-store).")
for _name, _help in {
    "show": "Show how the account's rate stands.",
    "set": "Change the account's rate for all processes.",
    "pause": "Let nothing of the account leave, in any process.",
}.items():
    rate.command(f"voxsip.cli._commands.rate:{_name}_", name=_name, help=_help)
app.command(rate)
app.command(
    "voxsip.cli._commands.doctor:doctor",
    help="Check what works, what does not, and how to fix it.",
)
app.command("voxsip.cli._commands.token:token", help="Print a fresh token.")
app.command("voxsip.cli._commands.call:call", help="Send any command of the Management API.")
app.command("voxsip.cli._commands.spec:spec", help="Print the API as one OpenAPI 3.1 document.")
app.command("voxsip.cli._commands.lists:account", help="Show the account and its money.")
for _name in ("applications", "users", "rules"):
    _group = App(name=_name, help=f"List {_name}.")
    _group.command(f"voxsip.cli._commands.lists:{_name}", name="list", help=f"List {_name}.")
    app.command(_group)

registrations = App(
    name="registrations", help="List, make and change registrations, one at a time."
)
for _name, _help in {
    "list": "List registrations.",
    "create": "Buy a registration; may bind it at once.",
    "bind": "Bind a registration to an application, a rule or a user.",
    "unbind": "Undo bindings.",
    "update": "Change a registration.",
    "delete": "Delete registrations.",
}.items():
    registrations.command(f"voxsip.cli._commands.registrations:{_name}_", name=_name, help=_help)
registrations.command(
    "voxsip.cli._commands.watch:watch", help="Show which registrations work, live or for scripts."
)
app.command(registrations)

bulk = App(name="bulk", help="Run a file of rows.")
for _name, _help in {
    "bind": "Bind the registrations named in a file.",
    "create": "Buy the registrations named in a file.",
    "delete": "Delete the registrations named in a file.",
}.items():
    bulk.command(f"voxsip.cli._commands.bulk:{_name}", name=_name, help=_help)
bulk.command("voxsip.cli._commands.resume:resume", help="Resume a job from its journal.")
bulk.command(
    "voxsip.cli._commands.status:status", help="Show a running or stopped job from its journal."
)
bulk.command("voxsip.cli._commands.template:template", help="Print a file of rows to start from.")
app.command(bulk)

cluster = App(name="cluster", help="Run a file of rows on several machines.")
for _name, _help in {
    "bind": "Bind the registrations named in a file.",
    "create": "Buy the registrations named in a file.",
    "delete": "Delete the registrations named in a file.",
    "resume": "Resume a job.",
    "status": "Show a running or stopped job.",
}.items():
    cluster.command(f"voxsip.cli._commands.cluster:{_name}", name=_name, help=_help)
app.command(cluster)


def run(arguments: list[str]) -> int:
    """Run a command line and return the exit code; explain an expected error."""
    warnings.showwarning = _say_warning
    with guarded_streams():
        try:
            code = _run(arguments)
            sys.stdout.flush()
            if not drain_output():
                return Exit.INTERRUPTED
        except OutputLost as lost:
            return lost.tell()
        if (failure := lost_output()) is not None:
            failure.tell()
        return code


def _run(arguments: list[str]) -> int:
    try:
        return app(arguments, print_error=False, exit_on_error=False) or Exit.DONE
    except CycloptsError as error:
        from voxsip.cli._usage import explain_usage  # noqa: PLC0415 - only for mistakes

        print_message(f"voxsip: {explain_usage(error)}")
        return Exit.USAGE
    except OutputLost:
        raise
    except BaseException as error:
        text, code = explain(error, _own_options(arguments))
        print_message(text)
        return code


def _own_options(arguments: list[str]) -> frozenset[str] | None:
    """Return the options and arguments of the command that is called, or None."""
    _, apps, _ = app.parse_commands(arguments)
    if apps[-1].default_command is None:
        return None
    found = apps[-1].assemble_argument_collection(parse_docstring=False)
    return frozenset(name for argument in found for name in argument.names)


def _say_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    print_message(f"voxsip: {message}")
