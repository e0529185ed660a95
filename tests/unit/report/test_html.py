import html.parser
import re

import pytest

from voxsip import (
    BindRequest,
    InvalidArgumentError,
    NotFoundError,
    RateLimitError,
)
from voxsip._bindings.state import Binding
from voxsip.bulk import Mismatch
from voxsip.report._files import ReportWriter
from voxsip.report._plots import time_label, value_ticks, whole_buckets
from voxsip.report._series import TimeSeries

ROW = BindRequest(sip_registration_id=1, application_id=2)
VOID = {"meta", "link", "br"}


class Page(html.parser.HTMLParser):
    """Checks that elements nest, gathers what is shown and what is referred to."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.words, self.references = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.references += [value for name, value in attrs if name in {"href", "src", "srcset"}]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in {"style", "title"}:
            self.words.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.words))


@pytest.fixture
def page(tmp_path, job):
    def make(*outcomes, source="rows.csv", **report):
        now = iter(range(10**6))
        writer = ReportWriter(tmp_path, "bind", source, clock=lambda: next(now) * 0.5)
        with writer:
            return writer.finish(job(writer, *outcomes, **report))["report.html"].read_text(
                encoding="utf-8"
            )

    return make


def test_needs_nothing_but_itself(page):
    text = page((ROW, "done", {"elapsed": 0.1, "attempts": 1}))
    read = Page(text)
    assert read.references == []
    assert "script" not in read.tags
    assert "url(" not in text
    assert "@import" not in text
    assert "://" not in text
    assert "prefers-color-scheme: dark" in text


def test_shows_what_happened(page):
    read = Page(
        page(
            *[(ROW, "done", {"elapsed": 0.1, "attempts": 1})] * 1500,
            (ROW, "failed", {"error": NotFoundError("", code=116, command="X"), "attempts": 2}),
            (ROW, "failed", {"error": RateLimitError("", code=340, command="X"), "attempts": 1}),
            *[(ROW, "failed", {"error": InvalidArgumentError("no")})] * 3,
            (ROW, "skipped", {}),
            options={"concurrency": 64, "verify": True, "deadline": None},
        )
    )
    text = read.text
    assert "finished with 5 failed and 1 unsent rows" in text
    assert "Next: Correct the rows in failed.csv" in text
    assert "rows that are not done" in text.casefold()
    assert text.count("InvalidArgumentError") == 1
    assert "failed no" in text
    assert "1,500 done" in text
    assert "5 failed" in text
    assert "1 skipped, not sent" in text
    assert text.index("InvalidArgumentError") < text.index("116 INVALID_APPLICATION_ID")
    assert read.tags.count("svg") == 2
    assert "concurrency 64" in text
    assert "verify yes" in text
    assert "deadline" not in text


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ({}, "complete"),
        ({"mismatches": 0}, "verified"),
        ({"mismatches": 1}, "finished, and something differs"),
        ({"verify_error": "no list"}, "finished, not verified"),
        ({"stopped": "too many failures"}, "stopped: too many failures"),
    ],
)
def test_says_in_a_word_how_it_went(page, report, words):
    assert words in Page(page((ROW, "done", {"elapsed": 0.1}), **report)).text


def test_shows_the_first_of_many_differences(page):
    mismatched = [
        Mismatch(
            sip_registration_id=index,
            expected=Binding(1, None, -1),
            found=None if index % 2 else Binding(),
        )
        for index in range(20)
    ]
    text = Page(page((ROW, "done", {}), mismatches=20, mismatched=mismatched)).text
    assert "20 registrations are not bound" in text
    assert "application 1, user ? unbound" in text
    assert "no such registration" in text
    assert "8 more are in report.json" in text


def test_many_errors_are_summed_up(page):
    errors = [NotFoundError("", code=9000 + n, command="X") for n in range(20)]
    text = Page(page(*((ROW, "failed", {"error": error}) for error in errors))).text
    assert "8 others 8" in text


def test_text_from_outside_is_shown_as_text(page):
    nasty = '<script>alert("&")</script>'
    text = page(
        (ROW, "done", {"elapsed": 0.1}),
        source=nasty,
        options={nasty: nasty},
        stopped=nasty,
        verify_error=nasty,
    )
    read = Page(text)
    assert "script" not in read.tags
    assert nasty in read.text


def test_a_job_that_sent_nothing_has_no_plots(page):
    assert Page(page((ROW, "unchanged", {}))).tags.count("svg") == 0
    assert "held no rows" in Page(page()).text


def test_no_coordinate_is_off_the_drawing(page):
    text = page(
        *((ROW, "done", {"elapsed": 0.001 * 1.5**n}) for n in range(20)),
        (ROW, "failed", {"elapsed": 1000.0}),
    )
    assert "nan" not in text
    assert "inf" not in re.sub(r"<style>.*</style>", "", text, flags=re.DOTALL)
    for name, value in re.findall(r' (x|y|x1|x2|y1|y2)="([^"]+)"', text):
        assert -1 <= float(value) <= (860 if name.startswith("x") else 220)


@pytest.mark.parametrize(
    ("top", "ticks"),
    [
        (1.0, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (200, [0, 50, 100, 150, 200]),
        (201, [0, 50, 100, 150, 200, 250]),
        (0.034, [0, 0.01, 0.02, 0.03, 0.04]),
        (999, [0, 200, 400, 600, 800, 1000]),
    ],
)
def test_ticks_are_round(top, ticks):
    assert value_ticks(top) == pytest.approx(ticks)


@pytest.mark.parametrize("exponent", range(-6, 9))
@pytest.mark.parametrize("digits", [1.0, 1.01, 2.5, 4.99, 5.0, 9.99])
def test_there_are_few_ticks_and_they_reach_the_top(digits, exponent):
    top = digits * 10.0**exponent
    ticks = value_ticks(top)
    assert 4 <= len(ticks) <= 7
    assert ticks[-1] >= top * (1 - 1e-9)
    assert ticks[-2] < top


def test_times_are_labeled_as_people_write_them():
    labels = [time_label(seconds) for seconds in (0, 45, 60, 90, 600, 3600, 5400, 86400)]
    assert labels == ["0s", "45s", "1m", "1m30", "10m", "1h", "1h30", "24h"]


def test_an_instant_at_the_end_is_no_rate():
    series = TimeSeries()
    for step in range(100):
        series.add(step * 0.01, "done", 0.05)
    series.add(1.0001, "done", 0.05)
    buckets = whole_buckets(series.buckets())
    assert len(buckets) == 4
    assert sum(bucket.counts["done"] for bucket in buckets) == 101
    assert all(bucket.counts["done"] / bucket.seconds < 110 for bucket in buckets)
