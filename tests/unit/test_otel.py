"""OpenTelemetry: spans and metrics of calls by the conventions, under the caller's span, and no argument in any of them."""

import asyncio
import base64
import gc
import importlib
import sys
from urllib.parse import quote, quote_plus, urlsplit

import pytest
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, StatusCode, get_current_span

import voxsip
from tests.support.harness import counts
from voxsip.emulator import Fault, Faults
from voxsip.otel import BUCKETS, Telemetry

CLIENTS = pytest.mark.parametrize("cls", [voxsip.AsyncClient, voxsip.Client], ids=["async", "sync"])
INFO = "GetAccountInfo"
CREATE = "CreateSipRegistration"
SECRETS = {
    "sip_username": "M4RK user+é/&",
    "proxy": "m4rk.example.com",
    "password": "M4RKword-é%&/ \"'x",
    "auth_user": "M4RK=auth",
}


def info(client):
    return client.accounts.get_account_info()


class Sdk:
    """The SDK, with all that it records in memory."""

    def __init__(self, **options):
        self.exporter = InMemorySpanExporter()
        self.tracers = TracerProvider(**options)
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.reader = InMemoryMetricReader()
        self.meters = MeterProvider([self.reader])

    @property
    def telemetry(self):
        return Telemetry(tracer_provider=self.tracers, meter_provider=self.meters)

    @property
    def spans(self):
        return self.exporter.get_finished_spans()

    def points(self):
        """Return the data points of each metric, by its name."""
        data = self.reader.get_metrics_data()
        return {
            metric.name: (metric.unit, list(metric.data.data_points))
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    def close(self):
        self.tracers.shutdown()
        self.meters.shutdown()


@pytest.fixture
def sdk():
    sdk = Sdk()
    yield sdk
    sdk.close()


@CLIENTS
async def test_a_span_by_the_conventions_under_that_of_the_caller(serve, connect, sdk, cls):
    emulator = await serve()
    side = connect(emulator, cls=cls, on_event=sdk.telemetry)
    with sdk.tracers.get_tracer("app").start_as_current_span("request") as parent:
        await side(info)
        assert get_current_span() is parent
    span, _ = sdk.spans
    url = urlsplit(emulator.base_url)
    assert (span.name, span.kind) == (f"POST {url.path}/{INFO}", SpanKind.CLIENT)
    assert dict(span.attributes) == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "server.address": url.hostname,
        "server.port": url.port,
        "url.full": f"{emulator.base_url}/{INFO}",
        "voxsip.command": INFO,
    }
    assert span.parent.span_id == parent.get_span_context().span_id
    assert span.status.status_code is StatusCode.UNSET
    assert span.events == ()
    assert span.instrumentation_scope.version == voxsip.__version__


@CLIENTS
async def test_attempts_are_events_when_there_are_more_than_one(serve, connect, sdk, clock, cls):
    faults = [Fault(kind="http", status=502, times={1}), Fault(kind="error", code=340, times={2})]
    side = connect(await serve(faults=Faults(faults)), cls=cls, on_event=sdk.telemetry)
    await side(info)
    (span,) = sdk.spans
    attempt, retry = "voxsip.attempt", "voxsip.retry"
    assert [event.name for event in span.events] == [attempt, retry, attempt, retry, attempt]
    told = [dict(event.attributes) for event in span.events]
    common = {"voxsip.seconds": 0.0, "voxsip.queued": 0.0}
    assert told[0] == common | {
        "voxsip.attempt": 1,
        "http.response.status_code": 502,
        "error.type": "UnexpectedReplyError",
    }
    assert told[2] == common | {
        "voxsip.attempt": 2,
        "http.response.status_code": 200,
        "error.type": "RateLimitError",
        "voxsip.error_code": 340,
    }
    assert told[4] == common | {"voxsip.attempt": 3, "http.response.status_code": 200}
    assert [told[1]["voxsip.delay"], told[3]["voxsip.delay"]] == clock.delays
    assert span.attributes["http.request.resend_count"] == 2
    assert span.status.status_code is StatusCode.UNSET


@pytest.mark.parametrize(
    ("fault", "error", "expected"),
    [
        (
            Fault(kind="error", code=104),
            voxsip.ForbiddenError,
            {
                "http.response.status_code": 200,
                "error.type": "ForbiddenError",
                "voxsip.error_code": 104,
                "voxsip.status": "failed",
            },
        ),
        (
            Fault(kind="refuse"),
            voxsip.OutcomeUnknownError,
            {"error.type": "OutcomeUnknownError", "voxsip.status": "unknown"},
        ),
    ],
    ids=["refused", "unknown"],
)
async def test_a_call_that_fails_says_how(serve, connect, sdk, fault, error, expected):
    policy = voxsip.RetryPolicy(attempts=1)
    emulator = await serve(faults=Faults([fault]))
    side = connect(emulator, policy=policy, on_event=sdk.telemetry)
    await side.fails(error, info)
    (span,) = sdk.spans
    assert expected.items() <= dict(span.attributes).items()
    assert ("http.response.status_code" in span.attributes) is (
        "http.response.status_code" in expected
    )
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, error.__name__)
    assert [event.name for event in span.events] == ["voxsip.attempt"]


async def test_the_metric_is_of_every_attempt(serve, connect, sdk):
    faults = Faults([Fault(kind="error", code=340, first=1)])
    emulator = await serve(faults=faults)
    side = connect(emulator, on_event=sdk.telemetry)
    await side(info)
    await side(info)
    points = sdk.points()
    assert set(points) == {"http.client.request.duration"}
    unit, found = points["http.client.request.duration"]
    assert unit == "s"
    by_error = {point.attributes.get("error.type"): point for point in found}
    assert {error: point.count for error, point in by_error.items()} == {
        None: 2,
        "RateLimitError": 1,
    }
    assert found[0].explicit_bounds == BUCKETS
    url = urlsplit(emulator.base_url)
    assert dict(by_error[None].attributes) == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "server.address": url.hostname,
        "server.port": url.port,
        "voxsip.command": INFO,
    }


async def test_an_exemplar_names_the_span_of_its_call(serve, connect, sdk):
    side = connect(await serve(), on_event=sdk.telemetry)
    with sdk.tracers.get_tracer("app").start_as_current_span("request"):
        await side(info)
    _, (point,) = sdk.points()["http.client.request.duration"]
    assert [exemplar.span_id for exemplar in point.exemplars] == [sdk.spans[0].context.span_id]


async def test_what_the_sampler_drops_counts_in_metrics(serve, connect):
    sdk = Sdk(sampler=ALWAYS_OFF)
    side = connect(
        await serve(faults=Faults([Fault(kind="error", code=340, first=1)])), on_event=sdk.telemetry
    )
    await side(info)
    assert sdk.spans == ()
    _, found = sdk.points()["http.client.request.duration"]
    assert sum(point.count for point in found) == 2
    sdk.close()


@CLIENTS
async def test_two_of_them_nest(serve, connect, sdk, cls):
    side = connect(await serve(), cls=cls, on_event=[sdk.telemetry, sdk.telemetry])
    await side(info)
    inner, outer = sdk.spans
    assert (inner.parent, outer.parent) == (outer.context, None)
    assert not get_current_span().get_span_context().is_valid


async def test_without_an_sdk_nothing_happens(serve, connect):
    side = connect(await serve(), on_event=Telemetry())
    await side(info)


async def test_a_dropped_coroutine_ends_its_span(serve, connect, sdk, caplog):
    side = connect(await serve(), on_event=sdk.telemetry)
    call = info(side.client).__await__()
    call.send(None)
    call.close()
    del call
    gc.collect()
    (span,) = sdk.spans
    assert span.attributes["voxsip.status"] == "cancelled"
    assert not caplog.records


async def test_calls_at_once_have_spans_of_their_own(serve, connect, sdk):
    side = connect(await serve(), on_event=sdk.telemetry)
    await asyncio.gather(*(side(info) for _ in range(20)))
    assert [span.parent for span in sdk.spans] == [None] * 20
    assert not get_current_span().get_span_context().is_valid


def test_without_the_extra_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
    monkeypatch.delitem(sys.modules, "voxsip.otel")
    with pytest.raises(ImportError, match=r"install the extra: pip install 'voxsip\[otel\]'"):
        importlib.import_module("voxsip.otel")


def spellings(text):
    """Give the ways a value may stand in a span: as it is, in a URL, in a form, in base64."""
    yield text
    yield quote(text)
    yield quote(text, safe="")
    yield quote_plus(text)
    yield text.encode("unicode_escape").decode()
    yield base64.b64encode(text.encode()).decode().rstrip("=")


@CLIENTS
@pytest.mark.parametrize("encoding", ["auto", "form", "query"])
async def test_no_secret_beside_the_instrumentation_of_aiohttp(serve, connect, sdk, cls, encoding):
    lost = Fault(kind="lose_reply", command=CREATE, times={1})
    refused = Fault(
        kind="error", code=101, msg=f"{SECRETS['password']} is bad", command=CREATE, times={2}
    )
    emulator = await serve(faults=Faults([lost, refused]))
    instrumentor = AioHttpClientInstrumentor()
    instrumentor.instrument(tracer_provider=sdk.tracers, meter_provider=sdk.meters)
    try:
        side = connect(emulator, cls=cls, encoding=encoding, on_event=sdk.telemetry)
        await side(lambda client: client.sip_registrations.create(**SECRETS))
        other = SECRETS | {"sip_username": "M4RK second"}
        await side.fails(
            voxsip.InvalidRequestError, lambda client: client.sip_registrations.create(**other)
        )
        await side.close()
    finally:
        instrumentor.uninstrument()
    assert counts(emulator, CREATE)[0] == 2
    creates = [span for span in sdk.spans if span.attributes.get("voxsip.command") == CREATE]
    assert len(creates) == 2
    ids = {span.context.span_id for span in creates}
    inner = [span for span in sdk.spans if span.parent and span.parent.span_id in ids]
    urls = [span.attributes.get("http.url", span.attributes.get("url.full")) for span in inner]
    assert sum(CREATE in str(url) for url in urls) == 2  # aiohttp's own, for each attempt
    said = "".join(
        [span.to_json() + repr(span.attributes) + repr(span.events) for span in sdk.spans]
        + [repr(point) for _, found in sdk.points().values() for point in found]
    )
    assert side.client.bearer() not in said
    shown = any(spelling in said for spelling in spellings(SECRETS["password"]))
    assert shown is (encoding == "query")  # asked for: URLs hold it, and this search finds it
    own = "".join(
        span.to_json() for span in sdk.spans if span.instrumentation_scope.name == "voxsip"
    )
    for value in SECRETS.values():
        for spelling in spellings(value):
            assert spelling not in own
