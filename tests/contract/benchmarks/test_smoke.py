"""The benchmark runs, and says what it measured. What it measures is nobody's business here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )


@pytest.mark.slow
def test_quick_run_of_a_few_contenders(tmp_path):
    path = tmp_path / "results.json"
    names = ["voxsip", "bulk", "bulk-journal", "sync-threads", "aiohttp-tuned"]
    done = run("benchmarks", "--quick", "--contenders", ",".join(names), "--json", str(path))
    results = json.loads(path.read_text())
    assert list(results["contenders"]) == names
    for entry in results["contenders"].values():
        assert entry["cpu_us"] > 0
        assert entry["calls_per_second"] > 0
        assert entry["peak_mib"] > 0
        assert len(entry["rounds"]) == results["options"]["rounds"]
    assert set(results["slow"]) == {"voxsip", "aiohttp-tuned"}
    assert {"what", "limit", "value", "verdict"} <= set(results["targets"][0])
    assert "bind / aiohttp tuned, asyncio: CPU" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("journal", [False, True])
def test_memory_of_a_job(tmp_path, journal):
    done = run("benchmarks.growth", "11000", *([str(tmp_path / "job.sqlite")] if journal else []))
    found = json.loads(done.stdout)
    assert found["rows"] == 11_000
    assert 0 < found["idle"] <= found["most"]


@pytest.mark.slow
def test_planning():
    found = json.loads(run("benchmarks.plan", "3000").stdout)
    assert found["rows"] == 3000
    assert found["changes"] > 0
    assert found["peak_mib"] > 0


@pytest.mark.slow
def test_own_code_alone():
    [taken] = json.loads(run("benchmarks.own", "1").stdout)
    assert set(taken) == {"bind", "with_retry", "without"}


@pytest.mark.slow
def test_command_line():
    from benchmarks import command_line
    from benchmarks.stage import staged

    with staged(concurrency=8) as stage:
        found = command_line.measure(stage, 1, {"bind": (1, 150), "create": (1, 40)})
    assert set(found) == {
        *(f"{name}_us" for name in command_line.WAYS),
        *("bind_ratio", "create_ratio"),
    }


@pytest.mark.slow
def test_demo():
    found = json.loads(run("benchmarks.demo", "50").stdout)
    assert found["rows"] == 50


@pytest.mark.slow
def test_listing_and_importing():
    from benchmarks import parts
    from benchmarks.stage import staged

    with staged(concurrency=1) as stage:
        assert parts.listing(stage, 1)["ratio"] > 0
    assert parts.importing(1)["libraries_ms"] > 0
