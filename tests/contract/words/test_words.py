"""Phrases to avoid do not come back: in Markdown, in docstrings, comments and texts of Python files, and in names.

To avoid another phrase, add it to PHRASES with what to write instead.
"""

import ast
import io
import re
import token
import tokenize
from bisect import bisect_right

import pytest
from markdown_it import MarkdownIt

from tests.support.doc_pages import ROOT

PYTHON_ROOTS = ("benchmarks", "tools", "voxsip")
"""Folders whose hand-written Python files, and Markdown files, are checked as well, such as "voxsip"."""

GENERATED = ("docs/reference/groups/", "docs/reference/cli.md", "docs/reference/emulator.md")
"""Markdown made of docstrings and of the spec."""

PHRASES = {  # a space stands for any white space
    r"tells? whether": '"Returns whether …", or "checks whether"',
    r"go(es)? on(?! (sale|the|a|its|to standard)\b)": '"continue" or "resume"',
    r"went on(?! sale)": '"continued"',
    r"going on": '"in progress", or "continue"',
    r"under way": '"in flight" or "in progress"',
    r"anew": '"again"',
    r"in spite of": '"despite" or "although"',
    r"whoever": 'name who it is: "a client that …", "other users"',
    r"(?<=,) where (that|it|this) is": '"if that is"',
    r"takes? note of": '"record" or "note"',
    r"refus(ed|als?) for now": '"throttled"',
    r"look[-]ups?": '"lookup" (noun), "look up" (verb)',
    r"somebody else's?|someone else's?": '"another", "external", or name who it is',
    r"(held|holds?|holding) (\w+ ){0,6}against": '"compare … with"',
    r"shall": '"should", "must", or the present tense',
    r"before your eyes": "leave it out",
    r"behind \w+('s)? back": '"without notice"',
    r"already holds?|holds? already": '"already applied"',
    r"(passed|passes|read|reads) over(?! (pages|a|HTTP|TLS)\b)": '"skip" or "ignore"',
    r"at work": '"running", "in use", or name what happens',
    r"but for": '"except for"',
    r"mend(s|ed|ing)?": '"fix"',
    r"for ever": '"forever"',
    r"in silence": '"silently", or "without notice"',
    r"blocking twin|sync twin": '"the blocking client", with the same names',
    r"with less ado|as it pleases|machine pleases": "say what happens, with a number",
    r"no longer there": '"does not exist"',
    r"ever so often|every now and then": "a number",
    r"it is not for \w+ to": 'a sentence with a subject: "X must not …"',
    r"what (\w+ )?is to be done": 'name the step: "resume the job"',
}
SECTIONS = {r"^[ \t]*Arguments:[ \t]*$": '"Args:"', r"^[ \t]*Parameters:[ \t]*$": '"Args:"'}
FIRST_WORDS = {"Say": "Return", "Says": "Returns", "Tell": "Return"}
"""First words of docstrings to avoid."""
NO_NOUN = {
    "as",
    "at",
    "by",
    "for",
    "from",
    "in",
    "of",
    "on",
    "that",
    "to",
    "what",
    "when",
    "where",
    "which",
    "whose",
    "with",
}
"""First words of an entry of `Args:` or `Attributes:` that make it no noun phrase."""

LONGEST = 80
"""Characters of the first line of a docstring of a function or class in `voxsip/`."""

PHRASE = {
    re.compile(rf"\b(?:{pattern})\b".replace(" ", r"\s+"), re.IGNORECASE): better
    for pattern, better in PHRASES.items()
}
SECTION = {re.compile(pattern, re.MULTILINE): better for pattern, better in SECTIONS.items()}
ENTRY = re.compile(r"^    ([a-z_]\w*): ([a-zA-Z]+)\b", re.MULTILINE)
INLINE_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
OTHER = "\0"
"""Stands for a character that is not prose, so that no phrase reaches across it."""


def hidden(text):
    """Replace text by something of the same lines and columns that matches nothing."""
    return re.sub(r"\S", OTHER, text)


def prose_of_markdown(text):
    """Return the text with its code hidden: it shows programs, and what they print."""
    lines = text.splitlines(keepends=True)
    for fence in MarkdownIt().parse(text):
        if fence.type == "fence":
            first, last = fence.map
            lines[first:last] = [hidden(line) for line in lines[first:last]]
    return INLINE_CODE.sub(lambda code: hidden(code[0]), "".join(lines))


def prose_of_python(text):
    """Return the text with all but strings and comments hidden; strings side by side become one."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    prose, done = [], 0
    parts = {token.STRING, token.COMMENT, getattr(token, "FSTRING_MIDDLE", token.STRING)}
    edges = {getattr(token, f"FSTRING_{name}", token.STRING) for name in ("START", "END")}
    for found in tokenize.generate_tokens(io.StringIO(text).readline):
        start, end = (starts[line - 1] + column for line, column in (found.start, found.end))
        if found.type not in parts | edges or start < done:
            continue
        prose.append(hidden(text[done:start]))
        prose.append(blank_edges(text[start:end]) if found.type in parts else " " * (end - start))
        done = end
    prose.append(hidden(text[done:]))
    return INLINE_CODE.sub(lambda code: hidden(code[0]), "".join(prose))


def blank_edges(literal):
    """Replace what starts and ends a string or a comment by spaces."""
    edge = re.match(r"#[:!]?|[rbfuRBFU]{0,2}('''|\"\"\"|'|\")", literal)
    if edge is None:
        return literal
    quotes = len(edge[1] or "")
    inner = literal[edge.end() : len(literal) - quotes]
    return " " * edge.end() + inner + " " * quotes


def phrases(text, name):
    """Return a line for each phrase to avoid in a text whose code is hidden."""
    ends = [place.end() for place in re.finditer("\n", text)]
    return [
        f"{name}:{bisect_right(ends, match.start()) + 1}: {' '.join(match[0].split())!r}; write {better}"
        for pattern, better in (PHRASE | SECTION).items()
        for match in pattern.finditer(text)
    ]


def first_words(source, name):
    """Return a line for each docstring, and each entry of one, that starts with a word to avoid or too long a line."""
    found, short = [], name.startswith("voxsip/")
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        docstring = ast.get_docstring(node) or ""
        found += [
            f"{name}:{node.body[0].lineno}: entry {entry[1]!r} starts with {entry[2]!r}; write a noun phrase"
            for entry in ENTRY.finditer(docstring)
            if entry[2].lower() in NO_NOUN
        ]
        length = len(docstring.partition("\n")[0])
        if short and length > LONGEST and not isinstance(node, ast.Module):
            found.append(
                f"{name}:{node.body[0].lineno}: first line of {length} characters; write at most {LONGEST}"
            )
        words = docstring.split(maxsplit=1)
        if words and words[0] in FIRST_WORDS:
            line = node.body[0].lineno
            found.append(
                f"{name}:{line}: {words[0]!r} starts a docstring; write {FIRST_WORDS[words[0]]!r}"
            )
    return found


def places(text, name):
    """Return a line for each place of a file to word differently."""
    if name.endswith(".md"):
        return phrases(prose_of_markdown(text), name)
    return (
        phrases(prose_of_python(text), name) + first_words(text, name) + defined_names(text, name)
    )


def defined_names(source, name):
    """Return a line for each function and class whose name has a phrase to avoid."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            words = node.name.strip("_").replace("_", " ")
            found += [
                f"{name}:{node.lineno}: {node.name!r} has {match[0]!r}; write {better}"
                for pattern, better in PHRASE.items()
                if (match := pattern.search(words))
            ]
    return found


def files():
    """Give the files to check, relative to the repository."""
    folders = ["docs", "benchmarks", ".github", "examples", *PYTHON_ROOTS]
    found = {
        *ROOT.glob("*.md"),
        *(page for name in folders for page in (ROOT / name).rglob("*.md")),
    }
    found |= {source for name in PYTHON_ROOTS for source in (ROOT / name).rglob("*.py")}
    names = sorted(path.relative_to(ROOT).as_posix() for path in found)
    return [
        name
        for name in names
        if not name.startswith(GENERATED) and "/_build/" not in name and "/_generated/" not in name
    ]


@pytest.mark.once
def test_words_to_avoid():
    names = files()
    assert len(names) > 30
    found = [line for name in names for line in places((ROOT / name).read_text(), name)]
    for path in sorted((ROOT / "tests").rglob("*.py")):
        found += defined_names(path.read_text(), path.relative_to(ROOT).as_posix())
    assert not found, "\n".join(["words to avoid:", *found])


MARKDOWN = """\
# A job under
way

It goes on. `whoever` is code, ``and `anew` too``; the price goes on the bill.

```text
the job goes on
```

| cell | look-up |
"""

PYTHON = '''\
"""Tell whether the job
goes on."""

go, on = "go", "on"  # whoever
# calls under
# way
message = f"{go} in " f"spite of {on} anew" if go.whoever else "no `whoever`"


def run_anew():
    """Run.

    Arguments:
        shall: Of nothing.
    """
'''


@pytest.mark.once
def test_markdown_is_searched_across_lines_and_without_code():
    assert [line.rpartition("; write")[0] for line in places(MARKDOWN, "page.md")] == [
        "page.md:4: 'goes on'",
        "page.md:1: 'under way'",
        "page.md:10: 'look-up'",
    ]


@pytest.mark.once
def test_python_is_searched_in_strings_and_comments():
    assert sorted(line.rpartition("; write")[0] for line in places(PYTHON, "job.py")) == [
        "job.py:10: 'run_anew' has 'anew'",
        "job.py:11: entry 'shall' starts with 'Of'",
        "job.py:13: 'Arguments:'",
        "job.py:14: 'shall'",
        "job.py:1: 'Tell whether'",
        "job.py:1: 'Tell' starts a docstring",
        "job.py:2: 'goes on'",
        "job.py:4: 'whoever'",
        "job.py:5: 'under way'",
        "job.py:7: 'anew'",
        "job.py:7: 'in spite of'",
    ]


@pytest.mark.once
def test_first_lines_of_docstrings_are_short():
    source = '"""{0}"""\n\ndef run():\n    """{0}\n\n    {0}\n    """\n'
    fits, long = source.format("a" * LONGEST), source.format("a" * (LONGEST + 1))
    name = "voxsip/room/job.py"
    assert not first_words(fits, name)
    assert not first_words(long, "benchmarks/job.py")
    assert first_words(long, name) == [
        f"{name}:4: first line of {LONGEST + 1} characters; write at most {LONGEST}"
    ]
