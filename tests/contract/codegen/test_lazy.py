"""Nothing generated is loaded before it is used, however many groups there are."""

import json
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def large(importing, library, tmp_path_factory):
    """A package of 27 groups with 189 commands, each group like the first of the small spec."""
    spec = tmp_path_factory.mktemp("spec")
    for name in ("common.json", "errors.json"):
        (spec / name).write_bytes((library / name).read_bytes())
    books = (library / "books.json").read_text()
    for number in range(27):
        text = books
        for command in ("BuyBook", "LendBook", "DropBook", "GetBooks"):
            text = text.replace(command, f"{command}{number}x")
        text = text.replace('schemas/Book"', f'schemas/Book{number}"')
        text = text.replace('"Book": {', f'"Book{number}": {{')
        document = json.loads(text)
        drop = document["paths"][f"/DropBook{number}x"]["post"]
        for extra in range(3):
            command = f"Drop{number}x{extra}"
            again = drop | {"operationId": command, "x-method": f"delete_{extra}"}
            document["paths"][f"/{command}"] = {"post": again}
        (spec / f"group_{number}.json").write_text(json.dumps(document))
    return importing(spec)


def loaded_by(package, statement):
    code = f"import sys\n{statement}\nprint(*sorted(sys.modules))"
    search = [str(package.root), *sys.path]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:] = {search!r}\n{code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in done.stdout.split() if name.startswith(f"{package.name}.")]


def test_attributes_of_a_client_load_no_group(large):
    name = large.name
    both = f"import {name}._async_groups, {name}._sync_groups"
    assert loaded_by(large, both) == [f"{name}._async_groups", f"{name}._sync_groups"]


def test_index_loads_no_group(large):
    statement = f"import {large.name}._index, {large.name}._models_index, {large.name}._error_names"
    assert len(loaded_by(large, statement)) == 3


def test_a_group_loads_itself_and_what_is_shared(large):
    name = large.name
    statement = (
        f"from {name}._async_groups import AsyncGroups as A\na = A()\na._caller = 1\na.group_3"
    )
    loaded = loaded_by(large, statement)
    assert f"{name}.group_3.aio" in loaded
    assert f"{name}.group_3.blocking" not in loaded
    groups = {module.split(".")[1] for module in loaded}
    assert groups == {"_async_groups", "common", "group_3"}


def test_every_command_is_there(large):
    assert len(large.load("_index").COMMAND_MODULES) == 27 * 7
