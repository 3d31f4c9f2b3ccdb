"""Adapt static word and token vectors to your own text.

>>> import selfvec
>>> vectors = selfvec.load("default")
>>> model = selfvec.Refiner(window=5).fit(["hail fell on the roof", "the roof broke under hail"], vectors)
>>> model.vectors_.most_similar("hail", topn=1)[0][0] in {"fell", "under", "broke", "roof", "on", "the"}
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .errors import SelfvecError
    from .evaluate import evaluate
    from .formats import load, save
    from .growth import merge, update
    from .refiner import Refiner
    from .run import Run
    from .tokens import TokenBatch
    from .vectors import Vectors

__all__ = [
    "Refiner",
    "Run",
    "SelfvecError",
    "TokenBatch",
    "Vectors",
    "__version__",
    "evaluate",
    "load",
    "merge",
    "save",
    "update",
]

# Looked up on first use: whoever only wants one of them does not wait for the others' dependencies.
_HOMES = {
    "Refiner": "refiner",
    "Run": "run",
    "SelfvecError": "errors",
    "TokenBatch": "tokens",
    "Vectors": "vectors",
    "evaluate": "evaluate",
    "load": "formats",
    "merge": "growth",
    "save": "formats",
    "update": "growth",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'selfvec' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
