"""Damaged files: changed bytes, changed values in JSON, changed numbers in safetensors files.

`damaged` changes a file as its kind suggests. Checksums that would show the damage are made again by
`sealed_again`.
"""

import copy
import json
import random
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.files.checksums import seal, write_sealed

_PIECES = (b"\xff" * 8, b"\0" * 8, b"\xff" * 4, b"99999999", b"-1", b"1e999", b"NaN", b"null", b"[[[[", b"\r")
_DTYPES = {f"{letter.upper()}{8 * size}": f"<{letter}{size}" for letter in "fiu" for size in (1, 2, 4, 8)}
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 3, 0.5, -0.5, 1 << 31, 1 << 40, 1 << 63, 1 << 64, 10**400),
    *(1e308, -1e308, float("nan"), float("inf"), float("-inf")),
    *("", "a", "en", "xx", "\0", "\ud800", "../..", "words", "tr", "12", "None", "é" * 300, "%s{}"),
    *([], {}, [[]], [None], [0, -1], ["a", 1], {"": {}}, {"a": None}, [{}], [[1 << 62, 0]], [1 << 50, 0]),
)


def sealed_again(run: Path) -> Path:
    """The same run folder with checksums of its files as they are now, as another program might write it."""
    described = json.loads((run / "run.json").read_bytes())
    described = {key: described[key] for key in described if key not in ("files", "sha256")}
    write_sealed(run / "run.json", described)
    return run


def described_otherwise(run: Path, **changes: Any) -> None:
    """Seal the description of a run again, with other values."""
    described = json.loads((run / "run.json").read_bytes()) | changes
    del described["sha256"]
    (run / "run.json").write_bytes(seal(described))


def damaged(name: str, content: bytes, chance: random.Random) -> bytes:
    """The content of a file of this name, damaged: its bytes, or the values of JSON or of tensors."""
    if chance.random() < 0.3:
        return damaged_bytes(content, chance)
    if name.endswith(".json"):
        return damaged_json(content, chance)
    if name.endswith(".safetensors") and len(content) > 8:
        return chance.choice((damaged_header, damaged_numbers))(content, chance)
    return damaged_bytes(content, chance)


def damaged_bytes(content: bytes, chance: random.Random) -> bytes:
    """The content with one to three pieces replaced by others, mostly near its beginning, or cut off."""
    out = bytearray(content)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(min(len(out), chance.choice((64, 512, len(out)))) + 1)
        new = chance.choice(
            (chance.choice(_PIECES), chance.randbytes(chance.randint(0, 9)), out[at : at + 40])
        )
        out[at : at + chance.choice((0, 1, len(new), 9))] = new
    return bytes(out if chance.randrange(20) else out[: chance.randrange(len(out) + 1)])


def damaged_json(content: bytes, chance: random.Random) -> bytes:
    """JSON with one or two values replaced, left out, nested or repeated."""
    value = json.loads(content)
    for _ in range(chance.randint(1, 2)):
        places = list(_places(value))
        if places:
            container, key = chance.choice(places)
            _change(container, key, chance)
    return json.dumps(value, ensure_ascii=chance.random() < 0.9).encode(errors="replace")


def _places(value: Any) -> Any:
    """All containers of a JSON value with the keys or numbers of what they hold."""
    for key in (
        list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    ):
        yield value, key
        yield from _places(value[key])


def _change(container: Any, key: Any, chance: random.Random) -> None:
    value = container[key]
    others = [[value], {"a": value}, *chance.choices(_VALUES, k=3)]
    if isinstance(value, str):
        others.append(value[::-1] or "a")
    if isinstance(value, int | float):
        others.append(value * chance.choice((-1, 1000, 0.5, 1 << 40)))
    container[key] = copy.deepcopy(chance.choice(others))
    if not chance.randrange(8):
        del container[key]


def damaged_header(content: bytes, chance: random.Random) -> bytes:
    """A safetensors file with another header: types, shapes, places and metadata, and its length."""
    length = int.from_bytes(content[:8], "little")
    header = damaged_json(content[8 : 8 + length], chance)
    return len(header).to_bytes(8, "little") + header + content[8 + length :]


def damaged_numbers(content: bytes, chance: random.Random) -> bytes:
    """A safetensors file with a few numbers of one tensor replaced by extreme ones."""
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    entry = chance.choice([header[name] for name in header if name != "__metadata__"])
    start, end = (8 + length + offset for offset in entry["data_offsets"])
    numbers = np.frombuffer(content[start:end], _DTYPES[entry["dtype"]]).copy()
    about: Any = np.finfo(numbers.dtype) if numbers.dtype.kind == "f" else np.iinfo(numbers.dtype)
    odd = (np.nan, np.inf, -np.inf, -1e4) if numbers.dtype.kind == "f" else (about.max // 2,)
    for _ in range(chance.choice((1, 1, 3, 50)) if len(numbers) else 0):
        at = chance.randrange(len(numbers))
        near = (max(about.min, min(about.max, numbers[at].item() + change)) for change in (-1, 1, 7))
        numbers[at] = chance.choice((about.min, about.max, 0, *near, *odd))
    return content[:start] + numbers.tobytes() + content[end:]
