import ast
from pathlib import Path

import voxsip.emulator

FOLDER = Path(voxsip.emulator.__file__).parent


def imported(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            yield node.module


def test_no_code_of_the_clients_is_used():
    for path in FOLDER.rglob("*.py"):
        for name in imported(path):
            inside = name.startswith("voxsip.emulator")
            assert inside or name.split(".")[0] != "voxsip", f"{path.name}: {name}"
