"""A PostgreSQL server of one's own in a temporary folder: for the demo and for tests, not for data to keep.

It listens on a Unix socket only, asks for a password, and runs as another user if this process is root, which PostgreSQL
refuses to run as.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self

from voxsip._errors import ConfigurationError

INSTALL = "install it with: apt-get install postgresql"
_FOLDERS = ("/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/opt")
_UNPRIVILEGED = ("postgres", "nobody")
_START_TRIES = 1_000
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "200",
}


def find_programs() -> Path | None:
    """Return the newest folder of PostgreSQL's server programs, or None."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    programs = [path for folder in _FOLDERS for path in Path(folder).glob("*/bin/initdb")]
    newest = max(
        programs,
        key=lambda path: [int(n) for n in path.parts[-3].split(".") if n.isdigit()],
        default=None,
    )
    return None if newest is None else newest.parent


class LocalServer:
    """A running server; a context that ends it and removes its folder.

    Raises:
        ConfigurationError: PostgreSQL is not installed, or does not start.
    """

    def __init__(self) -> None:
        programs = find_programs()
        if programs is None:
            raise ConfigurationError(f"PostgreSQL: its server programs are not here; {INSTALL}")
        self._account = _unprivileged_account() if os.geteuid() == 0 else {}
        self._folder = Path(tempfile.mkdtemp(prefix="voxsip-pg-"))
        self.password: str = secrets.token_hex(8)
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._start(programs)
        except BaseException:
            self.stop()
            raise

    def dsn(self, database: str = "postgres") -> str:
        """Return the address of a database on this server."""
        return f"postgresql://voxsip:{self.password}@/{database}?host={self._folder}"

    def _start(self, programs: Path) -> None:
        password_file = self._folder / "password"
        password_file.write_text(self.password)
        password_file.chmod(0o600)
        if self._account:
            shutil.chown(self._folder, self._account["user"])
            shutil.chown(password_file, self._account["user"])
        data = self._folder / "data"
        options = ["-U", "voxsip", "-E", "UTF8", "--locale=C", "-A", "scram-sha-256", "--no-sync"]
        command: list[str | Path] = [programs / "initdb", "-D", data, *options]
        command.append(f"--pwfile={password_file}")
        made: subprocess.CompletedProcess[bytes] = subprocess.run(  # noqa: S603 - PostgreSQL's own program
            command, capture_output=True, check=False, cwd="/", **self._account
        )
        password_file.unlink()
        if made.returncode:
            text = made.stderr.decode(errors="replace").strip().splitlines()
            raise ConfigurationError(f"PostgreSQL: initdb failed: {text[-1] if text else '?'}")
        settings = {**_SETTINGS, "unix_socket_directories": str(self._folder)}
        given = [text for name, value in settings.items() for text in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - PostgreSQL's own program
                [*_ends_with_us(), programs / "postgres", "-D", data, *given],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,  # Ctrl-C at the terminal is for us, not for it
                **self._account,
            )
        self._wait(programs)

    def _wait(self, programs: Path) -> None:
        ready: list[str | Path] = [programs / "pg_isready", "-q", "-h", self._folder]
        for _ in range(_START_TRIES):
            if not subprocess.run(ready, check=False).returncode:  # noqa: S603 - PostgreSQL's own program
                return
            if self._process is None or self._process.poll() is not None:
                break
            time.sleep(0.05)
        raise ConfigurationError("PostgreSQL: the server does not start")

    @property
    def log(self) -> str:
        """What the server has logged."""
        return (self._folder / "log").read_text(errors="replace")

    def stop(self) -> None:
        """End the server and remove its folder; twice does no harm."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGINT)  # "fast": open sessions are cut
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _ends_with_us() -> list[str]:
    """Return what ends the server if this process is killed."""
    found = shutil.which("setpriv")
    return [] if found is None else [found, "--pdeathsig", "INT", "--"]


def _unprivileged_account() -> dict[str, Any]:
    for name in _UNPRIVILEGED:
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": name, "group": account.pw_gid, "extra_groups": []}
    raise ConfigurationError("PostgreSQL: it does not run as root; run voxsip as another user")
