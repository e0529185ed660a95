"""The generated package in the repository is what the generator makes of the spec there."""

import subprocess
import sys

from tools.codegen.__main__ import main


def test_generated_package_is_up_to_date(capsys):
    assert main(["--check"]) == 0, capsys.readouterr().out


def test_groups_of_the_client_load_lazily():
    code = (
        "import sys, voxsip._generated._async_groups, voxsip._generated._sync_groups\n"
        "print(*(name for name in sys.modules if name.startswith('voxsip._generated.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [
        "voxsip._generated._async_groups",
        "voxsip._generated._sync_groups",
    ]
