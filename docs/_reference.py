"""Write the reference pages that code determines: one for each generated group, the emulator's, the command line's."""

import inspect
import re
from importlib import import_module
from pathlib import Path

from sphinx.application import Sphinx

from voxsip import _generated, emulator
from voxsip._generated._models_index import MODELS
from voxsip.cli._app import app as cli

GROUPS = {
    path.parent.name: next(
        name
        for name, found in vars(import_module(f"voxsip._generated.{path.parent.name}.aio")).items()
        if inspect.isclass(found) and found.__module__.endswith(".aio")
    )
    for path in sorted(Path(_generated.__path__[0]).glob("*/aio.py"))
}
"""Attribute of the client to class."""
MADE_BY_OTHERS = {
    *(
        "AsyncBulk",
        "AsyncDesired",
        "AsyncPager",
        "Bulk",
        "BulkJob",
        "Desired",
        "Pager",
        "SyncBulkJob",
    ),
}
HIDDEN = "\ue000"
PAGE = """\
# {name}

`client.{name}`; the blocking client has the same methods without `await`.

```{{eval-rst}}
.. autoclass:: {module}.aio.{group}
   :members:
```
"""
MODEL = """
```{{eval-rst}}
.. autoclass:: voxsip.models.{model}
```
"""
EMULATOR = """\
# Emulator

{doc}

```{{eval-rst}}
.. currentmodule:: voxsip.emulator

{names}
```
"""
INDEX = """\
# Groups

What the commands of the API are as methods. A command that is not here is reached by `client.call`.

```{{toctree}}
{names}
models
```
"""


def write(app: Sphinx) -> None:
    """Write the pages, touching only those that changed."""
    folder = Path(app.srcdir, "reference", "groups")
    folder.mkdir(exist_ok=True)
    pages = {"index": INDEX.format(names="\n".join(GROUPS))}
    for name, group in GROUPS.items():
        module = f"voxsip._generated.{name}"
        pages[name] = PAGE.format(name=name, module=module, group=group)
        owned = [model for model, home in MODELS.items() if home == f"{module}.models"]
        if owned:
            pages[name] += "\n## Models\n"
        for model in owned:
            pages[name] += MODEL.format(model=model)
    shared = [model for model, home in MODELS.items() if home.endswith(".common.models")]
    pages["models"] = "# Shared models\n" + "".join(MODEL.format(model=model) for model in shared)
    pages["../emulator"] = EMULATOR.format(
        doc=inspect.getdoc(emulator),  # is Markdown
        names="\n\n".join(
            f".. autoclass:: {name}\n   :members:"
            if inspect.isclass(getattr(emulator, name))
            else f".. autofunction:: {name}"
            for name in emulator.__all__
        ),
    )
    pages["../cli"] = re.sub(
        r"## Table of Contents\n.*?(?=\*\*Commands)", "", cli.generate_docs(), flags=re.DOTALL
    ).replace("# voxsip\n", "# Command line\n", 1)
    for name, text in pages.items():
        page = folder / f"{name}.md"
        if not page.exists() or page.read_text() != text:
            page.write_text(text)


def hide_constructor(
    _app: Sphinx, _what: str, name: str, _obj: object, _options: object, *_signature: str
) -> tuple[str, None] | None:
    """Leave out how a class is made whose objects users only get from others."""
    made = name.rpartition(".")[2]
    return ("", None) if made in MADE_BY_OTHERS or made in GROUPS.values() else None


def keep_colon(
    _app: Sphinx, what: str, _name: str, _obj: object, _options: object, lines: list[str]
) -> None:
    """Hide a property's colons from napoleon, which would read what is before the first as a type."""
    if what == "property":
        lines[:] = [line.replace(":", HIDDEN) for line in lines]


def restore_colon(
    _app: Sphinx, _what: str, _name: str, _obj: object, _options: object, lines: list[str]
) -> None:
    """Bring them back."""
    lines[:] = [line.replace(HIDDEN, ":") for line in lines]


def setup(app: Sphinx) -> dict[str, bool]:
    """Join the build."""
    app.connect("builder-inited", write)
    app.connect("autodoc-process-signature", hide_constructor)
    app.connect("autodoc-process-docstring", keep_colon, priority=400)
    app.connect("autodoc-process-docstring", restore_colon, priority=600)
    return {"parallel_read_safe": True}
