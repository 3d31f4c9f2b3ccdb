"""safetensors files, read as memory maps and written in blocks.

The package ``safetensors`` checks every file that is read. It (0.8) would copy each tensor into memory, and
its errors do not say that a disk is full, so the data are mapped and written here. The format: the length of
a JSON header, the header, the bytes (https://github.com/huggingface/safetensors#format).
"""

from __future__ import annotations

import json
import math
import mmap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from safetensors import safe_open

from selfvec.base.arrays import AnyFloats, Array, Floats
from selfvec.base.checks import StrPath
from selfvec.base.errors import FormatError

from .atomic_files import needing
from .memory import release
from .untrusted import decoding

DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?",
}  # fmt: skip
"""The dtypes that are mapped, by their names in the header."""

_BF16 = "BF16"  # the first half of an F32; NumPy has no such dtype


class Tensor(NamedTuple):
    """What a tensor is. Compiled loops trust its numbers, so they are looked at once, by `check_tensors`.

    A size is a number or a name, which means the same number wherever it stands, or a sum: ``"V + 1"``.
    """

    dtype: str
    shape: Sequence[int | str]
    least: int | None = None  # of its numbers
    below: int | str | None = None  # a number or size that all its numbers are below
    unless: int | None = None  # a number that is allowed besides
    ends: str | None = None  # they are bounds of parts: they never fall, from 0 to this size
    step: int | None = None  # 0: its numbers never fall; 1: they rise
    within: str | None = None  # the tensor that bounds the parts in which they rise
    finite: bool = False
    optional: bool = False


Forms = Mapping[str, Tensor]
"""Of the tensors of a file, by name. A size is named before it bounds numbers."""

NO_DAY = int(np.datetime64("NaT", "D").astype(np.int64))
_FIRST_DAY, _LAST_DAY = np.array(["0001-01-01", "9999-12-31"], "datetime64[D]").astype(np.int64).tolist()


def days(size: str, *, optional: bool = False) -> Tensor:
    """Dates as numbers of days, since safetensors has no dates: of the years 1 to 9999, or unknown."""
    return Tensor("i8", (size,), _FIRST_DAY, _LAST_DAY + 1, NO_DAY, optional=optional)


def packed(name: str, number: str) -> Forms:
    """The tensors of strings, see `selfvec.files.memory.PackedStrings`."""
    size = f"bytes of {name}"
    return {name: Tensor("u1", (size,)), f"{name} ends": Tensor("i8", (f"{number} + 1",), ends=size)}


_NAMES = {np.dtype(code): name for name, code in DTYPES.items()}
_WHAT = "safetensors file"
_BLOCK = 1 << 20  # bytes written at a time, which stay in a core's cache
_CHECKED = 1 << 18  # numbers checked at a time
_EMPTY = 1 << 20  # rows of an empty tensor in a small file; without data a larger size is not trusted


def write_tensors(
    path: StrPath,
    tensors: Mapping[str, Array],
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write arrays, which may be strided views, without copying more than a megabyte at a time."""
    header, size = _layout(tensors, metadata)
    with needing(size), Path(path).open("wb") as file:
        file.write(_header_bytes(header))
        _write_data(file, tensors.values())


def _layout(tensors: Mapping[str, Array], metadata: Mapping[str, str] | None) -> tuple[dict[str, Any], int]:
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    end = 0
    for name, array in tensors.items():
        start, end = end, end + array.nbytes
        header[name] = {
            "dtype": _NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [start, end],
        }
    return header, end


def _write_data(file: IO[bytes], tensors: Iterable[Array]) -> None:
    for tensor in tensors:
        for block in _blocks_of(tensor):
            file.write(np.ascontiguousarray(block).data)
            release(block)


def _header_bytes(header: Mapping[str, Any]) -> bytes:
    """The beginning of a file: the length of the header, and the header."""
    text = json.dumps(header, ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # so that the data are aligned
    return len(text).to_bytes(8, "little") + text


def _blocks_of(array: Array) -> Iterator[Array]:
    """An array as blocks of rows of about a megabyte."""
    if array.ndim == 0:
        yield array
        return
    rows = max(1, _BLOCK // max(1, array.nbytes // max(1, len(array))))
    for start in range(0, len(array), rows):
        yield array[start : start + rows]


def replace_tensors(source: StrPath, target: StrPath, arrays: Mapping[str, Array]) -> None:
    """Copy a file with new values, and possibly shapes, of some tensors. The other tensors keep their bytes.

    The types stay: each array has the dtype of its tensor (BF16 as uint16).
    """
    header, start = read_header(Path(source))
    data = np.memmap(source, np.uint8, "r", start)
    tensors: dict[str, Array] = {}
    end = 0
    names = sorted(header.keys() - {"__metadata__"})
    for name in sorted(names, key=lambda name: header[name]["data_offsets"]):
        first, last = header[name]["data_offsets"]
        shape = list(arrays[name].shape) if name in arrays else header[name]["shape"]
        tensors[name] = arrays.get(name, data[first:last])
        begin, end = end, end + tensors[name].nbytes
        header[name] = {**header[name], "shape": shape, "data_offsets": [begin, end]}
    with Path(target).open("wb") as file:
        file.write(_header_bytes(header))
        _write_data(file, tensors.values())


def map_tensors(path: StrPath) -> dict[str, Array]:
    """Memory-map every tensor of a file, read-only. BF16 is converted to float32.

    `FormatError` if the header is malformed or describes more than the file holds. This is checked before
    memory is allocated.
    """
    header, start = read_header(Path(path))
    header.pop("__metadata__", None)
    mappable = {name: entry for name, entry in header.items() if entry["dtype"] in (*DTYPES, _BF16)}
    for name in header.keys() - mappable.keys():
        rule = (
            f"a tensor's dtype is one of {', '.join((*DTYPES, _BF16))}, this one is {header[name]['dtype']!r}"
        )
        raise FormatError(rule, path=path, field=name, remedy="convert it to F32 or F16 first")
    with Path(path).open("rb") as file, decoding(path, _WHAT):
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return {name: _view(data, start, entry) for name, entry in mappable.items()}


def _view(data: mmap.mmap, start: int, entry: Mapping[str, Any]) -> Array:
    shape: list[int] = entry["shape"]
    if 0 in shape and max(shape) > _EMPTY:
        raise ValueError(f"a tensor without data has the shape {shape}")
    offset = start + entry["data_offsets"][0]
    kind = "<u2" if entry["dtype"] == _BF16 else DTYPES[entry["dtype"]]
    array = np.frombuffer(data, kind, math.prod(shape), offset).reshape(shape)
    return from_bf16(array) if entry["dtype"] == _BF16 else array


def from_bf16(bits: Array) -> Floats:
    """BF16, given as uint16, as float32: the same numbers."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


def read_tensors(path: StrPath, forms: Forms, remedy: str, **sizes: int) -> dict[str, Array]:
    """As `map_tensors`, of a file that holds these tensors; see `check_tensors`."""
    tensors = map_tensors(path)
    check_tensors(tensors, forms, Path(path), remedy, **sizes)
    return tensors


def check_tensors(tensors: Mapping[str, Array], forms: Forms, path: Path, remedy: str, **sizes: int) -> None:
    """Raise `FormatError` unless a file holds these tensors, and their numbers are what they may be.

    ``sizes`` are those that are known without the file.
    """
    there = {name: form for name, form in forms.items() if name in tensors or not form.optional}
    for name, form in there.items():
        shape = f"({', '.join(_shown(size, sizes) for size in form.shape)})"
        tensor = tensors.get(name)
        if tensor is None or tensor.dtype != form.dtype or not _has_shape(tensor, form.shape, sizes):
            own = "" if tensor is None else ", ".join(f"{size:,}" for size in tensor.shape)
            instead = "missing" if tensor is None else f"{tensor.dtype} of shape ({own})"
            rule = f"the tensor {name!r} is {np.dtype(form.dtype)} of shape {shape}, this one is {instead}"
            raise FormatError(rule, path=path, remedy=remedy)
    for name, form in there.items():
        bounds = None if form.within is None else tensors[form.within]
        if broken := _broken(tensors[name], form, sizes, bounds):
            raise FormatError(f"the tensor {name!r} {broken}, this one does not", path=path, remedy=remedy)


def _has_shape(tensor: Array, shape: Sequence[int | str], sizes: dict[str, int]) -> bool:
    """Whether a tensor has a shape. A size that is not known yet becomes what the tensor has."""
    return tensor.ndim == len(shape) and all(map(partial(_is_size, sizes), shape, tensor.shape))


def _is_size(sizes: dict[str, int], size: int | str, number: int) -> bool:
    parts = str(size).split(" + ")
    sized = [part for part in parts if part.isdigit() or part in sizes]
    rest = number - sum(_number(part, sizes) for part in sized)
    new = [part for part in parts if part not in sized]
    sizes |= dict.fromkeys(new, rest)
    return rest >= 0 if new else rest == 0


def _number(size: int | str, sizes: Mapping[str, int]) -> int:
    """The number that a size is."""
    return sum(int(part) if part.isdigit() else sizes[part] for part in str(size).split(" + "))


def _shown(size: int | str, sizes: Mapping[str, int]) -> str:
    """A size in an error: its number if it is known, or else its name."""
    try:
        return f"{_number(size, sizes):,}"
    except KeyError:
        return str(size)


def _broken(tensor: Array, form: Tensor, sizes: Mapping[str, int], bounds: Array | None) -> str | None:
    """The rule that the numbers of a tensor break; None if they break none. They are read once."""
    if form.finite and first_not_finite(tensor) is not None:
        return "holds finite numbers"
    last = None if form.ends is None else _number(form.ends, sizes)
    if last is not None and (not len(tensor) or tensor[0] != 0 or tensor[-1] != last):
        return f"goes from 0 to {last:,}"
    step = form.step if last is None else 0
    below = None if form.below is None else _number(form.below, sizes)
    if step is None and below is None and form.least is None:
        return None
    size = max(1, _CHECKED // max(1, tensor[:1].size))
    for start in range(0, len(tensor), size):
        first = max(start - 1, 0)  # compared with the last of the block before
        block = tensor[first : start + size]
        own = block if form.unless is None else block[block != form.unless]
        if form.least is not None and own.size and own.min() < form.least:
            return f"holds numbers of at least {form.least:,}"
        if below is not None and own.size and own.max() >= below:
            return f"holds numbers below {below:,}"
        if step is not None:
            falls = block[1:] <= block[:-1] if step else block[1:] < block[:-1]
            places = np.flatnonzero(falls) + first + 1
            if bounds is not None:  # which are checked before: a part may begin lower
                places = places[bounds[np.searchsorted(bounds, places)] != places]
            if len(places):
                within = f" within {form.within!r}" if form.within else ""
                return f"{'rises' if step else 'never falls'}{within}"
        if len(tensor) > size:  # a short one is soon read again
            release(block)
    return None


def first_not_finite(matrix: AnyFloats, most: float | None = None) -> int | None:
    """The first row of a matrix, (V, ...), with NaN, infinity or, if given, a number beyond ``most``."""
    step = max(1, _CHECKED // max(1, matrix[:1].size))
    for start in range(0, len(matrix), step):
        rows = matrix[start : start + step]
        fits = np.isfinite(rows) if most is None else np.abs(rows) <= most
        if not fits.all():
            return start + int(np.argmin(fits.reshape(len(fits), -1).all(axis=1)))
        release(rows)
    return None


def read_metadata(path: StrPath) -> dict[str, str]:
    return read_header(Path(path))[0].get("__metadata__") or {}


def read_header(path: Path) -> tuple[dict[str, Any], int]:
    """The entries of a file by name, and the offset of the data; `FormatError` if they do not fit it."""
    with path.open("rb") as file, decoding(path, _WHAT):
        with safe_open(path, "np"):  # the package refuses what does not fit
            length = int.from_bytes(file.read(8), "little")
        return json.loads(file.read(length)), 8 + length
