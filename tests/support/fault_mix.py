"""A fifth of all requests meets something, a little of everything."""

MIX = """
seed = {seed}
{tables}
"""
SHARES = [
    ("delay", 0.02, "seconds = 0.05"),
    ("refuse", 0.02, ""),
    ("lose_reply", 0.03, ""),
    ("http", 0.01, 'status = 500\nwhen = "after"'),
    ("http", 0.01, "status = 502"),
    ("http", 0.01, 'status = 503\nwhen = "after"\nbody = "empty"'),
    ("http", 0.005, "status = 503\nretry_after = 0"),
    ("http", 0.01, 'status = 429\nbody = "json"'),
    ("http", 0.0001, "status = 429\nretry_after = 1"),
    ("http", 0.0001, 'status = 429\nretry_after = 1\nretry_after_form = "date"'),
    ("error", 0.01, "code = 340"),
    ("error", 0.005, "code = 162"),
    ("error", 0.005, "code = 416"),
    ("error", 0.005, "code = 484"),
    ("error", 0.01, 'code = 2\nwhen = "after"'),
    ("error", 0.005, "code = 4"),
    ("token_error", 0.005, "code = 456"),
    ("token_error", 0.005, "code = 100"),
    ("truncated", 0.01, ""),
    ("truncated", 0.005, 'how = "connection"'),
    ("not_json", 0.005, ""),
    ("empty", 0.005, ""),
    ("wrong_shape", 0.005, 'shape = "no_result"'),
    ("wrong_shape", 0.005, 'shape = "list"'),
    ("wrong_content_type", 0.005, ""),
    ("slow_body", 0.005, "seconds = 0.05"),
    ("page_cap", 0.01, "rows = 7"),
]


def write_mix(path, seed):
    """Write the file for `--faults`; return its path."""
    tables = "\n".join(
        f'[[fault]]\nkind = "{kind}"\nshare = {share}\n{rest}' for kind, share, rest in SHARES
    )
    path.write_text(MIX.format(seed=seed, tables=tables))
    return path
