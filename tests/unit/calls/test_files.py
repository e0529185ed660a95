"""Files up and down, over real sockets."""

import gzip
import tracemalloc
from email import message_from_bytes
from email.policy import HTTP
from pathlib import Path

import pytest
from aiohttp import web

import voxsip
from tests.support.answers import Answer
from voxsip._config import RetryPolicy

MIB = 1 << 20
CLIENTS = pytest.mark.parametrize("cls", [voxsip.AsyncClient, voxsip.Client], ids=["async", "sync"])


def boundary_of(request):
    return request.headers["Content-Type"].partition("boundary=")[2]


def streaming(size, *, promised=None, chunk=b"x" * (64 * 1024)):
    """Return an answer of so many bytes, of which more may have been promised."""

    async def answer(request):
        response = web.StreamResponse(headers={"Content-Type": "text/csv"})
        response.content_length = promised or size
        await response.prepare(request)
        for _ in range(size // len(chunk)):
            await response.write(chunk)
        if promised:
            request.transport.close()
        return response

    return answer


@CLIENTS
async def test_a_download_is_saved_whole(answer, connect, cls, tmp_path):
    server = await answer(Answer(b"a;b\n1;2\n"))
    path = tmp_path / "report.csv"
    side = connect(base_url=server.base_url, cls=cls)

    def save(client):
        return client.history.download_report(history_report_id=5).save(path)

    assert await side(save) == path
    assert path.read_bytes() == b"a;b\n1;2\n"
    assert list(tmp_path.iterdir()) == [path]


async def test_a_download_is_awaited_or_read_in_chunks(answer, connect):
    client = connect(base_url=(await answer(Answer(b"%PDF-1.7"))).base_url).client
    download = client.invoices.download(invoice_id=1)
    assert await download == b"%PDF-1.7"
    assert b"".join([chunk async for chunk in download.chunks()]) == b"%PDF-1.7"


async def test_a_list_is_downloaded_as_csv(answer, connect):
    server = await answer(Answer(b"task_id;status\n"))
    client = connect(base_url=server.base_url).client
    assert await client.call_lists.download_tasks(list_id=3) == b"task_id;status\n"
    assert server.requests[0].query["output"] == "csv"


async def test_a_large_file_takes_little_memory(answer, connect, tmp_path):
    size = 80 * MIB
    client = connect(base_url=(await answer(streaming(size))).base_url).client
    path = tmp_path / "large.csv"
    tracemalloc.start()
    try:
        await client.history.download_report(history_report_id=5).save(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert path.stat().st_size == size
    assert peak < 16 * MIB


@pytest.mark.parametrize("before", [None, b"older"])
async def test_a_download_cut_off_leaves_nothing_half_written(answer, connect, tmp_path, before):
    server = await answer(streaming(MIB, promised=2 * MIB))
    client = connect(base_url=server.base_url).client
    path = tmp_path / "report.csv"
    if before is not None:
        path.write_bytes(before)
    with pytest.raises(voxsip.TransportError):
        await client.history.download_report(history_report_id=5).save(path)
    assert [entry.read_bytes() for entry in tmp_path.iterdir()] == ([before] if before else [])


PACKED = gzip.compress(b"a;b\n")


@pytest.mark.parametrize(
    ("body", "encoding", "content"),
    [
        (PACKED, "gzip", b"a;b\n"),
        (PACKED, "X-GZIP", b"a;b\n"),
        (PACKED + gzip.compress(b"1;2\n"), "gzip", b"a;b\n1;2\n"),
        (gzip.compress(b""), "gzip", b""),
        (b"a;b\n", "identity", b"a;b\n"),
        (gzip.compress(bytes(16 * MIB)), "gzip", bytes(16 * MIB)),
        (PACKED, "", PACKED),
    ],
    ids=["gzip", "old name", "two members", "nothing", "plain", "much", "a .gz file"],
)
async def test_content_that_is_packed_for_transport_is_unpacked(
    answer, connect, body, encoding, content
):
    server = await answer(Answer(body, headers={"Content-Encoding": encoding} if encoding else {}))
    client = connect(base_url=server.base_url).client
    assert await client.history.download_report(history_report_id=5) == content
    assert server.requests[0].headers["Accept-Encoding"] == "gzip"


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"", "gzip"),
        (PACKED[:12], "gzip"),
        (PACKED[:-8], "gzip"),
        (PACKED[:-1], "gzip"),
        (PACKED + PACKED[:15], "gzip"),
        (PACKED[:-8] + bytes(8), "gzip"),
        (PACKED + b"x", "gzip"),
        (PACKED, "br"),
    ],
    ids=[
        *("nothing", "cut", "no checksum", "no length", "cut in the second member"),
        *("wrong checksum", "more than packed", "not asked for"),
    ],
)
async def test_packed_content_that_is_not_whole_leaves_nothing_behind(
    answer, connect, tmp_path, body, encoding
):
    """The length of the body is right: only what is packed in it tells."""
    server = await answer(Answer(body, headers={"Content-Encoding": encoding}))
    client = connect(base_url=server.base_url, policy=RetryPolicy(attempts=1)).client
    with pytest.raises(voxsip.TransportError, match="cut short"):
        await client.history.download_report(history_report_id=5).save(tmp_path / "report.csv")
    assert list(tmp_path.iterdir()) == []


async def test_an_error_that_is_packed_is_raised(answer, connect):
    body = gzip.compress(b'{"error": {"code": 351, "msg": "no such report"}}')
    server = await answer(Answer(body, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(voxsip.APIError) as caught:
        await connect(base_url=server.base_url).client.history.download_report(history_report_id=5)
    assert caught.value.code == 351


async def test_an_error_in_place_of_a_file_is_raised(answer, connect, tmp_path):
    refused = Answer({"error": {"code": 351, "msg": "no such report"}})
    client = connect(base_url=(await answer(refused)).base_url).client
    with pytest.raises(voxsip.APIError) as caught:
        await client.history.download_report(history_report_id=5).save(tmp_path / "report.csv")
    assert caught.value.code == 351
    assert list(tmp_path.iterdir()) == []


async def test_a_file_of_json_is_a_file(answer, connect):
    client = connect(base_url=(await answer(Answer([{"error": 1}]))).base_url).client
    assert await client.history.download_report(history_report_id=5) == b'[{"error":1}]'


async def test_a_download_begins_again_while_nothing_of_it_was_given(answer, connect):
    server = await answer(Answer(status=503), Answer(b"data"))
    side = connect(base_url=server.base_url, policy=RetryPolicy(attempts=2))
    assert await side.client.history.download_report(history_report_id=5) == b"data"
    assert len(server.requests) == 2


@CLIENTS
@pytest.mark.parametrize("as_path", [True, False])
async def test_a_file_is_uploaded_as_a_multipart_form(answer, connect, tmp_path, cls, as_path):
    content = b"phone;name\n1;\xc3\xa9\r\n"
    path = tmp_path / 'tasks "1".csv'
    path.write_bytes(content)
    seen = {}

    async def read(request):
        head = f"Content-Type: {request.content_type}; boundary={boundary_of(request)}\r\n\r\n"
        form = message_from_bytes(head.encode() + await request.read(), policy=HTTP)
        for part in form.iter_parts():
            name = part.get_param("name", header="content-disposition")
            seen[name] = part.get_payload(decode=True)
        seen.update(path=request.path, query=dict(request.query))
        return Answer({"result": True, "count": 1, "list_id": 7, "batch_id": "a"})

    side = connect(base_url=(await answer(read)).base_url, cls=cls)

    def create(client):
        return client.call_lists.create(
            rule_id=1,
            priority=1,
            max_simultaneous=2,
            num_attempts=3,
            name="Spring & autumn",
            file_content=path if as_path else content,
            delimiter=";",
        )

    assert (await side(create)).list_id == 7
    assert (seen["path"], seen["query"]) == ("/platform_api/CreateCallList", {})
    assert (seen["name"], seen["delimiter"], seen["rule_id"]) == (b"Spring & autumn", b";", b"1")
    assert seen["file_content"] == content


@pytest.mark.parametrize("value", [Path("nowhere.csv"), "text"])
async def test_a_file_that_is_not_there_is_refused_before_anything_is_sent(answer, connect, value):
    server = await answer(Answer({"result": True}))
    client = connect(base_url=server.base_url).client
    with pytest.raises(voxsip.InvalidArgumentError) as caught:
        await client.call_lists.append(file_content=value, list_id=1)
    assert caught.value.field == "file_content"
    assert server.requests == []


async def test_an_unpaged_list_is_one_page(answer, connect):
    server = await answer(Answer({"result": ["US", "DE"], "timezone": "UTC"}))
    client = connect(base_url=server.base_url).client
    pager = client.phone_numbers.list_account_countries()
    page = await pager
    assert list(page) == ["US", "DE"]
    assert (page.total_count, page.next_offset, page.other) == (2, None, {"timezone": "UTC"})
    assert [code async for code in pager] == ["US", "DE"]
    assert all(not request.query for request in server.requests)


async def test_pages_are_capped_where_the_service_caps_them(answer, connect):
    server = await answer(
        Answer({"result": [{"key": "a", "expires_at": 0}]}), Answer({"result": []})
    )
    client = connect(base_url=server.base_url).client
    keys = [item async for item in client.key_value_storage.list_keys(application_id=1)]
    assert keys[0].expires_at.year == 1970
    assert [request.query["count"] for request in server.requests] == ["50", "50"]
    with pytest.raises(voxsip.InvalidArgumentError, match="at most 50"):
        client.key_value_storage.list_keys(application_id=1, count=51)


@pytest.mark.parametrize("as_path", [True, False])
async def test_a_secret_file_is_uploaded_and_does_not_show(answer, connect, tmp_path, as_path):
    path = tmp_path / "cert.pem"
    path.write_bytes(b"PEM-to-be-hidden")
    seen = []

    async def read(request):
        seen.append((str(request.url), await request.read()))
        return Answer({"result": 1, "push_credential_id": 3})

    client = connect(base_url=(await answer(read)).base_url).client
    made = await client.push_credentials.add(
        push_provider_name="APPLE",
        cert_content=path if as_path else path.read_bytes(),
        cert_password="hidden",
    )
    assert made.push_credential_id == 3
    [(url, body)] = seen
    assert (b"PEM-to-be-hidden" in body, "hidden" in url) == (True, False)
    with pytest.raises(voxsip.InvalidArgumentError) as caught:
        await client.push_credentials.add(push_provider_name="APPLE", cert_content="PEM-hidden")
    assert "PEM-hidden" not in str(caught.value)


async def test_secrets_are_named_by_their_ids(answer, connect):
    server = await answer(Answer({"result": 1}))
    client = connect(base_url=server.base_url).client
    params = {"secret_id": [3], "application_id": 1}
    assert await client.call("DelSecret", params) == {"result": 1}
    assert dict(server.requests[0].query) == {"secret_id": "3", "application_id": "1"}
    await client.secrets.delete(secret_name=["a"], application_id=1)
