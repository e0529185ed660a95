"""A Dask cluster of processes of their own: each may be killed; none is left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

DRIVER = Path(__file__).with_name("cluster_driver.py")
SHORT_LEASES = Path(__file__).with_name("short_leases")
PATIENCE = 120.0


class Processes:
    """Starts schedulers, workers and drivers; a context that ends them all.

    Attributes:
        logs: The files that their output goes to.
    """

    def __init__(self, folder, environment):
        self.folder = Path(folder)
        self.logs = []
        self._running = []
        self._environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(SHORT_LEASES), str(DRIVER.parents[2])]),
            "DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "debug",
            "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "5s",
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "100",
            **environment,
        }

    def start(self, *words, without=()):
        environment = {k: v for k, v in self._environment.items() if k not in without}
        log = self.folder / f"{len(self.logs)}.log"
        self.logs.append(log)
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, *words], stdout=out, stderr=out, env=environment, cwd=self.folder
            )
        process.log = log
        self._running.append(process)
        return process

    def scheduler(self):
        process = self.start(
            "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0",
            "--no-dashboard", "--no-show",
        )  # fmt: skip
        until(lambda: "Scheduler at:" in said(process), process)
        line = next(line for line in said(process).splitlines() if "Scheduler at:" in line)
        process.address = line.split()[-1]
        return process

    def worker(self, scheduler, without=()):
        return self.start(
            "-m", "distributed.cli.dask_worker", scheduler.address, "--nthreads", "1",
            "--no-nanny", "--no-dashboard", "--death-timeout", "10", without=without,
        )  # fmt: skip

    def driver(self, scheduler, job_id, *words):
        return self.start(str(DRIVER), scheduler.address, job_id, *words)

    def text(self):
        return "\n".join(log.read_text(errors="replace") for log in self.logs)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self._running:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()


def said(process):
    return process.log.read_text(errors="replace")


def until(condition, *processes):
    """Wait for something; show what processes said if it does not come, or if one of them ends first."""
    end = time.monotonic() + PATIENCE
    while not condition():
        ended = [process for process in processes if process.poll() is not None]
        if ended and not condition():
            raise AssertionError(f"it ended: {said(ended[0])[-5000:]}")
        if time.monotonic() > end:
            raise AssertionError(
                "\n".join(said(process)[-3000:] for process in processes) or "late"
            )
        time.sleep(0.02)


def kill(process):
    process.kill()
    process.wait()
