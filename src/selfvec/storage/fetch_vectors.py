"""Downloads of public vectors and encoders: checked, and stored in a format that opens without parsing.

Parsing gigabytes of text takes minutes, so the vectors are stored as safetensors. The SHA-256 of the first
download is recorded, and later downloads must have the same.
"""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from selfvec.base.errors import FormatError, InputError, TargetError
from selfvec.base.progress import say, shown_bytes
from selfvec.files.atomic_files import atomic_folder, check_target, writing
from selfvec.files.checksums import checksums, damaged_files, sha256
from selfvec.files.compressed_files import Readable, decompressed, is_compressed
from selfvec.files.download import LATER, download
from selfvec.files.untrusted import decoding

from .folder_kinds import FETCHED
from .formats import load, save
from .formats.input_file import copy_unpacked, largest_unpacked
from .public_vectors import (
    BUILT_IN,
    RECORD,
    PublicVectors,
    all_fetched,
    data_folder,
    fetched,
    find,
)

_MB = 1_000_000
_MARGIN = 1.25  # a file may be larger than recorded here by this factor
_UNPACKED = 6  # times the size of packed vectors: packed, as text, and as they are stored

Shape = Callable[[Path], tuple[int, ...]]


def vectors_shape(folder: Path) -> tuple[int, ...]:
    """(V, d) of the vectors in a folder; `FormatError` if they cannot be read."""
    return load(folder).vectors.shape


def fetch_vectors(
    name: str,  # in `PUBLIC_VECTORS`
    out: str | os.PathLike[str] | None = None,  # parent of the new folder; by default `data_folder`
    *,
    base_url: str | None = None,  # a mirror: the folder of the file, or another Hugging Face endpoint
    overwrite: bool = False,  # download again, even if the file at the source has changed since
    shape: Shape = vectors_shape,  # opens the folder of a repository of the Hub
    **options: Any,  # of `download`
) -> dict[str, Any]:
    """Download public vectors, unless they exist unchanged; returns their record, as `fetched`.

    `InputError` if the download fails, is too large or damaged, or differs from the first download.
    `TargetError` if the folder cannot be written or the disk has too little space.
    """
    wanted = find(name)
    folder = (data_folder() if out is None else Path(out)) / wanted.name
    earlier = fetched(folder)
    if earlier is not None and not overwrite and not any(damaged_files(folder, earlier)):
        return earlier
    check_target(folder, overwrite=overwrite or earlier is not None, folder=True, kind=FETCHED)
    first = None if earlier is None or overwrite else earlier["download"]["sha256"]
    addresses = wanted.addresses(base_url)
    say(wanted.cost)
    with writing(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)

    def received(show: Callable[[int, int], None], done: int, size: int) -> None:
        show(done, size)
        needed = size - done if wanted.on_hub else size * _UNPACKED - done
        if needed > (free := shutil.disk_usage(folder.parent).free):
            rule = f"{needed / 1e9:.1f} GB are needed, {free / 1e9:.1f} GB are free"
            raise TargetError(rule, path=folder.parent, remedy="free some space or choose another folder")

    largest = int(wanted.megabytes * _MB * _MARGIN)
    with atomic_folder(folder, overwrite=True, kind=FETCHED) as new:
        for file, url in addresses.items():
            (new / file).parent.mkdir(exist_ok=True)
            with (new / file).open("wb") as part, shown_bytes(file) as show:
                download(url, part, partial(received, show), largest=largest, **options)
        _store(wanted, addresses, new, first, shape)
    stored = fetched(folder)
    assert stored is not None
    return stored


def _store(
    wanted: PublicVectors,
    addresses: dict[str, str],  # of the files
    folder: Path,
    first: str | None,  # SHA-256 of the first download
    shape: Shape,
) -> None:
    """Turn a folder of downloaded files into one of fetched vectors, or of an encoder.

    `InputError` if they are damaged or not the ``first``.
    """
    parts = [folder / name for name in addresses]
    source = next(iter(addresses.values()))
    origin = {"url": source, "bytes": sum(part.stat().st_size for part in parts), "sha256": sha256(parts[0])}
    for name, content in wanted.settings.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(content) + "\n", encoding="utf-8")
    try:
        words, dimensions = shape(folder) if wanted.on_hub else _converted(parts[0])
    except FormatError as error:
        what = "vectors are" if wanted.kind == "vectors" else "encoder is"
        rule = f"the downloaded {what} damaged: the file {error.rule}"
        remedy = f"{LATER}, or name a mirror with --base-url"
        raise InputError(rule, path=source, remedy=remedy) from error
    if first not in (None, origin["sha256"]):
        rule = "has changed since it was first fetched: its SHA-256 is"
        rule = f"{rule} {str(origin['sha256'])[:12]}…, it was {str(first)[:12]}…"
        remedy = f"if you trust it, run: selfvec vectors fetch {wanted.name} --overwrite"
        raise InputError(rule, path=source, remedy=remedy)
    record = {**wanted.as_dict(), "words": words, "dimensions": dimensions, "download": origin}
    record["files"] = checksums(folder, [path.name for path in folder.iterdir()])
    (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _converted(packed: Path) -> tuple[int, ...]:
    text = packed.with_name("unpacked")
    most = largest_unpacked(packed.stat().st_size)
    with packed.open("rb") as file, text.open("wb") as out:
        with decoding(packed, "compressed file"):
            content = _content(file, packed)
        copy_unpacked(content, out, most, packed)
    packed.unlink()
    vectors = load(text, errors="replace")
    save(vectors, text.with_name("vectors.safetensors"))
    shape = vectors.vectors.shape
    del vectors  # it may map the file
    text.unlink()
    return shape


def _content(file: BinaryIO, packed: Path) -> Readable:
    """The content of a gzip file, or of the one file of a zip archive, whatever its name."""
    head = file.read(4)
    file.seek(0)
    if is_compressed(head):
        return decompressed(file, head)
    if not zipfile.is_zipfile(file):
        rule = f"is neither gzip nor zip; it begins with {head!r}" if head else "is empty"
        raise FormatError(rule, path=packed)
    archive = zipfile.ZipFile(file)
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) != 1:
        raise FormatError("is not a zip archive of one file", path=packed)
    return archive.open(members[0])


def vectors_at_hand() -> list[dict[str, Any]]:
    """The built-in vectors and what was fetched: name, kind, licence, size, and the path."""
    rows = [_built_in(name) for name in BUILT_IN]
    kept = [name for name in rows[0] if name != "bytes"]
    for record in all_fetched():
        size = sum(file["bytes"] for file in record["files"].values())
        rows.append({**{name: record.get(name) for name in kept}, "bytes": size})
    return rows


def _built_in(name: str) -> dict[str, Any]:
    vectors = load(name)
    description, licence = BUILT_IN[name]
    return {
        "name": name, "kind": "vectors", "description": description, "language": "en",
        "licence": licence, "source": ", ".join(vectors.provenance["sources"]), "words": len(vectors),
        "dimensions": vectors.vector_size, "bytes": vectors.vectors.nbytes, "path": name,
    }  # fmt: skip
