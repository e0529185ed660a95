"""What may go wrong between client and server without either of them lying.

Left out is what no client can tell from the truth: a request executed long after it was given up (`late_duplicate`),
"not executed" said of what was. `tests/properties/chaos` and the docs say what becomes of those.
"""

from hypothesis import strategies as st

WHEN = st.sampled_from(["before", "after"])
SHARES = st.sampled_from([0.1, 0.3, 0.6, 0.9])
FIRST = st.integers(1, 3)
NAMED_DELAY = st.fixed_dictionaries(
    {},
    optional={
        "retry_after": st.sampled_from([0.0, 1.0, 3600.0]),
        "retry_after_form": st.sampled_from(["seconds", "date"]),
    },
)
COMMANDS = st.none() | st.sampled_from(
    [
        "CreateSipRegistration",
        "UpdateSipRegistration",
        "BindSipRegistration",
        "DeleteSipRegistration",
        "GetSipRegistrations",
        "DelUser",
    ]
)


def _kind(kind, **parameters):
    return st.fixed_dictionaries({"kind": st.just(kind), **parameters})


def _joined(*parts):
    return st.tuples(*parts).map(lambda dicts: {k: v for one in dicts for k, v in one.items()})


KINDS = st.one_of(
    _kind("refuse"),
    _kind("lose_reply"),
    _joined(
        _kind(
            "http",
            status=st.sampled_from([500, 502, 503, 504]),
            body=st.sampled_from(["html", "empty", "json"]),
            when=WHEN,
        ),
        NAMED_DELAY,
    ),
    _joined(_kind("http", status=st.just(429)), NAMED_DELAY),
    _joined(_kind("error", code=st.sampled_from([162, 340, 416, 484])), NAMED_DELAY),
    _kind("error", code=st.sampled_from([1, 2, 4, 5, 13]), when=WHEN),
    _kind("token_error", code=st.sampled_from([100, 447, 454, 455, 456])),
    _kind("truncated", how=st.sampled_from(["json", "connection"])),
    _kind("not_json", body=st.sampled_from(["OK", "<html>", "{", "\x00"])),
    _kind("empty"),
    _kind(
        "wrong_shape",
        shape=st.sampled_from(["list", "text", "null", "no_result", "no_code", "error_text"]),
    ),
    _kind("wrong_content_type"),
    _kind("slow_body", seconds=st.just(0.002)),
    _kind("page_cap", rows=st.integers(1, 3)),
)

FAULTS = st.builds(
    lambda kind, command, struck: {**kind, "command": command, **struck},
    KINDS,
    COMMANDS,
    SHARES.map(lambda share: {"share": share}) | FIRST.map(lambda first: {"first": first}),
)
"""The arguments of a `Fault`; as mappings they read better in a failure."""
