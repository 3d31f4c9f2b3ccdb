"""safetensors files, read as memory maps and written in blocks.

The package ``safetensors`` checks every file that is read. It (0.8) would copy each tensor into memory, and
its errors do not say that a disk is full, so the data are mapped and written here. The format: the length of
a JSON header, the header, the bytes (https://github.com/huggingface/safetensors#format).
"""

from __future__ import annotations

import json
import math
import mmap
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from safetensors import safe_open

from selfvec.base.arrays import AnyFloats, Array, Floats
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

Forms = Mapping[str, tuple[str, Sequence[int | str]]]
"""The dtype and shape of each tensor by name. A name in a shape means the same number everywhere."""

_NAMES = {np.dtype(code): name for name, code in DTYPES.items()}
_WHAT = "safetensors file"
_BLOCK = 1 << 20  # bytes written at a time, which stay in a core's cache
_CHECKED = 1 << 18  # numbers checked at a time
_EMPTY = 1 << 20  # rows of an empty tensor in a small file; without data a larger size is not trusted


def write_tensors(
    path: str | os.PathLike[str],
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


def replace_tensors(
    source: str | os.PathLike[str], target: str | os.PathLike[str], arrays: Mapping[str, Array]
) -> None:
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


def map_tensors(path: str | os.PathLike[str]) -> dict[str, Array]:
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


def check_tensors(tensors: Mapping[str, Array], expected: Forms, path: Path, remedy: str) -> None:
    """Raise `FormatError` unless a file holds the expected tensors, by their types and shapes."""
    sizes: dict[str, int] = {}
    for name, (kind, shape) in expected.items():
        tensor = tensors.get(name)
        if tensor is None or tensor.dtype != kind or not _has_shape(tensor, shape, sizes):
            instead = "missing" if tensor is None else f"{tensor.dtype} of shape {_shape(tensor.shape)}"
            rule = f"the tensor {name!r} is {np.dtype(kind)} of shape {_shape(shape)}, this one is {instead}"
            raise FormatError(rule, path=path, remedy=remedy)


def _has_shape(tensor: Array, shape: Sequence[int | str], sizes: dict[str, int]) -> bool:
    """Whether a tensor has a shape; the numbers that names in shapes mean are kept in ``sizes``."""
    if tensor.ndim != len(shape):
        return False
    return all(
        number == (sizes.setdefault(size, number) if isinstance(size, str) else size)
        for number, size in zip(tensor.shape, shape, strict=True)
    )


def _shape(sizes: Sequence[int | str]) -> str:
    return f"({', '.join(size if isinstance(size, str) else f'{size:,}' for size in sizes)})"


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


def read_metadata(path: str | os.PathLike[str]) -> dict[str, str]:
    return read_header(Path(path))[0].get("__metadata__") or {}


def read_header(path: Path) -> tuple[dict[str, Any], int]:
    """The entries of a file by name, and the offset of the data; `FormatError` if they do not fit it."""
    with path.open("rb") as file, decoding(path, _WHAT):
        with safe_open(path, "np"):  # the package refuses what does not fit
            length = int.from_bytes(file.read(8), "little")
        return json.loads(file.read(length)), 8 + length
