"""`voxsip call` for all 184 commands, in this process: what is typed arrives as the spec says."""

import importlib
import json
from urllib.parse import unquote

import pytest

import voxsip
from voxsip._generated._index import COMMAND_MODULES
from voxsip.cli._commands.call import call
from voxsip.cli._exit_codes import CommandError, explain
from voxsip.cli._values import read_value
from voxsip.emulator import Emulator
from voxsip.spec.document import operations

pytestmark = pytest.mark.once
TEXTS = {
    "integer": "7",
    "number": "0.5",
    "decimal": "12.50",
    "boolean": "True",
    "string": "a text; with = signs",
    "date": "2026-01-31",
    "timestamp": "2026-01-31T14:00:00+02:00",
    "unix": "2026-01-31T12:00:00",
}
SENT = {
    "boolean": "true",
    "timestamp": "2026-01-31 12:00:00",
    "unix": "1769860800",
    "integer;": "7;7",
    "string;": "one;two",
}


def kind_of(parameter):
    schema = parameter["schema"]
    if schema["type"] == "array":
        return schema["items"]["type"] + ";"
    if "contentMediaType" in schema:
        return "json"
    return schema.get("format") or schema["type"]


def typed(parameter, folder):
    """What a user types for a parameter."""
    kind = kind_of(parameter)
    if kind == "binary":
        (folder / "content").write_bytes(b"content")
        return f"@{folder / 'content'}"
    if kind == "json":
        return '[{"a": 1}]'
    schema = parameter["schema"]
    words = schema.get("items", schema).get("enum")
    if words:
        return ";".join(words) if kind == "string;" else words[-1]
    if "maximum" in schema:
        return str(schema["maximum"])
    return {"integer;": "7;7", "string;": "one;two"}.get(kind) or TEXTS[kind]


def command_of(name):
    module, constant = COMMAND_MODULES[name]
    return getattr(importlib.import_module(module), constant)


def test_every_parameter_of_every_command_arrives_as_it_was_typed(tmp_path):
    tried = 0
    for name, operation in operations().items():
        command = command_of(name)
        for parameter in operation["parameters"]:
            text = typed(parameter, tmp_path)
            value = read_value(parameter, text)
            kind = kind_of(parameter)
            tried += 1
            if kind == "binary":
                assert command.contents({parameter["name"]: value}) == {
                    parameter["name"]: ("content", b"content")
                }
                continue
            prefix, encode = command._plan[parameter["name"]]
            assert prefix == f"{parameter['name']}="
            limited = "maximum" in parameter["schema"] or "enum" in str(parameter["schema"])
            expected = text if limited else SENT.get(kind, text)
            assert unquote(encode(value)) == expected, (name, parameter["name"])
            if parameter.get("x-all"):
                assert encode(read_value(parameter, "all")) == "all"
    assert tried > 900


def fewest(operation):
    """The fewest parameters that the rules ask for."""
    known = {item["name"]: item for item in operation["parameters"]}
    names = [name for name, item in known.items() if item.get("required")]
    for rule in operation.get("x-requires", ()):
        if not rule["when"] or set(rule["when"]) & set(names):
            names += [] if set(rule["any_of"]) & set(names) else rule["any_of"][:1]
    return [known[name] for name in names]


@pytest.fixture
def emulator(tmp_path, monkeypatch):
    """An emulator that the command line finds, with a token at hand: parsing a key takes longer than a call."""
    with (
        Emulator(registrations=2, users=2, applications=2, directory=tmp_path) as emulator,
        voxsip.Client(emulator.credentials, base_url=emulator.base_url) as client,
    ):
        monkeypatch.setenv("VOXIMPLANT_TOKEN", client.bearer())
        monkeypatch.setenv("VOXIMPLANT_BASE_URL", emulator.base_url)
        monkeypatch.chdir(tmp_path)
        yield emulator


def test_every_command_is_sent(emulator, tmp_path, capsys):
    """The emulator may refuse what it has no such thing for; what it answers from the spec is done."""
    sampled = emulator.state.sampled
    for name, operation in operations().items():
        wanted = [f"{item['name']}={typed(item, tmp_path)}" for item in fewest(operation)]
        is_file = "application/json" not in operation["responses"]["200"]["content"]
        output = str(tmp_path / name) if is_file else None
        try:
            assert call(name, *wanted, output=output) == 0
        except voxsip.APIError:
            assert name not in sampled
            continue
        assert capsys.readouterr().out.startswith("" if is_file else "{"), name
        assert not is_file or (tmp_path / name).stat().st_size
    counters = emulator.state.counters
    assert [name for name in operations() if counters[name]["received"] != 1] == []


A_LIST = ("rule_id=1", "priority=1", "max_simultaneous=1", "num_attempts=1", "name=a")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("GetUserz", "GetUserz: no such command; did you mean GetUsers?"),
        (
            "GetUsers aplication_id=1",
            "aplication_id: no such parameter; did you mean application_id?",
        ),
        ("GetUsers application_id=one", "application_id: expected a whole number"),
        ("GetUsers application_id=1 application_id=2", "given twice"),
        ("GetUsers application_id", "expected NAME=VALUE"),
        ("GetUsers application_id=1 application_name=a", "not both"),
        ("GetUsers confirm_all=true", "confirm_all: no such parameter"),
        ("GetUsers user_active=yes", "user_active: expected true or false"),
        ("GetUsers application_id=all", "application_id: expected a whole number"),
        ("DelUser user_id=1,2", "user_id: expected a whole number, joined by ';'"),
        ("DelUser user_id=all", "add confirm_all=True"),
        ("GetCallHistory from_date=yesterday to_date=today", "from_date: expected a moment such"),
        ("GetSmartQueueDayHistory from_date=2026-13-01", "from_date: expected"),
        ("AddUser user_password=@none", "user_password: cannot read none: No such file"),
        ("SQ_BindSkill sq_skills=@none.json", "sq_skills: cannot read none.json: No such file"),
        ("SQ_BindSkill application_id=1 user_id=1 sq_skills=[1", "sq_skills: expected lists and"),
        (f"CreateCallList {' '.join(A_LIST)} file_content=@none.csv", "there is no such file"),
        ("DownloadHistoryReport history_report_id=1", "say where to save it: --output FILE"),
        ("GetSmsHistory output=xls --output a.xls", "output: expected json or csv"),
        ("GetSmsHistory output=csv", "say where to save it: --output FILE"),
        ("GetSmsHistory --output a.csv", "no file, leave out --output; with output=csv it is one"),
        ("DownloadHistoryReport history_report_id=1 --output none/a", "path: cannot write into"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_is_sent(emulator, arguments, said):
    name, *rest = arguments.replace(" --output ", " --output=").split()
    output = [text.removeprefix("--output=") for text in rest if text.startswith("--output=")]
    given = [text for text in rest if not text.startswith("--output=")]
    with pytest.raises((CommandError, voxsip.InvalidArgumentError)) as caught:
        call(name, *given, output=output[0] if output else None)
    assert said in str(caught.value)
    assert explain(caught.value)[1] == 2
    assert not any(counter["received"] for counter in emulator.state.counters.values())


def test_a_secret_may_stand_in_a_file(tmp_path):
    """What stands on a command line, every process of the machine can read."""
    (tmp_path / "secret").write_text("p@ss word\n")
    command, parameter = next(
        (name, item)
        for name, operation in operations().items()
        for item in operation["parameters"]
        if item["name"] == "user_password"
    )
    value = read_value(parameter, f"@{tmp_path / 'secret'}")
    assert unquote(command_of(command)._plan["user_password"][1](value)) == "p@ss word"
    assert read_value(parameter, "plain") == "plain"


def test_a_file_and_json_text(emulator, tmp_path, capsys):
    (tmp_path / "tasks.csv").write_text("phone\n1\n")
    (tmp_path / "skills.json").write_text('[{"sq_skill_id": 1, "sq_skill_level": 2}]')
    assert call("CreateCallList", *A_LIST, "file_content=@tasks.csv") == 0
    skills = ("application_id=1", "user_id=1;2", "sq_skills=@skills.json")
    assert call("SQ_BindSkill", *skills) == 0
    assert call("GetSmsHistory", "output=csv", output="sms.csv") == 0
    assert (tmp_path / "sms.csv").read_bytes()
    assert [json.loads(line)["result"] for line in capsys.readouterr().out.splitlines()] == [1, 1]
