"""Passwords by reference: found, or refused in words that show nothing of them."""

import keyring
import pytest
from keyring.backend import KeyringBackend

from voxsip.plan._passwords import IN_ROW, read_password, reference_of
from voxsip.plan._rows import Fault


class MemoryKeyring(KeyringBackend):
    priority = 1

    def __init__(self):
        super().__init__()
        self.entries = {}
        self.broken = False

    def get_password(self, service, username):
        if self.broken:
            raise RuntimeError("locked: canary")
        return self.entries.get((service, username))

    def set_password(self, service, username, password):
        self.entries[service, username] = password


@pytest.fixture
def ring():
    before, own = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(own)
    yield own
    keyring.set_keyring(before)


def test_a_keyring_is_asked(ring):
    ring.set_password("voxsip/prod", "alice", "canary")
    found = read_password("keyring:voxsip/prod/alice")
    assert found == "canary"
    assert "canary" not in repr(found) + str(found) + f"{found}"


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("keyring:voxsip/bob", "has no such entry"),
        ("keyring:voxsip", "names no entry"),
        ("keyring:/alice", "names no entry"),
        ("env:VOXSIP_NO_SUCH", "is not set"),
        ("env:", "is not set"),
        ("file:no/such/file", "No such file"),
        ("file:.", "Is a directory"),
    ],
)
def test_a_reference_that_leads_nowhere(ring, reference, message):
    with pytest.raises(Fault, match=message) as caught:
        read_password(reference)
    assert caught.value.remedy


def test_a_keyring_that_is_locked(ring):
    ring.broken = True
    with pytest.raises(Fault, match=r"cannot be read \(RuntimeError\)") as caught:
        read_password("keyring:voxsip/alice")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "it is empty"), (b"\n", "it is empty"), (b"canary\nmore\n", "more than one line"), (b"\xff", "not UTF-8"), (b"x" * 5000, "more than one line")],
)  # fmt: skip
def test_a_file_that_is_no_password(tmp_path, content, message):
    (tmp_path / "secret").write_bytes(content)
    with pytest.raises(Fault, match=message) as caught:
        read_password(f"file:{tmp_path / 'secret'}")
    assert "canary" not in str(caught.value)


def test_what_a_plan_keeps_of_a_password(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert reference_of("hunter2") == IN_ROW
    assert reference_of("plain:env:hunter2") == IN_ROW
    assert reference_of("env:NAME") == "env:NAME"
    assert reference_of("keyring:a/b") == "keyring:a/b"
    assert reference_of("file:secret") == f"file:{tmp_path / 'secret'}"
    assert read_password("plain:env:hunter2") == "env:hunter2"
    assert read_password("plain:-") == "-"
    assert read_password("hunter2") == "hunter2"
