"""Downloads of public vectors: resumed, checked, and stored in a format that opens without parsing.

Parsing gigabytes of text takes minutes, so the vectors are stored as safetensors. The SHA-256 of the first
download is recorded, and later downloads must have the same.
"""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from selfvec.base.atomic_files import atomic_folder
from selfvec.base.checksums import checksums, sha256
from selfvec.base.compressed_files import DECODING_ERRORS, decompressed, is_compressed
from selfvec.base.download import LATER, announced_size, discard_partial, download
from selfvec.base.errors import FormatError, InputError, TargetError
from selfvec.base.targets import Kind, check_target, writing

from .fetched_vectors import RECORD, all_fetched, damaged, data_folder, fetched
from .formats import load, save
from .formats.input_file import largest_unpacked
from .public_vectors import PublicVectors, find

__all__ = ["fetch_vectors", "vectors_at_hand"]

_MB = 1_000_000
_MARGIN = 1.25  # a file may be larger than recorded here by this factor
_NUMBER = 4  # bytes of a number as it is stored
_TEXT_NUMBER = 8  # bytes of a number in text, as a rule
_LONGEST_NUMBER = 12  # at most
_LONGEST_WORD = 100  # bytes of a word in text, at most on average
_STEP = 1 << 20

_ZIP_ERRORS = (zipfile.BadZipFile, NotImplementedError, RuntimeError, *DECODING_ERRORS)

_KIND = Kind("a folder of fetched vectors", lambda folder: fetched(folder) is not None)

Progress = Callable[[str, int, int], None]  # file name, bytes so far, final size
Announce = Callable[[dict[str, Any]], None]


def fetch_vectors(
    name: str,
    out: str | os.PathLike[str] | None = None,
    *,
    base_url: str | None = None,
    overwrite: bool = False,
    announce: Announce = lambda _: None,
    progress: Progress = lambda *_: None,
    **options: Any,
) -> dict[str, Any]:
    """Download public vectors, unless they exist unchanged.

    Parameters
    ----------
    name : str
        A name in `selfvec.storage.public_vectors.PUBLIC_VECTORS`.
    out : path, optional
        Parent of the new folder; by default `data_folder`, where `selfvec.load` finds the vectors by name.
    base_url : str, optional
        A mirror: the folder that holds the file, or another Hugging Face endpoint.
    overwrite : bool
        Download again, even if the file at the source has changed since the first download.
    announce : callable
        Called before a download with what it costs: the values of the catalogue, and ``bytes``, the size that
        the server announces, or None.
    progress : callable
        Called with the file name, the bytes so far and the final size.
    **options
        Of `selfvec.base.download.download`.

    Returns
    -------
    dict
        The record: name, licence, words, dimensions, path, download and files with their SHA-256.

    Raises
    ------
    OptionError
        If there are no public vectors of this name.
    InputError
        If the download fails, is too large or damaged, or differs from the first download.
    TargetError
        If the folder cannot be written or the disk has too little space.
    """
    wanted = find(name)
    parent = data_folder() if out is None else Path(out)
    folder = parent / wanted.name
    known = fetched(folder)
    if known is not None and not overwrite and damaged(folder, known) is None:
        return known
    check_target(folder, overwrite=overwrite or known is not None, folder=True, kind=_KIND)
    first = None if known is None or overwrite else known["download"]["sha256"]
    addresses = wanted.addresses(base_url)
    sizes = [announced_size(url) for url in addresses.values()]
    _prepare(wanted, folder, None if None in sizes else sum(filter(None, sizes)), announce)
    return _downloaded(wanted, addresses, folder, first, progress, **options)


def _prepare(wanted: PublicVectors, folder: Path, size: int | None, announce: Announce) -> None:
    """Announce what a download of ``size`` bytes costs and make the folder that it goes into.

    `TargetError` if the disk has no space for the download and the vectors.
    """
    announce({**wanted.as_dict(), "bytes": size})
    with writing(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder.parent).free
    needed = _needed(wanted, wanted.megabytes * _MB if size is None else size)
    received = (path for path in _parts(wanted, folder).values() if path.is_file())
    needed -= sum(path.stat().st_size for path in received)
    if free < needed:
        rule = f"{needed / 1e9:.1f} GB are needed, {free / 1e9:.1f} GB are free"
        raise TargetError(rule, path=folder.parent, remedy="free some space or choose another folder with -o")


def _needed(wanted: PublicVectors, size: int) -> int:
    """The bytes that a download of ``size`` bytes needs: packed, as text, and stored."""
    share = min(1.0, size / (wanted.megabytes * _MB))  # the numbers of the catalogue are the largest
    if wanted.on_hub:
        return size
    return size + int(share * wanted.words * wanted.dimensions * (_TEXT_NUMBER + _NUMBER))


def _parts(wanted: PublicVectors, folder: Path) -> dict[str, Path]:
    """Where the received parts of the files are until they are stored."""
    part = folder.with_name(f".{folder.name}.partial")
    return {name: part / name if wanted.on_hub else part for name in wanted.addresses()}


def _discard(parts: dict[str, Path]) -> None:
    for path in parts.values():
        discard_partial(path)
        if path.name in parts:
            shutil.rmtree(path.parent, ignore_errors=True)


def _downloaded(
    wanted: PublicVectors,
    addresses: dict[str, str],  # of the files
    folder: Path,
    first: str | None,  # SHA-256 of the first download
    progress: Progress,
    **options: Any,
) -> dict[str, Any]:
    """Download the files and store their vectors. A damaged download is repeated once from the first byte."""
    parts = _parts(wanted, folder)
    largest = int(wanted.megabytes * _MB * _MARGIN)
    source = next(iter(addresses.values()))
    for last in (False, True):
        for name, url in addresses.items():
            with writing(parts[name]):
                parts[name].parent.mkdir(exist_ok=True)
            download(url, parts[name], partial(progress, name), largest=largest, **options)
        try:
            record = _stored(wanted, source, parts, folder, first)
        except FormatError as error:
            _discard(parts)
            if last:
                rule = f"the downloaded vectors are damaged: the file {error.rule}"
                remedy = f"{LATER}, or name a mirror with --base-url"
                raise InputError(rule, path=source, remedy=remedy) from error
        except InputError:
            _discard(parts)
            raise
        else:
            _discard(parts)
            return record
    raise AssertionError("the second download returns or raises")


def _stored(
    wanted: PublicVectors, url: str, parts: dict[str, Path], folder: Path, first: str | None
) -> dict[str, Any]:
    """Store a complete download; `FormatError` if it is damaged, `InputError` if it is not the ``first``."""
    main = next(iter(parts.values()))
    size = sum(path.stat().st_size for path in parts.values())
    origin = {"url": url, "bytes": size, "sha256": sha256(main)}
    with atomic_folder(folder, overwrite=True, kind=_KIND) as new:
        if wanted.on_hub:
            for name, path in parts.items():
                path.replace(new / name)
            shape = load(new).vectors.shape
        else:
            shape = _converted(wanted, main, new)
        _check_first(wanted, origin, first)
        _write_record(wanted, new, origin, shape)
    return _record(folder)


def _converted(wanted: PublicVectors, packed: Path, folder: Path) -> tuple[int, ...]:
    """Write packed text vectors as safetensors; returns (V, d)."""
    text = folder / "unpacked"
    _unpack(packed, text, wanted)
    vectors = load(text, errors="replace")
    save(vectors, folder / "vectors.safetensors")
    shape = vectors.vectors.shape
    del vectors  # it may map the file
    text.unlink()
    return shape


def _write_record(
    wanted: PublicVectors, folder: Path, origin: dict[str, Any], shape: tuple[int, ...]
) -> None:
    """Write ``table.json``: name, licence and origin of the vectors, and the checksums of the files."""
    words, dimensions = shape
    record = {
        **wanted.as_dict(),
        "words": words,
        "dimensions": dimensions,
        "download": origin,
        "files": checksums(folder, [path.name for path in folder.iterdir()]),
    }
    (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _record(folder: Path) -> dict[str, Any]:
    record = fetched(folder)
    assert record is not None
    return record


def _check_first(wanted: PublicVectors, origin: dict[str, Any], first: str | None) -> None:
    """Raise `InputError` if a download differs from the first one."""
    if first not in (None, origin["sha256"]):
        raise InputError(
            "has changed since it was first fetched: its SHA-256 is "
            f"{origin['sha256'][:12]}…, it was {str(first)[:12]}…",
            path=origin["url"],
            remedy=f"if you trust it, run: selfvec vectors fetch {wanted.name} --overwrite",
        )


def _unpack(packed: Path, target: Path, wanted: PublicVectors) -> None:
    """Unpack a gzip or zip file to ``target``, on the disk that was checked; the names in it are not used.

    `FormatError` if it is neither, is damaged, or is larger than the vectors can be.
    """
    largest = wanted.words * (wanted.dimensions * _LONGEST_NUMBER + _LONGEST_WORD)
    left = min(largest, largest_unpacked(packed.stat().st_size))
    with _content(packed) as source, target.open("wb") as file:
        while chunk := _decoded(source, packed):
            left -= len(chunk)
            if left < 0:
                raise FormatError("unpacks to more than these vectors can be", path=packed)
            file.write(chunk)


@contextmanager
def _content(packed: Path) -> Iterator[Any]:
    """The content of a gzip file, or of the one file of a zip archive."""
    with packed.open("rb") as file:
        head = file.read(4)
        file.seek(0)
        if is_compressed(head):
            yield decompressed(file, head)
            return
        with _only_member(file, packed, head) as member:
            yield member


@contextmanager
def _only_member(file: BinaryIO, packed: Path, head: bytes) -> Iterator[Any]:
    if not zipfile.is_zipfile(file):
        rule = f"is neither gzip nor zip; it begins with {head!r}" if head else "is empty"
        raise FormatError(rule, path=packed)
    try:
        archive = zipfile.ZipFile(file)
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) != 1:
            raise FormatError("is not a zip archive of one file", path=packed)
        source = archive.open(members[0])
    except _ZIP_ERRORS as error:
        raise FormatError(f"is not a readable zip archive ({error})", path=packed) from error
    with archive, source:
        yield source


def _decoded(source: Any, packed: Path) -> bytes:
    try:
        data: bytes = source.read(_STEP)
    except _ZIP_ERRORS as error:
        raise FormatError(f"cannot be unpacked ({error})", path=packed) from error
    return data


def vectors_at_hand() -> list[dict[str, Any]]:
    """The built-in vectors and the fetched ones: name, licence, size, and the path of the vectors."""
    default = load("default")
    built_in = {
        "name": "default",
        "description": "the built-in vectors",
        "language": "en",
        "licence": "MIT",
        "source": default.provenance["package"],
        "words": len(default),
        "dimensions": default.vector_size,
        "bytes": default.vectors.nbytes,
        "path": "default",
    }
    kept = [name for name in built_in if name != "bytes"]
    found = []
    for record in all_fetched():
        size = sum(file["bytes"] for file in record["files"].values())
        found.append({**{name: record.get(name) for name in kept}, "bytes": size})
    return [built_in, *found]
