"""What an index would get: the wheel holds what the checkout holds, and its links lead somewhere."""

import re
import tomllib
from importlib.metadata import entry_points, files, version
from pathlib import Path

import pytest

import voxsip

ROOT = Path(__file__).parents[2]


def test_the_wheel_ships_every_module_the_spec_and_the_type_marker():
    shipped = {str(path) for path in files("voxsip")}
    if "voxsip/_version.py" not in shipped:
        pytest.skip("voxsip is installed as editable; tox installs the wheel")
    wanted = {
        str(path.relative_to(ROOT))
        for pattern in ("**/*.py", "spec/*.json", "py.typed")
        for path in (ROOT / "voxsip").glob(pattern)
    }
    assert "voxsip/spec/sip_registrations.json" in wanted
    assert wanted <= shipped


def test_the_version_is_that_of_the_package():
    assert version("voxsip") == voxsip.__version__


def test_the_command_is_there():
    [script] = entry_points(group="console_scripts", name="voxsip")
    assert script.value == "voxsip.cli:main"


def test_links_of_the_page_on_an_index_are_absolute_and_lead_to_files():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    base = project["urls"]["Homepage"] + "/blob/main/"
    links = re.findall(r"\]\(([^)]+)\)", (ROOT / "README.md").read_text())
    links += [link for link in project["urls"].values() if "/blob/" in link]
    assert links
    for link in links:
        assert link.startswith("https://"), link
        if link.startswith(base):
            assert (ROOT / link.removeprefix(base).partition("#")[0]).is_file(), link


def test_every_python_that_is_named_is_tested():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = {
        found[1] for text in project["classifiers"] if (found := re.search(r":: (3\.\d+)$", text))
    }
    tox = set(re.search(r"env_list = (.*)", (ROOT / "tox.ini").read_text())[1].split(", "))
    assert {f"py{name.replace('.', '')}" for name in named} <= tox
    workflow = (ROOT / ".github" / "workflows" / "test.yml").read_text()
    assert all(f'"{name}"' in workflow for name in named)
