"""The options of jobs: one list for both clients, for jobs on several machines and for plans."""

import traceback

import attrs
import pytest

from tests.support.emulators import received
from voxsip import InvalidArgumentError
from voxsip.bulk import (
    AsyncBulk,
    BindOptions,
    Bulk,
    CreateOptions,
    JobOptions,
    ResumeOptions,
)
from voxsip.bulk._options import Options

OF_METHODS = {
    "bind": BindOptions,
    "create": CreateOptions,
    "delete": JobOptions,
    "resume": ResumeOptions,
}
ABOUT_INPUT = {"journal", "source", "checksum"}


def start(bulk, method, **options):
    rows = [{"sip_registration_id": 1}]
    return getattr(bulk, method)(*(["jobs.db"] if method == "resume" else []), rows, **options)


@pytest.mark.parametrize("method", OF_METHODS)
def test_every_option_that_is_listed_is_one_of_a_job(method):
    checked = {field.name for field in attrs.fields(Options)}
    assert OF_METHODS[method].__optional_keys__ <= checked | ABOUT_INPUT
    assert not OF_METHODS[method].__required_keys__


def test_every_option_of_a_job_can_be_given_to_some_method():
    listed = set().union(*(options.__optional_keys__ for options in OF_METHODS.values()))
    assert {field.name for field in attrs.fields(Options)} <= listed


@pytest.mark.parametrize("method", OF_METHODS)
@pytest.mark.parametrize("blocking", [False, True])
async def test_a_name_that_is_no_option_is_refused_as_python_does(account, method, blocking):
    emulator, client = account
    bulk = Bulk(client.bulk, None) if blocking else client.bulk
    with pytest.raises(TypeError) as caught:
        start(bulk, method, concurency=3)
    assert str(caught.value) == (
        f"{method}() got an unexpected keyword argument 'concurency'; did you mean 'concurrency'?"
    )
    assert received(emulator) == 0


@pytest.mark.parametrize(
    ("method", "option"),
    [
        ("bind", "check_funds"),
        ("create", "verify"),
        ("delete", "verify"),
        ("bind", "recovery_delay"),
        ("resume", "source"),
    ],
)
async def test_options_of_other_jobs_are_refused(account, method, option):
    _, client = account
    with pytest.raises(TypeError, match=f"{method}.* '{option}'"):
        start(client.bulk, method, **{option: None})


async def test_a_resumed_job_takes_none_for_not_given(account):
    _, client = account
    job = start(client.bulk, "resume", concurrency=None, verify=None, deadline=None)
    assert job.concurrency == 64


@pytest.mark.parametrize("name", ["skip_unchanged", "verify", "check_funds"])
@pytest.mark.parametrize("value", ["no", 0, 1])
async def test_a_flag_is_true_or_false(account, name, value):
    _, client = account
    with pytest.raises(
        InvalidArgumentError, match=f"{name}: expected True or False, got {value!r}"
    ):
        start(client.bulk, "resume", **{name: value})


@pytest.mark.parametrize("name", ["source", "checksum"])
@pytest.mark.parametrize("value", [5, ""])
async def test_what_is_kept_of_the_input_is_text(account, name, value):
    _, client = account
    with pytest.raises(InvalidArgumentError, match=f"{name}: expected text, got"):
        start(client.bulk, "bind", **{name: value})


@pytest.mark.parametrize("journal", [5, b"jobs.db", object(), ""])
@pytest.mark.parametrize("method", OF_METHODS)
async def test_a_journal_that_is_no_path_is_named(account, method, journal):
    _, client = account
    rows = [{"sip_registration_id": 1}]
    with pytest.raises(InvalidArgumentError, match="journal: expected a path or an address"):
        if method == "resume":
            client.bulk.resume(journal, rows)
        else:
            start(client.bulk, method, journal=journal)


@pytest.mark.parametrize("method", OF_METHODS)
@pytest.mark.parametrize("cls", [AsyncBulk, Bulk])
async def test_a_mistake_shows_no_password_of_an_address(account, method, cls):
    _, client = account
    bulk = client.bulk if cls is AsyncBulk else Bulk(client.bulk, None)
    address = "postgresql://jobs:marked-secret@127.0.0.1/jobs#night"
    rows = [{"sip_registration_id": 1, "password": "marked-secret"}]
    try:
        if method == "resume":
            bulk.resume(address, rows, concurrency=0)
        else:
            getattr(bulk, method)(rows, journal=address, concurrency=0)
    except InvalidArgumentError as error:
        shown = traceback.TracebackException.from_exception(error, capture_locals=True)
        frames = [frame for frame in shown.stack if "/voxsip/" in frame.filename]
        said = "".join(str(frame.locals) for frame in frames) + "".join(
            shown.format_exception_only()
        )
    assert frames
    assert "concurrency" in said
    assert "marked-secret" not in said
