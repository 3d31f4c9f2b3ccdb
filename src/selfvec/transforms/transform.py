"""The methods by name, and `transform`, which applies one."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

from selfvec.base.errors import OptionError
from selfvec.data.vectors import Vectors

from .method import Transform

__all__ = ["METHODS", "method", "transform"]

METHODS: dict[str, str] = {
    "principal-axes": "principal_axes:PrincipalAxes",
    "pool": "pool:Pool",
    "distill": "distill:Distill",
    "model2vec": "model2vec:Model2Vec",
    "join": "join:Join",
    "tokenizer": "tokenizer_transfer:TokenizerTransfer",
    "retrofit": "retrofit:Retrofit",
    "counter-fit": "specialise:CounterFit",
    "attract-repel": "specialise:AttractRepel",
    "smooth": "retrofit:Smooth",
    "define": "definitions:Define",
    "nodes": "nodes:NodeVectors",
    "aspect": "aspect:Aspect",
    "debias": "debias:Debias",
}
"""Module and class of each method."""


def transform(vectors: Vectors, by: str, **options: Any) -> Vectors:
    """Apply a method of `METHODS` to vectors.

    Raises
    ------
    OptionError
        If the method is unknown, an option is unknown, or a required option is missing.

    Examples
    --------
    >>> import numpy as np
    >>> vectors = Vectors(["x", "y", "z"], np.array([[2, 0], [0, 1], [-2, -1]]))
    >>> transform(vectors, "principal-axes", dimensions=1).vectors.shape
    (3, 1)
    """
    return method(by, **options).fit_transform(vectors)


def method(by: str, **options: Any) -> Transform:
    """The method with this name and these options."""
    known = _parameters(by)
    for name in options:
        if name not in known:
            having = [other for other in METHODS if name in _parameters(other)]
            remedy = f"it belongs to {', '.join(having)}" if having else "leave it out"
            raise OptionError(f"the method {by} has no such option", field=name, remedy=remedy)
    for name, one in known.items():
        if one.default is one.empty and name not in options:
            raise OptionError(f"the method {by} needs this option", field=name)
    made: Transform = _class_of(by)(**options)
    return made


def _parameters(by: str) -> dict[str, inspect.Parameter]:
    if by not in METHODS:
        raise OptionError.one_of(by, METHODS, field="by")
    return dict(inspect.signature(_class_of(by)).parameters)


def _class_of(by: str) -> Any:
    module, _, name = METHODS[by].partition(":")
    return getattr(import_module(f"selfvec.transforms.{module}"), name)
