"""Everything awaited has a blocking counterpart: same names, same arguments, same words, and a result instead of a promise."""

import inspect
import re

import pytest

import voxsip
from tests.support.marks import MARK, frames
from voxsip._generated._async_groups import AsyncGroups
from voxsip._generated._index import SECRETS
from voxsip._generated._sync_groups import SyncGroups


def public(kind):
    return {name: member for name, member in inspect.getmembers(kind) if not name.startswith("_")}


def clients():
    return [
        kind(token="t", base_url="http://127.0.0.1:1/platform_api")
        for kind in (voxsip.AsyncClient, voxsip.Client)
    ]


def groups():
    awaited, blocking = clients()
    for name in public(AsyncGroups):
        yield name, type(getattr(awaited, name)), type(getattr(blocking, name))


def methods():
    return [f"{group}.{name}" for group, awaited, _ in groups() for name in public(awaited)]


def twins(path):
    group, method = path.split(".")
    for name, awaited, blocking in groups():
        if name == group:
            return getattr(awaited, method), getattr(blocking, method)
    raise LookupError(group)


def parameters(function):
    return list(inspect.signature(function).parameters.values())


def result(annotation):
    """Return what an awaited result's annotation says once it is there."""
    match = re.fullmatch(r"Coroutine\[Any, Any, (.+)\]", annotation)
    return (
        match[1]
        if match
        else annotation.replace("AsyncPager[", "Pager[").replace("AsyncDownload", "Download")
    )


def test_every_group_has_a_twin_with_the_same_methods():
    assert public(AsyncGroups).keys() == public(SyncGroups).keys()
    for group, awaited, blocking in groups():
        assert blocking.__name__ == awaited.__name__.removeprefix("Async"), group
        assert public(awaited).keys() == public(blocking).keys(), group


@pytest.mark.parametrize("path", methods())
def test_methods_differ_in_nothing_but_the_waiting(path):
    awaited, blocking = twins(path)
    assert parameters(blocking) == parameters(awaited)
    expected = result(inspect.signature(awaited).return_annotation)
    assert inspect.signature(blocking).return_annotation == expected
    assert "Coroutine" not in expected
    assert inspect.getdoc(blocking)
    assert not inspect.iscoroutinefunction(blocking)


class Broken:
    """Fails whatever a method does after its first statements."""

    def __getattr__(self, name):
        raise KeyError(name)


@pytest.mark.parametrize("path", methods())
def test_methods_conceal_their_secrets_first(path):
    for method in twins(path):
        names = [parameter.name for parameter in parameters(method)[1:]]
        if not SECRETS.intersection(names):
            continue  # nothing to conceal
        with pytest.raises(KeyError) as caught:
            method(Broken(), **dict.fromkeys(names, MARK))
        [frame] = frames(caught.value)
        shown = {name for name in names if MARK in repr(frame.f_locals[name])}
        assert shown == set(names) - SECRETS


def test_the_clients():
    awaited, blocking = public(voxsip.AsyncClient), public(voxsip.Client)
    assert awaited.keys() == blocking.keys()
    assert parameters(voxsip.Client) == parameters(voxsip.AsyncClient)
    for name, method in awaited.items():
        if inspect.isfunction(method):
            assert parameters(blocking[name]) == parameters(method), name
            ours = inspect.signature(blocking[name]).return_annotation
            theirs = inspect.signature(method).return_annotation
            assert ours == theirs, name


def test_the_bulk_jobs():
    awaited, blocking = (type(client.bulk) for client in clients())
    assert public(awaited).keys() == public(blocking).keys()
    for name, method in public(awaited).items():
        ours = [parameter.name for parameter in parameters(public(blocking)[name])]
        theirs = [parameter.name for parameter in parameters(method)]
        assert ours == theirs, name


def test_the_pagers():
    assert public(voxsip.AsyncPager).keys() - public(voxsip.Pager).keys() == {"page_at"}
    assert hasattr(voxsip.Pager, "__iter__")
