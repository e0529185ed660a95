"""Marked secrets through the main paths, with everything that can speak speaking: nobody says a mark.

What is searched: standard output and error of every process with all loggers at DEBUG and asyncio's debug mode,
tracebacks with locals, reprs, pickles, journals byte by byte, reports, events. `tests/unit/redaction/test_secrets.py` has
the single cases, `tests/unit/bulk/journal/test_secrets.py` the journal while a job runs.
"""

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support import marked_secrets
from tests.support.forked_command import Forked, can_fork
from tests.support.forward_proxy import ForwardProxy
from tests.support.marked_secrets import MARKS, marked

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not can_fork({}, ""), reason="no pidfd_open here"),
]
HERE = Path(marked_secrets.__file__).parent
LIST = ("-m", "voxsip.cli", "registrations", "list")
FAULTS = """
seed = 3
[[fault]]
kind = "lose_reply"
share = 0.1
[[fault]]
kind = "http"
status = 502
share = 0.05
[[fault]]
kind = "truncated"
share = 0.05
[[fault]]
kind = "token_error"
times = [3, 30, 60, 90]
[[fault]]
kind = "error"
code = 2
when = "after"
share = 0.05
[[fault]]
kind = "wrong_shape"
shape = "no_code"
share = 0.05
"""


class House:
    """An emulator with faults, and processes that talk to it through a proxy; all that they say is kept."""

    def __init__(self, folder):
        self.folder = folder
        self.said = {}
        self.environment = {
            **{name: value for name, value in os.environ.items() if "VOXIMPLANT" not in name},
            "PYTHONPATH": os.pathsep.join([str(HERE / "site"), str(HERE.parents[1])]),
            "PYTHONASYNCIODEBUG": "1",
            "PYTHONUTF8": "1",
        }
        (folder / "faults.toml").write_text(FAULTS)
        served = (
            "--dir",
            folder / "served",
            "--registrations",
            "5",
            "--faults",
            folder / "faults.toml",
        )
        with (folder / "emulator.err").open("w") as errors:
            self.emulator = subprocess.Popen(
                [sys.executable, "-m", "voxsip.emulator", *map(str, served)],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=self.environment,
            )
        self.base_url = self.emulator.stdout.readline().strip()
        self.credentials = folder / "served" / "credentials.json"
        login = MARKS["proxy_user"], MARKS["proxy_password"]
        self.proxy = ForwardProxy(login=":".join(login))
        self.proxy.__enter__()
        user, password = (quote(word, safe="") for word in login)
        self.environment["HTTP_PROXY"] = f"http://{user}:{password}@{self.proxy.name}"
        self.environment["VOXIMPLANT_BASE_URL"] = self.base_url
        self.environment["VOXIMPLANT_CREDENTIALS"] = str(self.credentials)

    def __call__(self, *command, **environment):
        done = subprocess.run(
            [sys.executable, "-X", "dev", *map(str, command)],
            capture_output=True,
            cwd=self.folder,
            env={**self.environment, **environment},
            check=False,
        )
        self.said[" ".join(map(str, command))] = done.stdout + done.stderr
        return done

    def voxsip(self, *command, stdin="", **environment):
        """Run a command in a process that is forked from an interpreter of the same kind, whose imports are done."""
        words = [*map(str, command)]
        forked = Forked(
            words,
            self.folder,
            {**self.environment, **environment},
            flags=("-X", "dev"),
            python_path=self.environment["PYTHONPATH"],
        )
        done = subprocess.CompletedProcess(words, *forked.communicate_bytes(stdin))
        self.said[" ".join(words)] = done.stdout + done.stderr
        return done

    def close(self):
        self.proxy.__exit__()
        self.emulator.send_signal(signal.SIGTERM)
        out, _ = self.emulator.communicate(timeout=60)
        self.said["emulator"] = out.encode() + (self.folder / "emulator.err").read_bytes()

    def search(self, *, inputs):
        """Return what holds a mark: outputs, and files that were not written by the test."""
        self.close()
        found = {name: marked(text, self.credentials) for name, text in self.said.items()}
        for path in self.folder.rglob("*"):
            if path.is_file() and path not in inputs and path != self.credentials:
                found[str(path.relative_to(self.folder))] = marked(
                    path.read_bytes(), self.credentials
                )
        return {name: hits for name, hits in found.items() if hits}


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    yield made
    if made.emulator.poll() is None:
        made.close()


def test_the_search_finds_what_is_there(house):
    key = house.credentials.read_bytes()
    for text in (*MARKS.values(), key.decode().replace("\\n", "\n")):
        assert marked(f"before {text} after", house.credentials)
        assert marked(text.encode("utf-16-le"), house.credentials) or text not in MARKS.values()
    token = house.voxsip("token").stdout
    assert marked(token, house.credentials)
    assert not marked("nothing", house.credentials)


def test_a_program(house):
    done = house(HERE / "secret_program.py", house.base_url, house.credentials, house.folder)
    said = done.stdout.decode() + done.stderr.decode()
    assert "the end, with an error nobody catches" in said, said[-3000:]
    assert done.returncode == 1
    for expected in (
        "InvalidRequestError",
        "OutcomeUnknownError",
        "CancelledError",
        "DEBUG voxsip",
    ):
        assert expected in said
    assert (house.folder / "reports" / "report.json").exists()
    assert house.proxy.forwarded
    assert house.search(inputs=()) == {}


def test_the_command_line(house):
    rows = house.folder / "rows.csv"
    with rows.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["sip_username", "proxy", "password", "app"])
        for number in range(40):
            proxy = "has space" if number % 10 == 4 else "p.example"
            writer.writerow([f"phone-{number}", proxy, MARKS["password"], "app-1"])
    broken = house.folder / "broken.csv"
    broken.write_text(
        "sip_username,proxy,password,user_id\n"
        f"a,p,{MARKS['user_password']},x\n,,{MARKS['user_password']},\n"
        f'b,p,"{MARKS["user_password"]}\n'
    )
    secret = house.folder / "secret.txt"
    secret.write_text(MARKS["password"])
    nonsense = house.folder / "nonsense.json"
    nonsense.write_text(
        f'{{"account_id": 1, "key_id": "k", "private_key": "{MARKS["user_password"]}"}}'
    )

    bulk = ("bulk", "create", "rows.csv", "--yes", "--report", "reports")
    assert house.voxsip(*bulk, "--json", "--journal", "j1").returncode in {0, 1}, house.said
    assert house.voxsip(*bulk, "--journal", "j2", "--encoding", "form").returncode in {0, 1}
    assert house.voxsip("bulk", "resume", "j2", "--report", "again").returncode in {0, 1}
    assert house.voxsip("bulk", "create", "reports/failed.csv", "--yes").returncode in {0, 1}
    assert house.voxsip("bulk", "status", "j1").returncode == 0
    assert house.voxsip("bulk", "create", "broken.csv", "--yes").returncode == 2
    create = ("registrations", "create", "--sip-username", "ann")
    house.voxsip(*create, "--proxy", "p.example", "--password-file", "secret.txt")
    refused = house.voxsip(*create, "--proxy", "a b", "--password-file", "secret.txt")
    assert refused.returncode == 1
    house.voxsip("registrations", "update", "1", "--password-file", "-", stdin="M4RKtyped\n")
    house.voxsip("registrations", "list", "--json")
    assert house.voxsip("registrations", "list", "--credentials", nonsense).returncode == 3
    token = {"VOXIMPLANT_CREDENTIALS": "", "VOXIMPLANT_TOKEN": MARKS["token"]}
    assert house.voxsip("registrations", "list", **token).returncode == 3
    assert (house.folder / "reports" / "report.html").exists()
    assert house.proxy.forwarded
    assert b"DEBUG voxsip GetSipRegistrations" in house.said["registrations list --json"]
    assert house.search(inputs={rows, broken, secret, nonsense}) == {}


def test_desired_state(house):
    """Passwords of all kinds through plan and apply, with lost replies, broken ones and a kill in between."""
    secret = house.folder / "secret.txt"
    secret.write_text(MARKS["password"])
    rows = house.folder / "rows.csv"
    with rows.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["sip_username", "proxy", "password", "app"])
        passwords = (MARKS["password"], "env:SIP_PASSWORD", f"file:{secret}")
        for number in range(30):
            writer.writerow([f"phone-{number}", "p.example", passwords[number % 3], "app-1"])
        writer.writerow(["sip-1", "sip.example.com", MARKS["user_password"], "app-1"])
    refused = house.folder / "refused.csv"
    refused.write_text(
        "sip_username,proxy,password,user\n"
        f"a,p,{MARKS['user_password']},nobody\n"
        f"a,p,{MARKS['user_password']},\n"
        f"99,p,{MARKS['user_password']}\n"
    )
    known = {"SIP_PASSWORD": MARKS["password"]}

    def until(code, *command):
        for _ in range(30):  # the emulator fails some requests, reads too
            done = house.voxsip(*command, **known)
            if done.returncode == code:
                return done
        return pytest.fail(str(house.said))

    until(2, "plan", "refused.csv")
    until(2, "plan", "refused.csv", "--json")
    until(0, "plan", "rows.csv", "--set-passwords")
    until(0, "plan", "rows.csv", "--set-passwords", "--json", "--out", "tonight.plan")
    assert house.voxsip("plan", "rows.csv").returncode == 2, "the variable is not set"
    assert house.voxsip("apply", "tonight.plan").returncode == 2
    house.voxsip("apply", "tonight.plan", "--deadline", "0.05", "--json", **known)
    done = house.voxsip("apply", "tonight.plan", "--report", "reports", **known)
    assert done.returncode in {0, 1, 4}, done
    house.voxsip("apply", "rows.csv", "--set-passwords", "--yes", "--report", "again", **known)
    house.voxsip("export", "--jsonl")
    assert (house.folder / "tonight.plan.journal").exists()
    assert house.search(inputs={rows, refused, secret}) == {}


def test_a_credentials_file_that_others_can_read_is_warned_of_once(house):
    house.credentials.chmod(0o640)
    done = house(*LIST, PYTHONPATH=str(HERE.parents[1]))
    assert done.stderr.decode().count("others can read this credentials file") == 1
    house.credentials.chmod(0o600)
    done = house(*LIST, PYTHONPATH=str(HERE.parents[1]))
    assert b"others can read" not in done.stderr


def test_only_one_library_ever_sees_a_key(house):
    code = (
        "import sys, voxsip, voxsip.emulator\n"
        f"voxsip.Client({str(house.credentials)!r}).bearer()\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules}"
        " & {'ecdsa', 'rsa', 'Crypto', 'Cryptodome', 'nacl'}),"
        " [name for name in sys.modules if name in ('jose.backends.rsa_backend', 'jose.backends.ecdsa_backend')])"
    )
    done = house("-c", code)
    assert done.stdout.decode().split("\n")[0] == "[] []"
