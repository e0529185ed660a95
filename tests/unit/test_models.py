"""The public, lazy home of the models."""

import copy
import datetime as dt
import json
import pickle
import re
import subprocess
import sys
from decimal import Decimal
from operator import methodcaller
from types import NoneType, UnionType
from typing import get_args, get_origin, get_type_hints

import attrs
import orjson
import pytest

from tests.support.model_samples import filled
from voxsip import models
from voxsip._protocol.structuring import structurer
from voxsip.spec.document import operations


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


def every_model():
    return [getattr(models, name) for name in models.__all__]


def test_what_a_model_becomes_for_other_programs():
    registration = models.SipRegistration(
        sip_registration_id=7,
        sip_username="alice",
        purchase_date=dt.datetime(2026, 11, 28, 9, 30, tzinfo=dt.UTC),
        next_subscription_renewal=dt.date(2026, 12, 28),
        subscription_price=Decimal("1E+2"),
        successful=False,
    )
    plain = registration.to_dict()
    assert list(plain) == [member.name for member in attrs.fields(models.SipRegistration)]
    assert {name: value for name, value in plain.items() if value is not None} == {
        "sip_registration_id": 7,
        "sip_username": "alice",
        "purchase_date": "2026-11-28T09:30:00Z",
        "next_subscription_renewal": "2026-12-28",
        "subscription_price": "100",
        "successful": False,
    }
    assert dict(registration) == plain


def test_models_in_models_become_dicts_in_lists():
    period = models.InvoicePeriod(from_=dt.date(2026, 1, 1))
    assert period.to_dict()["from_"] == "2026-01-01"
    user = models.User(user_id=1, applications=(models.Application(application_id=2),))
    assert user.to_dict()["applications"][0]["application_id"] == 2


def test_secrets_are_left_out_unless_asked_for():
    info = filled(models.AccountInfo)
    reply = models.GetAccountInfoReply(result=info, api_address="api.example.com")
    for plain in (info.to_dict(), reply.to_dict()["result"], dict(info)):
        assert {"api_key", "callback_salt"}.isdisjoint(plain)
    assert reply.to_dict(secrets=True)["result"]["api_key"] == info.api_key


def test_every_model_is_taken_by_json_pickle_and_copy():
    for model in every_model():
        made = filled(model)
        assert json.loads(json.dumps(made.to_dict())) == orjson.loads(orjson.dumps(made.to_dict()))
        assert orjson.loads(orjson.dumps([made], default=methodcaller("to_dict"))) == [dict(made)]
        assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301 - our own
        assert copy.deepcopy(made) == copy.copy(made) == attrs.evolve(made) == made
        assert not hasattr(made, "__dict__")
        assert model.__slots__ is not None


def as_sent(value):
    """Plain data under the names that the service sends."""
    if isinstance(value, tuple):
        return [as_sent(item) for item in value]
    if attrs.has(type(value)):
        return {
            member.metadata.get("wire", member.name): as_sent(getattr(value, member.name))
            for member in attrs.fields(type(value))
        }
    if isinstance(value, dt.datetime):
        return value.isoformat(" ")
    return str(value) if isinstance(value, dt.date | Decimal) else value


def test_every_member_of_every_model_is_read_from_a_reply():
    for model in every_model():
        made = filled(model)
        assert structurer(model)(as_sent(made)) == made


MONEY = re.compile(r"price|cost|amount|balance")
NO_MONEY = (bool, str)
"""What a name with such a word may also be: a switch, or the name of a price group."""


def kinds_of(hint):
    """The types that stand in an annotation, without None and tuples."""
    if isinstance(hint, UnionType) or get_origin(hint) is tuple:
        for part in get_args(hint):
            yield from kinds_of(part)
    elif hint not in {NoneType, Ellipsis}:
        yield hint


def test_what_is_called_money_is_decimal():
    found = 0
    for model in every_model():
        hints = get_type_hints(model)
        for member in attrs.fields(model):
            if not MONEY.search(member.name) or member.name.endswith("_id"):
                continue
            for kind in kinds_of(hints[member.name]):
                if attrs.has(kind):  # whose own members are judged by their names
                    continue
                assert kind is Decimal or kind in NO_MONEY, f"{model.__name__}.{member.name}"
                found += kind is Decimal
    assert found > 40


def test_arguments_called_money_are_decimal():
    for command, operation in operations().items():
        for parameter in operation["parameters"]:
            schema = parameter["schema"]
            if MONEY.search(parameter["name"]) and schema["type"] in {"number", "integer"}:
                assert schema.get("format") == "decimal", (command, parameter["name"])


def test_plain_data_loads_no_pydantic():
    code = (
        "import sys, voxsip.models\n"
        "voxsip.models.BindSipRegistrationReply(result=1).to_dict()\n"
        "print('pydantic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
