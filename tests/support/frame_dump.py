"""All that tools print of a traceback: rich with locals, `traceback` with locals, and a walk as an error tracker does it."""

import collections.abc
import linecache
import traceback

from rich.traceback import Traceback

DEEPEST = 6
WIDEST = 60


def rich_text(error):
    """Return what rich shows of frames and locals: its words whole, not wrapped, framed and coloured, which takes most of its time."""
    trace = Traceback.extract(
        type(error),
        error,
        error.__traceback__,
        show_locals=True,
        locals_max_length=None,
        locals_max_string=None,
    )
    return "\n".join(_told(trace))


def _told(trace):
    for stack in trace.stacks:
        for frame in stack.frames:
            yield f"{frame.filename}:{frame.lineno} in {frame.name}"
            for name, value in frame.locals.items():
                yield f"{name} = {value}"
        for one in getattr(stack, "exceptions", ()):  # since rich 14
            yield from _told(one)
        yield f"{stack.exc_type}: {stack.exc_value}"
        yield from getattr(stack, "notes", ())


def plain_text(error):
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(shown.format())


def chain(error, seen=None):
    """Yield an exception and all that it came from, suppressed or not."""
    seen = {} if seen is None else seen
    if error is not None and id(error) not in seen:
        seen[id(error)] = error
        yield error
        for link in (error.__cause__, error.__context__, *getattr(error, "exceptions", ())):
            yield from chain(link, seen)


def tracked(error):
    """Yield what an error tracker sends: every exception, its attributes, every frame with its variables."""
    for link in chain(error):
        yield repr(link)
        yield str(link)
        yield from walk(link.args, DEEPEST, {})
        yield from walk(vars(link), DEEPEST, {})
        for frame, line in traceback.walk_tb(link.__traceback__):
            code = frame.f_code
            yield f"{code.co_filename}:{line} {linecache.getline(code.co_filename, line)}"
            yield from walk(frame.f_locals, DEEPEST, {})


def walk(value, depth, seen):
    """Yield the repr of a value and of all that can be reached from it through containers and attributes."""
    yield _shown(value)
    if (
        depth == 0
        or isinstance(value, str | bytes | int | float | type | None)
        or id(value) in seen
    ):
        return
    seen[id(value)] = value
    if type(value).__module__ in {"builtins", "types"} and callable(value):
        return
    if isinstance(value, collections.abc.Mapping):
        parts = [part for pair in list(value.items())[:WIDEST] for part in pair]
    elif isinstance(value, list | tuple | set | frozenset | collections.deque):
        parts = list(value)[:WIDEST]
    elif type(value).__name__ == "module":
        return
    else:
        parts = [*getattr(value, "__dict__", {}).values(), *_slots(value)][:WIDEST]
    for part in parts:
        yield from walk(part, depth - 1, seen)


def _slots(value):
    for cls in type(value).__mro__:
        slots = cls.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            mangled = f"_{cls.__name__.lstrip('_')}{name}" if name.startswith("__") else name
            try:
                yield getattr(value, mangled)
            except Exception:  # noqa: S112 - as a tracker does it
                continue


def _shown(value):
    try:
        return repr(value)
    except Exception as error:
        return f"<no repr: {type(error).__name__}>"


def everything_shown(error):
    return "\n".join([rich_text(error), plain_text(error), *tracked(error)])
