"""The wheel holds what the checkout holds."""

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
