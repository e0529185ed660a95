"""Write the reference pages that code determines: for each generated group, the emulator and the command line."""

import inspect
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from sphinx.application import Sphinx

from voxsip import _generated, emulator
from voxsip._bindings.registrations import AsyncRegistrations
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
"""The class of each attribute of the client."""
WRITTEN_BY_HAND = {"sip_registrations": AsyncRegistrations}
"""Classes that add methods to those of a group, by attribute of the client."""
TWINS = {group.removeprefix("Async") for group in GROUPS.values()}
MADE_BY_OTHERS = {
    "AsyncBulk",
    "AsyncCluster",
    "AsyncDesired",
    "AsyncPager",
    "Bulk",
    "BulkJob",
    "Cluster",
    "ClusterJob",
    "Desired",
    "JobProgress",
    "JobStatus",
    "Pager",
    "PartSummary",
    "SyncBulkJob",
    "SyncClusterJob",
}
"""Classes whose objects users get from a client, a job or a function."""
HIDDEN = "\ue000"
PAGE = """\
# {name}

{text}

`client.{name}` is of class `{group}` in `AsyncClient`, and of class `{twin}` in `Client`. Both have the same methods.

```{{eval-rst}}
.. autoclass:: {module}.aio.{group}
   :no-members:

.. autoclass:: {module}.blocking.{twin}
   :no-members:
```
"""
METHOD = """
## {name}

| | async | sync |
|---|---|---|
| call | `{awaited}` | `{blocking}` |
| returns | `{result}` | `{twin_result}` |

```{{eval-rst}}
.. automethod:: {path}.{name}
```
"""
RESULTS = (
    (r"AsyncPager\[(.+)\]", "async for item in {}:", "for item in {}:", "Pager[{}]"),
    (r"AsyncDownload", "await {}.save(path)", "{}.save(path)", "Download"),
    (r"Coroutine\[Any, Any, (.+)\]", "await {}", "{}", "{}"),
)
"""The annotation of a method, its call in async and in blocking code, and what the blocking method returns."""
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

Each group has a page that lists its commands as methods. To send a command that is not here, use `client.call`.

```{{toctree}}
{names}
models
```
"""


def group_page(name: str, module: str, group: str) -> str:
    """Return the page of a group: its methods, as both clients have them."""
    found = getattr(import_module(f"{module}.aio"), group)
    text = (inspect.getdoc(found) or "").replace("\n", " ")
    twin = group.removeprefix("Async")
    page = PAGE.format(name=name, text=text, module=module, group=group, twin=twin)
    for cls in filter(None, (found, WRITTEN_BY_HAND.get(name))):
        for method, function in vars(cls).items():
            if inspect.isfunction(function) and not method.startswith("_"):
                page += method_part(name, cls, method, function)
    return page


def method_part(name: str, cls: type, method: str, function: Callable[..., object]) -> str:
    """Return the section of a method on its group's page."""
    annotation = inspect.signature(function).return_annotation
    if inspect.iscoroutinefunction(function):
        annotation = f"Coroutine[Any, Any, {annotation}]"
    call = f"client.{name}.{method}(...)"
    for pattern, awaited, blocking, result in RESULTS:
        if match := re.fullmatch(pattern, annotation):
            inner = match[1] if match.groups() else ""
            return METHOD.format(
                name=method,
                path=f"{cls.__module__}.{cls.__name__}",
                awaited=awaited.format(call),
                blocking=blocking.format(call),
                result=inner if result == "{}" else annotation,
                twin_result=result.format(inner),
            )
    message = f"{cls.__name__}.{method} returns {annotation}, which this page cannot explain"
    raise TypeError(message)


def write(app: Sphinx) -> None:
    """Write the pages, touching only those that changed."""
    folder = Path(app.srcdir, "reference", "groups")
    folder.mkdir(exist_ok=True)
    pages = {"index": INDEX.format(names="\n".join(GROUPS))}
    for name, group in GROUPS.items():
        module = f"voxsip._generated.{name}"
        pages[name] = group_page(name, module, group)
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


def show_signature(
    _app: Sphinx, what: str, name: str, _obj: object, _options: object, *signature: str | None
) -> tuple[str | None, str | None] | None:
    """Leave out the constructor of a class whose objects users only get from others; name the result of awaiting."""
    made = name.rpartition(".")[2]
    if made in MADE_BY_OTHERS or made.removeprefix("Async") in TWINS:
        return "", None
    arguments, result = signature
    if arguments is not None:
        arguments = re.sub(r"\bdt\.", "", arguments)  # as generated code has to write it
    awaited = re.fullmatch(r"(?:\w+\.)*Coroutine\[.*?, .*?, (.+)\]", result or "")
    return arguments, awaited[1] if what == "method" and awaited else result


def keep_colon(
    _app: Sphinx, what: str, _name: str, _obj: object, _options: object, lines: list[str]
) -> None:
    """Hide a property's colons from napoleon, which would read what is before the first as a type."""
    if what == "property":
        lines[:] = [line.replace(":", HIDDEN) for line in lines]


def drop_group_text(
    _app: Sphinx, what: str, name: str, _obj: object, _options: object, lines: list[str]
) -> None:
    """Leave out the text that the page of a group shows at its top."""
    if what == "class" and name.rpartition(".")[2].removeprefix("Async") in TWINS:
        lines.clear()


def restore_colon(
    _app: Sphinx, _what: str, _name: str, _obj: object, _options: object, lines: list[str]
) -> None:
    """Bring them back."""
    lines[:] = [line.replace(HIDDEN, ":") for line in lines]


def setup(app: Sphinx) -> dict[str, bool]:
    """Join the build."""
    app.connect("builder-inited", write)
    app.connect("autodoc-process-signature", show_signature)
    app.connect("autodoc-process-docstring", keep_colon, priority=400)
    app.connect("autodoc-process-docstring", drop_group_text)
    app.connect("autodoc-process-docstring", restore_colon, priority=600)
    return {"parallel_read_safe": True}
