"""`require`: a package of an extra is asked for before the work that needs it."""

from __future__ import annotations

from importlib.util import find_spec

from .errors import MissingExtra

_PACKAGES = {
    "faiss": "faiss-cpu",
    "ot": "POT",
    "sklearn": "scikit-learn",
    "umap": "umap-learn",
    "vl_convert": "vl-convert-python",
}
"""Packages by their module, if they have another name."""


def require(module: str, extra: str, purpose: str) -> None:
    """Raise `MissingExtra` unless a module is installed. It is not imported.

    >>> require("numpy", "plot", "a figure")
    """
    if find_spec(module) is None:
        raise MissingExtra(_PACKAGES.get(module, module.replace("_", "-")), extra, purpose)
