"""What is made of measurements: pairs, verdicts, tables, the plot."""

import json
import xml.etree.ElementTree as ET

import pytest

from benchmarks import publish
from benchmarks.contenders import CONTENDERS, Entry
from benchmarks.instructions import read_callgrind, read_perf
from benchmarks.measure import Sample, median, paired
from benchmarks.plot import Dot, draw
from benchmarks.report import Run, as_json, as_markdown, as_text
from benchmarks.targets import Findings, Target, cpu, judge


def sample(cpu_seconds, *, busy=0.1, wall=1.0):
    return Sample(
        calls=100,
        cpu=cpu_seconds,
        wall=wall,
        memory=50 << 20,
        responder_cpu=busy,
        served=100,
        connections=0,
    )


def findings(**changes):
    given = {
        "race": {
            "voxsip": [sample(2), sample(4), sample(6)],
            "aiohttp": [sample(4), sample(8), sample(6)],
            "vendor": [sample(1000), sample(2000), sample(3000)],
        },
        "slow": {"voxsip": [sample(1)], "aiohttp-tuned": [sample(1, wall=0.5)]},
        "instructions": {"voxsip": 60_000.0, "aiohttp-tuned": 40_000.0},
        "counter": "perf",
        "parts": {"own": {"bind_us": 12.0, "retry_us": 0.4}},
        "concurrency": 64,
        "latency": 0.05,
    }
    return Findings(**{**given, **changes})


@pytest.fixture
def run():
    machine = {
        "date": "2026-01-15 08:30 UTC",
        "python": "CPython 3.11",
        "system": "Linux",
        "processor": "one of many",
        "cores": 2,
        "versions": {"aiohttp": "3.14"},
        "load": 0.1,
    }
    return Run(
        machine=machine,
        options={"rounds": 3, "seconds": 1},
        findings=findings(),
        skipped={"httpx": "httpx is not installed"},
    )


def test_rounds_are_compared_pair_by_pair():
    race = findings().race
    assert median(race["voxsip"], cpu) == 0.04
    assert paired(race, "voxsip", "aiohttp", cpu) == 0.5  # of 0.5, 0.5 and 1


def test_targets_are_met_or_missed_by_so_much():
    assert Target("less", 1.08, 1.08).verdict == "met"
    assert Target("less", 0.5, 0.75).verdict == "missed by 50%"
    assert Target("more", 0.97, 0.9655, at_least=True).verdict == "missed by 0.5%"
    assert Target("more", 300, 301, at_least=True).met
    assert Target("less", 0.5, 0.75, decides=False).verdict == "(instructions decide)"


def test_what_was_not_measured_is_not_judged():
    words = [target.what for target in judge(findings())]
    assert "bind / aiohttp as written, asyncio: CPU" in words
    assert "bind / aiohttp tuned, asyncio: instructions" in words
    assert "retry layer when nothing fails" in words
    assert not any("bulk" in word or "uvloop" in word for word in words)
    assert judge(findings(race={}, slow={}, instructions={}, parts={})) == []


def test_own_code_is_what_comes_on_top_of_aiohttp_tuned():
    [own] = [target for target in judge(findings()) if target.what.startswith("own code")]
    assert (own.value, own.unit, own.met) == (20, "k instructions", True)


def test_a_run_as_text(run):
    text = as_text(run)
    assert "httpx (httpx is not installed)" in text
    assert "missed by" in text
    assert "voximplant-apiclient" in text


def test_a_responder_at_its_limit_is_said(run):
    full = findings(race={"bare": [sample(1, busy=0.95)]})
    assert "*" not in as_text(run)
    assert "100*" in as_text(Run(machine=run.machine, options={}, findings=full, skipped={}))


def test_a_run_as_json(run):
    results = json.loads(json.dumps(as_json(run)))
    assert results["contenders"]["voxsip"]["instructions"] == 60_000
    assert len(results["contenders"]["voxsip"]["rounds"]) == 3
    assert results["own"]["retry_us"] == 0.4


def test_tables_in_markdown_are_even(run):
    rows = [line for line in as_markdown(run).splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} <= {8, 4, 5}


def test_publishing_keeps_what_was_written_by_hand(run, tmp_path, monkeypatch):
    monkeypatch.setattr(publish, "ROOT", tmp_path)
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "docs").mkdir()
    publish.publish(run)
    results = tmp_path / "benchmarks" / "RESULTS.md"
    results.write_text(results.read_text() + "\nWhy it missed.\n")
    publish.publish(run)
    assert results.read_text().endswith(f"{publish.NOTES}\n\nWhy it missed.\n")
    assert json.loads((tmp_path / "benchmarks" / "results.json").read_text())["targets"]
    ET.parse(tmp_path / "docs" / "speed.svg")  # noqa: S314 - our own


@pytest.mark.parametrize("values", [[5], [26.0, 170.0, 96_000.0], [1, 1_000_000]])
def test_the_plot_is_xml_with_a_dot_each(values):
    plot = draw("CPU & <time>", "a note", [Dot(f"{v} <b>", v, ours=True) for v in values])
    root = ET.fromstring(plot)  # noqa: S314 - our own
    dots = root.findall(".//{http://www.w3.org/2000/svg}circle")
    assert len(dots) == len(values)
    assert all(0 <= float(dot.get("cx")) <= 760 for dot in dots)


def test_counters_are_read():
    assert read_perf("# started\n\n812345,,instructions:u,1000,100.00,,\n") == 812_345
    assert read_callgrind("events: Ir\nsummary: 0\n\ntotals: 728391998\n") == 728_391_998
    with pytest.raises(ValueError, match="no sum"):
        read_callgrind("events: Ir\n")


def test_missing_packages_are_named():
    assert Entry(label="x", maker="x:x", needs=("json", "no_such_thing")).missing == "no_such_thing"
    assert Entry(label="x", maker="x:x", needs=("no_such.thing",)).missing == "no_such.thing"
    assert Entry(label="x", maker="x:x").missing is None
    assert CONTENDERS["voxsip"].missing is None
