"""The models that replies are turned into, each loaded when it is first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voxsip._generated._models_index import *  # noqa: F403 - every model, by its own name
else:
    # Hidden from type checkers: with a module-level __getattr__ they would take any name for a model.
    from importlib import import_module

    from voxsip._generated._models_index import MODELS

    __all__ = tuple(MODELS)

    def __getattr__(name):  # noqa: ANN001, ANN202 - see above
        module = MODELS.get(name)
        if module is None:
            message = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(message, name=name)
        model = getattr(import_module(module), name)
        globals()[name] = model
        return model

    def __dir__():  # noqa: ANN202 - see above
        return sorted({"__all__", "__doc__", "__file__", "__name__", *MODELS})
