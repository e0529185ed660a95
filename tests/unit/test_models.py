"""The public, lazy home of the models."""

import subprocess
import sys

import attrs
import pytest

from voxsip import models


def test_models_are_the_generated_ones():
    from voxsip._generated.sip_registrations.models import SipRegistration

    assert models.SipRegistration is SipRegistration


def test_every_model_can_be_had_by_name():
    assert {"ShortAccountInfo", "SipRegistration", "User"} <= set(models.__all__)
    assert all(attrs.has(getattr(models, name)) for name in models.__all__)
    assert set(models.__all__) <= set(dir(models))


def test_unknown_name_is_no_attribute():
    with pytest.raises(AttributeError, match="has no attribute 'SipRegistratoin'"):
        _ = models.SipRegistratoin


def test_models_load_one_group_at_a_time():
    code = (
        "import sys\n"
        "from voxsip.models import User\n"
        "print(*sorted(name for name in sys.modules if name.startswith('voxsip.') and name.endswith('models')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [
        "voxsip._generated.common.models",
        "voxsip._generated.users.models",
        "voxsip.models",
    ]
