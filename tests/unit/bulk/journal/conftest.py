"""Journals that are closed even where a test fails."""

import pytest

from voxsip.bulk._journal.interface import JobHeader
from voxsip.bulk._journal.journal import create_journal, open_journal


@pytest.fixture
async def journals(tmp_path):
    """Make or open a journal of this test's folder; all are closed at its end."""
    opened = []

    async def journal(name="job.sqlite", *, resume=False, **header):
        path = tmp_path / name
        if resume:
            made = await open_journal(path)
        else:
            made = await create_journal(path, JobHeader(**{"kind": "bind", **header}))
        opened.append(made)
        return made

    yield journal
    for made in opened:
        await made.close()
