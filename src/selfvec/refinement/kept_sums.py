"""The sums that the decorrelated update keeps, so that new text can be added without reading the old text.

The rows of the last pass are sums over the text, and the sums of new text are added to them. Each value takes
one byte, with a scale per row. Rounding changes cosines by less than .0001, far less than an update does.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.arrays import Doubles, Rows
from selfvec.base.errors import FormatError
from selfvec.base.tensors import Forms, check_tensors, map_tensors, write_tensors
from selfvec.cooccurrence.scan import ScanOperator
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.quantization import quantised

__all__ = ["LEAST", "KeptSums", "SumsOfPasses", "kept_sums", "worth_keeping"]

LEAST = 1_000_000  # tokens of a run that keeps sums; refining a smaller one again takes a second or two

_FILE = "sums.safetensors"
_AGAIN = "make the run again"
_WHOLE = ("contexts", "sums")
_LARGEST = 1e15  # a sum over a text; its square fits float32


@dataclass(frozen=True, eq=False)
class KeptSums:
    """The sums of the second of two passes, and the maps of both."""

    contexts: NDArray[np.int8]  # (V, d): the rows that the last pass read
    context_scales: Rows  # (V,)
    sums: NDArray[np.int8]  # (V, d): the sums of the last pass, before whitening
    sum_scales: Rows  # (V,)
    degrees: Doubles  # (V,): number of neighbours of each word
    neighbours: Doubles  # (1,): sum of the degrees when the whole text was last read
    means: Doubles  # (2, d): the expected neighbour of any word, in each pass
    shifts: Rows  # (2, d): the vectors that the whitening of each pass subtracts
    whiteners: Rows  # (2, d, d): the matrices that the whitening of each pass multiplies by
    base: Rows  # (d + 1, d): the mean and the matrix of `Base.projection`; (0, d) without a projection

    def save(self, folder: Path) -> None:
        """Write into ``folder``, which must not exist yet."""
        folder.mkdir()
        write_tensors(folder / _FILE, {_stored(of.name): getattr(self, of.name) for of in fields(self)})


def worth_keeping(batch: TokenBatch, settings: Settings) -> bool:
    """Whether a run keeps the sums of its passes, if its method has sums.

    A run that forgets its tokens can only be updated by its sums. With a half-life the sums would have to be
    weighted anew at each update.
    """
    return settings.half_life is None and (len(batch) >= LEAST or not settings.keep_tokens)


def kept_sums(run: Run) -> KeptSums | None:
    """The sums of a run, memory-mapped; None if it has none."""
    kept = run.parts.get("sums")
    if isinstance(kept, KeptSums):
        return kept
    path = None if run.folder is None else run.folder / "sums" / _FILE
    if path is None or not path.is_file():
        return None
    found = map_tensors(path)
    size = len(run.vectors)
    width = run.vectors.vector_size
    expected: Forms = {
        **dict.fromkeys(("contexts", "sums"), ("i1", (size, width))),
        **dict.fromkeys(("context_scales", "sum_scales"), ("f4", (size,))),
        "degrees": ("f8", (size,)),
        "neighbours": ("f8", (1,)),
        "means": ("f8", (2, width)),
        "shifts": ("f4", (2, width)),
        "turns": ("f4", (2, width, width)),
        "base": ("f4", ("B", width)),
    }
    check_tensors(found, expected, path, _AGAIN)
    largest = max(float(np.abs(found[name]).max(initial=0)) for name in expected if name not in _WHOLE)
    if len(found["base"]) not in (0, width + 1) or largest > _LARGEST or found["degrees"].min(initial=0) < 0:
        raise FormatError("its values cannot be sums over the run's text", path=path, remedy=_AGAIN)
    return KeptSums(**{of.name: found[_stored(of.name)] for of in fields(KeptSums)})


def _stored(name: str) -> str:
    """The name of a field in the file."""
    return "turns" if name == "whiteners" else name


class SumsOfPasses:
    """Collects `KeptSums` during two passes."""

    def __init__(self, operator: ScanOperator, base: Rows) -> None:
        self.operator = operator
        self.base = base
        self.means: list[Any] = []
        self.maps: list[tuple[Rows, Rows]] = []
        self.contexts: Any = None
        self.sums: Any = None

    def before(self, table: Rows) -> None:
        """Record the rows that a pass reads."""
        if len(self.maps) == 1:
            self.contexts = quantised(table)

    def after(self, summed: Rows, shift: Rows, whitener: Rows) -> None:
        """Record the sums of a pass, their mean and their whitening."""
        self.means.append(self.operator.mean)
        self.maps.append((shift, whitener))
        if len(self.maps) == 2:
            self.sums = quantised(summed)

    @property
    def kept(self) -> KeptSums | None:
        """The sums; None if one of the passes ran before an interruption."""
        if self.sums is None or self.contexts is None:
            return None
        (contexts, context_scales) = self.contexts
        (sums, sum_scales) = self.sums
        degrees = self.operator.degrees
        shifts, whiteners = (np.stack(parts) for parts in zip(*self.maps, strict=True))
        return KeptSums(
            contexts,
            context_scales,
            sums,
            sum_scales,
            degrees,
            np.array([degrees.sum()]),
            np.stack(self.means),
            shifts,
            whiteners,
            self.base,
        )
