"""Read a Markdown page as a newcomer would: run what it says, in order, and compare what it shows.

A ``python`` block is a whole program, a ``bash`` block a script; both run. A ``text`` block right after one
is what it prints, with ``...`` for what varies. A ``sh`` block is shown, not run: it installs or serves.
"""

from pathlib import Path

import attrs
from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@attrs.frozen
class Block:
    """One fenced block: its language, its text, the line it starts at, and what it should print."""

    language: str
    text: str
    line: int
    expected: str | None = None


def blocks(page):
    """Give the page's fenced blocks, those with output joined to it."""
    tokens = MarkdownIt().parse(page.read_text())
    found = []
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type != "fence":
            continue
        block = Block(token.info.strip(), token.content, token.map[0] + 2)
        if block.language == "text" and found and before.type == "fence":
            found[-1] = attrs.evolve(found[-1], expected=block.text)
        else:
            found.append(block)
    return found


def commands(page, program):
    """Give every line of the page's shell blocks that calls this program, as words."""
    lines = (
        line
        for block in blocks(page)
        if block.language in {"sh", "bash"}
        for line in block.text.replace("\\\n", " ").splitlines()
    )
    return [line.split() for line in lines if line.split()[:1] == [program]]
