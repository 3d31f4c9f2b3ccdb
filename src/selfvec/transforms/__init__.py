"""Methods that make new vectors from given ones: `transform` applies one by its name.

A method is a class in the manner of scikit-learn: ``Method(**options).fit_transform(vectors)`` returns new
vectors, and ``report_`` has its figures. To add one, write a subclass of
`selfvec.transforms.method.Transform` and a row of `TRANSFORMS`; the row is its command, too.
"""

from __future__ import annotations

from .registry import TRANSFORMS, make_transform, transform

__all__ = ["TRANSFORMS", "make_transform", "transform"]
