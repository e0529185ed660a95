"""Plan files: what is written is read back, and nothing else is."""

import json
import stat
from hashlib import blake2b

import pytest

from tests.unit.plan.conftest import PROXY
from voxsip import ConfigurationError, InvalidArgumentError
from voxsip.plan import Plan, is_plan


@pytest.fixture
async def saved(account, tmp_path):
    _, client = account
    plan = await client.desired.plan(
        [
            {"sip_registration_id": 1, "user_id": 4},
            {"sip_registration_id": 4, "user_id": 1},
            {"sip_username": "née", "proxy": PROXY, "password": "hunter2"},
        ],
        source="rows.csv",
    )
    return plan.save(tmp_path / "tonight.plan")


async def test_what_is_saved_is_loaded(saved):
    loaded = Plan.load(saved.path)
    assert loaded == saved
    assert loaded.changes == saved.changes
    assert loaded.passwords == {}


async def test_a_plan_is_its_owners_and_holds_no_password(saved, tmp_path):
    path = tmp_path / "tonight.plan"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    head, *changes, foot = map(json.loads, path.read_text().splitlines())
    assert (head["format"], head["version"]) == ("voxsip-plan", 1)
    assert head["base_url"] == saved.base_url
    assert [one["change"] for one in changes] == [1, 2, 3]
    assert foot == {"digest": saved.digest, "changes": 3}
    assert "hunter2" not in path.read_text()
    assert list(tmp_path.iterdir()) == [path]
    assert is_plan(path)


async def test_a_plan_that_an_editor_saved_with_a_mark_or_in_utf_16_is_read(saved, tmp_path):
    text = (tmp_path / "tonight.plan").read_bytes().decode()
    marked = tmp_path / "marked.plan"
    for encoding in ("utf-8-sig", "utf-16"):
        marked.write_bytes(text.encode(encoding))
        assert is_plan(marked)
        assert Plan.load(marked).digest == saved.digest
    marked.write_bytes(text.replace('"takes"', '"gives"').encode("utf-16"))
    with pytest.raises(InvalidArgumentError, match="digest differs"):
        Plan.load(marked)


async def test_a_row_has_the_number_that_an_editor_shows(account, tmp_path):
    _, client = account
    rows = [
        {"sip_username": "née", "proxy": PROXY},
        {"sip_username": "b", "proxy": PROXY, "password": "x"},
    ]
    plan = await client.desired.plan(rows, source="rows.csv", lines=[2, 5])
    assert [(one.index, one.row) for one in plan.changes] == [(0, 2), (1, 5)]
    plan.save(tmp_path / "a.plan")
    _, *lines, _ = map(json.loads, (tmp_path / "a.plan").read_text().splitlines())
    assert [one["row"] for one in lines] == [2, 5]
    plan = await client.desired.plan(rows)
    assert [one.row for one in plan.changes] == [1, 2]


async def test_a_password_that_is_in_no_row_is_no_plan(saved, tmp_path):
    _rewrite(tmp_path / "tonight.plan", '"index":2,', "")
    with pytest.raises(InvalidArgumentError, match="make it again"):
        Plan.load(tmp_path / "tonight.plan")


def _rewrite(path, before, after):
    """Change a plan's lines, and its foot with them."""
    *lines, foot = path.read_bytes().replace(before.encode(), after.encode()).splitlines(True)
    assert before.encode() not in b"".join(lines)
    digest = blake2b(b"".join(lines), digest_size=32).hexdigest()
    path.write_bytes(
        b"".join(lines) + json.dumps({**json.loads(foot), "digest": digest}).encode() + b"\n"
    )


async def test_a_plan_cut_anywhere_is_refused(saved, tmp_path):
    whole = (tmp_path / "tonight.plan").read_bytes()
    cut = tmp_path / "cut.plan"
    for length in range(len(whole)):
        cut.write_bytes(whole[:length])
        with pytest.raises(InvalidArgumentError, match=r"cut short|not a plan|digest differs"):
            Plan.load(cut)


async def test_a_plan_edited_anywhere_is_refused(saved, tmp_path):
    whole = (tmp_path / "tonight.plan").read_bytes()
    edited = tmp_path / "edited.plan"
    for place in range(0, len(whole), 7):
        edited.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(InvalidArgumentError):
            Plan.load(edited)
    lines = whole.splitlines(keepends=True)
    edited.write_bytes(b"".join([lines[0], lines[2], lines[1], *lines[3:]]))
    with pytest.raises(InvalidArgumentError, match="edited"):
        Plan.load(edited)


async def test_another_version_is_refused(saved, tmp_path):
    path = tmp_path / "tonight.plan"
    path.write_text(path.read_text().replace('"version":1', '"version":2', 1))
    with pytest.raises(InvalidArgumentError, match="version 2 of the format"):
        Plan.load(path)


@pytest.mark.parametrize("content", [b"", b"\n", b"a,b\n1,2\n", b"[1]\n", b"\xff\xfe\n", b"null\n"])
async def test_what_is_no_plan_is_refused(content, tmp_path):
    path = tmp_path / "rows"
    path.write_bytes(content)
    assert not is_plan(path)
    with pytest.raises(InvalidArgumentError, match="not a plan"):
        Plan.load(path)


async def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigurationError, match="No such file"):
        Plan.load(tmp_path / "none")


async def test_only_a_plan_without_a_journal_is_written_over(saved, tmp_path):
    again = saved.save(tmp_path / "tonight.plan")
    assert again.digest == saved.digest
    (tmp_path / "tonight.plan.journal").touch()
    with pytest.raises(InvalidArgumentError, match="belongs to an earlier plan"):
        saved.save(tmp_path / "tonight.plan")
    (tmp_path / "rows.csv").write_text("a\n")
    with pytest.raises(InvalidArgumentError, match="something else is there"):
        saved.save(tmp_path / "rows.csv")
    with pytest.raises(ConfigurationError, match="No such file"):
        saved.save(tmp_path / "none" / "tonight.plan")


async def test_a_link_is_replaced_and_not_followed(saved, tmp_path):
    target = tmp_path / "target.plan"
    target.write_bytes((tmp_path / "tonight.plan").read_bytes())
    before = target.read_bytes()
    link = tmp_path / "link.plan"
    link.symlink_to(target)
    saved.save(link)
    assert not link.is_symlink()
    assert target.read_bytes() == before


async def test_a_file_name_that_is_no_text_is_written_as_well_as_can_be(account, tmp_path):
    _, client = account
    plan = await client.desired.plan([{"sip_registration_id": 1}], source="r\udcffws.csv")
    plan.save(tmp_path / "a.plan")
    assert Plan.load(tmp_path / "a.plan").source == "r\\udcffws.csv"


async def test_a_plan_with_refused_rows_is_not_saved(account, tmp_path):
    _, client = account
    plan = await client.desired.plan([{"sip_registration_id": 99}])
    with pytest.raises(InvalidArgumentError, match="1 refusal;"):
        plan.save(tmp_path / "tonight.plan")
    with pytest.raises(InvalidArgumentError, match="1 refusal;"):
        await client.desired.apply(plan, journal=tmp_path / "journal")
