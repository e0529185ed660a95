"""Arguments as text that a command takes, might take, and cannot take: for servers, past every check of a client."""

from tests.support.every_command import CSV, example, wire_text
from voxsip.spec.document import operations

NUMBERS = (
    "1",
    "2",
    "3",
    "0",
    "-1",
    "99",
    "1.5",
    "007",
    "+1",
    "1_000",
    "0x10",
    "\u0661",
    "1e3",
    " 1 ",
)
HUGE = ("2147483648", "999999999999999999", "9223372036854775808", "1" * 400, "1e400", "-1e-400")
NOT_NUMBERS = ("NaN", "-Infinity", "sNaN", "true", "True", "false", "null", "None")
LISTS = ("1;2", "1;", ";1", ";", ";;", "1;x", "1;1;1", "1,2", "all", "ALL", "1;all")
MOMENTS = (
    *("2026-01-31", "2026-01-31 12:00:00", "2026-02-30", "0001-01-01", "9999-12-31", "2026-1-1"),
    *("0001-01-01 00:00:00", "9999-12-31 23:59:59", "2026-01-31T12:00:00Z", "2026-03-29 02:30:00"),
)
ZONES = (
    "Europe/Berlin",
    "Asia/Kathmandu",
    "UTC",
    "Nowhere/Here",
    "../../etc/passwd",
    "Europe",
    ".",
)
TEXTS = (
    *("", " ", "\t\n", "\0", "é", "日本", "😀", "e\u0301", "\u202e", "%00", "%zz", "&a=b", "a=b"),
    *("'", '"', "<b>", "\\", "*", "[", "(", "$", "^.*$", "x" * 300, "y" * 5000),
    *("app-1", "app-2", "rule-1", "user-1", "sip-1", "csv", "json", "xls", "US", "GEOGRAPHIC"),
)
JSON_TEXTS = (
    *("[]", "{}", "[1]", '["a"]', "[[]]", '[{"task_id":1}]', '{"a":null}', "0", "tru", "[" * 200),
    *('[{"phone":"1"}]', '"text"', '{"a":1e999}'),
)
ODD = (*NUMBERS, *HUGE, *NOT_NUMBERS, *LISTS, *MOMENTS, *ZONES, *TEXTS, *JSON_TEXTS)
UNASKED = ("timezone", "cmd", "account_id", "count", "offset", "is_async", "output", "a b")
"""Parameters that a command may know or not."""
LIKELY = {
    "integer": ("1", "2", "3"),
    "unix": ("1769860800", "4102444800"),
    "number": ("1", "0.5", "2.25"),
    "decimal": ("1", "0.5", "2.25"),
    "boolean": ("true", "false", "True", "1"),
    "array": ("1", "1;2", "2;1", "app-1", "all"),
    "date": ("2026-01-31", "2026-02-01"),
    "timestamp": ("2026-01-31 12:00:00", "2027-01-31 12:00:00"),
    "application/json": JSON_TEXTS,
    "binary": (CSV, b"", b"\xff\xfe\0", b"a;b;c\n1;2\n", b'[{"phone":"1"}]'),
    "string": ("a", "b", "1", *TEXTS[-10:]),
}


def plain(command, account=1):
    """Return arguments that succeed: names to lists of texts or bytes."""
    return {name: [wire_text(value)] for name, value in example(command, account).items()}


def texts_of(command, account, chance):
    """Return arguments to try, names to lists of texts or bytes: those that succeed, and what befell them.

    Args:
        command: the command.
        account: whose things they name.
        chance: a `random.Random`.
    """
    given = plain(command, account)
    known = {item["name"]: item["schema"] for item in operations()[command]["parameters"]}
    for name in chance.sample(sorted(known), min(chance.choice((0, 0, 1, 3)), len(known))):
        schema = known[name]
        form = schema.get("format") or schema.get("contentMediaType") or schema["type"]
        given[name] = [chance.choice(LIKELY[form])]
    for _ in range(chance.choice((0, 0, 1, 1, 2))):
        name = chance.choice((*known, *known, *given, *UNASKED))
        match chance.choice(("odd", "odd", "odd", "gone", "again")):
            case "odd":
                given[name] = [_odd(chance)]
            case "gone":
                given.pop(name, None)
            case "again":
                given[name] = [*given.get(name, ()), _odd(chance)]
    return given


def _odd(chance):
    if chance.random() < 0.8:
        return chance.choice(ODD)
    points = (
        chance.randrange(0x250) if chance.random() < 0.7 else chance.randrange(0x1F700)
        for _ in range(9)
    )
    return "".join(chr(point) for point in points if not 0xD800 <= point < 0xE000)
