"""Downloads of public vectors: resumed, checked, and stored in a format that opens without parsing.

Parsing gigabytes of text takes minutes, so the vectors are stored as safetensors. The SHA-256 of the first
download is recorded, and later downloads must have the same.
"""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from selfvec.base.atomic_files import atomic_folder
from selfvec.base.checksums import sha256
from selfvec.base.compressed_files import DECODING_ERRORS
from selfvec.base.download import LATER, download
from selfvec.base.errors import FormatError, InputError, MissingExtra, TargetError
from selfvec.base.targets import Kind, check_target, writing

from .formats import load, save
from .public_tables import RECORD, PublicTable, damaged, data_folder, fetched, fetched_tables, find

__all__ = ["fetch_vectors", "tables_at_hand"]

_MB = 1_000_000
_MARGIN = 1.25  # a file may be larger than recorded here by this factor
_TEXT_BYTES = 12  # at most, of a number in text
_HUB_FILES = ("model.safetensors", "tokenizer.json")
_HUB_OPTIONAL = ("config.json",)

_KIND = Kind("a folder of fetched vectors", lambda folder: fetched(folder) is not None)

Progress = Callable[[str, int, int], None]  # file name, bytes so far, final size


def fetch_vectors(
    name: str,
    out: str | os.PathLike[str] | None = None,
    *,
    base_url: str | None = None,
    overwrite: bool = False,
    progress: Progress = lambda *_: None,
    **options: Any,
) -> dict[str, Any]:
    """Download public vectors, unless they exist unchanged.

    Parameters
    ----------
    name : str
        A name in `selfvec.storage.public_tables.TABLES`.
    out : path, optional
        Parent of the new folder; by default `data_folder`, where `selfvec.load` finds the vectors by name.
    base_url : str, optional
        A mirror: the folder that holds the file, or another Hugging Face endpoint.
    overwrite : bool
        Download again, even if the file at the source has changed since the first download.
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
    MissingExtra
        If the vectors are on the Hugging Face Hub and ``huggingface_hub`` is not installed.
    """
    table = find(name)
    parent = data_folder() if out is None else Path(out)
    folder = parent / table.name
    known = fetched(folder)
    if known is not None and not overwrite and damaged(folder, known) is None:
        return known
    check_target(folder, overwrite=overwrite or known is not None, folder=True, kind=_KIND)
    with writing(parent):
        parent.mkdir(parents=True, exist_ok=True)
    _check_room(table, parent)
    first = None if known is None or overwrite else known["download"]["sha256"]
    if table.on_hub:
        return _from_hub(table, folder, first, base_url)
    base = table.base if base_url is None else base_url.rstrip("/") + "/"
    partial = folder.with_name(f".{table.name}.partial")
    for attempt in range(2):  # if a partial file is damaged, download again from the first byte
        download(
            base + table.file,
            partial,
            lambda *sizes: progress(table.file, *sizes),
            largest=int(table.megabytes * _MB * _MARGIN),
            **options,
        )
        try:
            record = _installed(table, base + table.file, partial, folder, first)
        except InputError as error:
            partial.unlink()
            if not isinstance(error, FormatError):
                raise
            if attempt:
                rule = f"the downloaded vectors are damaged ({error.rule})"
                raise InputError(rule, path=base + table.file, remedy=LATER) from error
        else:
            partial.unlink()
            return record
    raise AssertionError


def _check_room(table: PublicTable, parent: Path) -> None:
    """Raise `TargetError` if the disk has no space for the download and the vectors."""
    needed = table.megabytes * _MB + table.words * table.dimensions * 4
    free = shutil.disk_usage(parent).free
    if free < needed:
        rule = f"{needed / 1e9:.1f} GB are needed, {free / 1e9:.1f} GB are free"
        raise TargetError(rule, path=parent, remedy="free some space or choose another folder with -o")


def _installed(table: PublicTable, url: str, packed: Path, folder: Path, first: str | None) -> dict[str, Any]:
    """Store a complete download; `FormatError` if it is damaged, `InputError` if it is not the ``first``."""
    origin = {"url": url, "bytes": packed.stat().st_size, "sha256": sha256(packed)}
    with atomic_folder(folder, overwrite=True, kind=_KIND) as new:
        text = new / "unpacked"
        if zipfile.is_zipfile(packed):
            _unzip(packed, text, table)
        vectors = load(text if text.exists() else packed, errors="replace")
        _check_first(table, origin, first)
        save(vectors, new / "vectors.safetensors")
        shape = vectors.vectors.shape
        del vectors  # it may map the file
        text.unlink(missing_ok=True)
        _write_record(table, new, origin, shape)
    return _recorded(folder)


def _write_record(table: PublicTable, folder: Path, origin: dict[str, Any], shape: tuple[int, ...]) -> None:
    """Write ``table.json``: name, licence and origin of the vectors, and the checksums of the files."""
    files = {
        path.name: {"bytes": path.stat().st_size, "sha256": sha256(path)} for path in sorted(folder.iterdir())
    }
    size = {"words": shape[0], "dimensions": shape[1]}
    record = table.as_dict() | size | {"download": origin, "files": files}
    (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _recorded(folder: Path) -> dict[str, Any]:
    record = fetched(folder)
    assert record is not None
    return record


def _check_first(table: PublicTable, origin: dict[str, Any], first: str | None) -> None:
    """Raise `InputError` if a download differs from the first one."""
    if first not in (None, origin["sha256"]):
        raise InputError(
            "has changed since it was first fetched: its SHA-256 is "
            f"{origin['sha256'][:12]}…, it was {str(first)[:12]}…",
            path=origin["url"],
            remedy=f"if you trust it, run: selfvec vectors fetch {table.name} --overwrite",
        )


def _unzip(packed: Path, target: Path, table: PublicTable) -> None:
    """Unpack the one file of a zip archive to ``target``; its own name is not used."""
    most = table.words * (table.dimensions * _TEXT_BYTES + 100)
    try:
        with zipfile.ZipFile(packed) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if len(members) != 1 or members[0].file_size > most:
                raise FormatError("is not a zip archive of one file", path=packed)
            with archive.open(members[0]) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)  # reads at most the size that was checked
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, *DECODING_ERRORS) as error:
        raise FormatError(f"is not a readable zip archive ({error})", path=packed) from error


def _from_hub(table: PublicTable, folder: Path, first: str | None, endpoint: str | None) -> dict[str, Any]:
    """Download vectors from the Hugging Face Hub with its own client, which resumes downloads."""
    try:
        import huggingface_hub as hub
        from huggingface_hub.errors import EntryNotFoundError
    except ImportError as error:
        raise MissingExtra("huggingface_hub", "hub", "fetching vectors from the Hugging Face Hub") from error
    files = [*_HUB_FILES, *_HUB_OPTIONAL]
    partial = folder.with_name(f".{table.name}.partial")
    total = 0
    try:
        for name in files:
            place: dict[str, Any] = {"repo_id": table.base, "filename": name, "subfolder": table.file or None}
            try:
                url = hub.hf_hub_url(**place, endpoint=endpoint)
                total += hub.get_hf_file_metadata(url, endpoint=endpoint).size or 0
                if total > table.megabytes * _MB * _MARGIN:
                    raise InputError(
                        f"the server announces {total:,} bytes, which is too large", path=table.source
                    )
                hub.hf_hub_download(**place, local_dir=partial, endpoint=endpoint)
            except EntryNotFoundError:
                if name in _HUB_FILES:
                    raise
    except InputError:
        raise
    except Exception as error:  # the classes depend on the HTTP library of the client's version
        reason = " ".join(str(error).split())[:200]
        rule = f"could not be fetched: {reason}"
        raise InputError(rule, path=table.source, remedy=f"{LATER}; the received part is kept") from error
    with atomic_folder(folder, overwrite=True, kind=_KIND) as new:
        for name in files:
            if (partial / table.file / name).is_file():
                (partial / table.file / name).replace(new / name)
        origin = {"url": table.source, "bytes": total, "sha256": sha256(new / _HUB_FILES[0])}
        _check_first(table, origin, first)
        _write_record(table, new, origin, load(new).vectors.shape)
    shutil.rmtree(partial)
    return _recorded(folder)


def tables_at_hand() -> list[dict[str, Any]]:
    """The built-in vectors and the fetched ones: name, licence, size, and the path of the vectors."""
    default = load("default")
    embedded = {
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
    names = (*list(embedded)[:7], "path")
    found = [
        {name: record.get(name) for name in names}
        | {"bytes": sum(file["bytes"] for file in record["files"].values())}
        for record in fetched_tables()
    ]
    return [embedded, *found]
