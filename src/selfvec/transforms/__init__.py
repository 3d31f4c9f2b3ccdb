"""Methods that make new vectors from given ones: `transform`, and the classes behind its names.

A method is a class in the manner of scikit-learn: ``Method(**options).fit_transform(vectors)`` returns new
vectors, and ``report_`` has its figures. To add one, write its class and a row of `METHODS`; its
options are added to `selfvec.apps.cli.commands.transforms`.
"""

from __future__ import annotations

from .method import Transform
from .transform import METHODS, method, transform

__all__ = ["METHODS", "Transform", "method", "transform"]
