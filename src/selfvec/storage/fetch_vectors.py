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
from selfvec.base.checksums import checksums, sha256
from selfvec.base.compressed_files import DECODING_ERRORS
from selfvec.base.download import LATER, download
from selfvec.base.errors import FormatError, InputError, MissingExtra, TargetError
from selfvec.base.targets import Kind, check_target, writing

from .fetched_vectors import RECORD, all_fetched, damaged, data_folder, fetched
from .formats import load, save
from .public_vectors import PublicVectors, find

__all__ = ["fetch_vectors", "vectors_at_hand"]

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
        A name in `selfvec.storage.public_vectors.PUBLIC_VECTORS`.
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
    wanted = find(name)
    parent = data_folder() if out is None else Path(out)
    folder = parent / wanted.name
    known = fetched(folder)
    if known is not None and not overwrite and damaged(folder, known) is None:
        return known
    check_target(folder, overwrite=overwrite or known is not None, folder=True, kind=_KIND)
    with writing(parent):
        parent.mkdir(parents=True, exist_ok=True)
    _check_room(wanted, parent)
    first = None if known is None or overwrite else known["download"]["sha256"]
    if wanted.on_hub:
        return _from_hub(wanted, folder, first, base_url)
    base = wanted.base if base_url is None else base_url.rstrip("/") + "/"
    return _from_server(wanted, base + wanted.file, folder, first, progress, **options)


def _check_room(wanted: PublicVectors, parent: Path) -> None:
    """Raise `TargetError` if the disk has no space for the download and the vectors."""
    needed = wanted.megabytes * _MB + wanted.words * wanted.dimensions * 4
    free = shutil.disk_usage(parent).free
    if free < needed:
        rule = f"{needed / 1e9:.1f} GB are needed, {free / 1e9:.1f} GB are free"
        raise TargetError(rule, path=parent, remedy="free some space or choose another folder with -o")


def _from_server(
    wanted: PublicVectors,
    url: str,
    folder: Path,
    first: str | None,  # SHA-256 of the first download
    progress: Progress,
    **options: Any,
) -> dict[str, Any]:
    """Download one file and store its vectors. A damaged download is repeated once, from the first byte."""
    partial = folder.with_name(f".{wanted.name}.partial")
    largest = int(wanted.megabytes * _MB * _MARGIN)
    for last in (False, True):
        download(url, partial, lambda *sizes: progress(wanted.file, *sizes), largest=largest, **options)
        try:
            record = _stored(wanted, url, partial, folder, first)
        except FormatError as error:
            partial.unlink()
            if last:
                rule = f"the downloaded vectors are damaged ({error.rule})"
                raise InputError(rule, path=url, remedy=LATER) from error
        except InputError:
            partial.unlink()
            raise
        else:
            partial.unlink()
            return record
    raise AssertionError("the second download returns or raises")


def _stored(wanted: PublicVectors, url: str, packed: Path, folder: Path, first: str | None) -> dict[str, Any]:
    """Store a complete download; `FormatError` if it is damaged, `InputError` if it is not the ``first``."""
    origin = {"url": url, "bytes": packed.stat().st_size, "sha256": sha256(packed)}
    with atomic_folder(folder, overwrite=True, kind=_KIND) as new:
        text = new / "unpacked"
        if zipfile.is_zipfile(packed):
            _unzip(packed, text, wanted)
        vectors = load(text if text.exists() else packed, errors="replace")
        _check_first(wanted, origin, first)
        save(vectors, new / "vectors.safetensors")
        shape = vectors.vectors.shape
        del vectors  # it may map the file
        text.unlink(missing_ok=True)
        _write_record(wanted, new, origin, shape)
    return _record(folder)


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
        "files": checksums(folder),
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


def _unzip(packed: Path, target: Path, wanted: PublicVectors) -> None:
    """Unpack the one file of a zip archive to ``target``; its own name is not used."""
    most = wanted.words * (wanted.dimensions * _TEXT_BYTES + 100)
    try:
        with zipfile.ZipFile(packed) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if len(members) != 1 or members[0].file_size > most:
                raise FormatError("is not a zip archive of one file", path=packed)
            with archive.open(members[0]) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)  # reads at most the size that was checked
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, *DECODING_ERRORS) as error:
        raise FormatError(f"is not a readable zip archive ({error})", path=packed) from error


def _from_hub(wanted: PublicVectors, folder: Path, first: str | None, endpoint: str | None) -> dict[str, Any]:
    """Download vectors from the Hugging Face Hub with its own client, which resumes downloads."""
    try:
        import huggingface_hub as hub
        from huggingface_hub.errors import EntryNotFoundError
    except ImportError as error:
        raise MissingExtra("huggingface_hub", "hub", "fetching vectors from the Hugging Face Hub") from error
    files = [*_HUB_FILES, *_HUB_OPTIONAL]
    partial = folder.with_name(f".{wanted.name}.partial")
    total = 0
    try:
        for name in files:
            place: dict[str, Any] = {
                "repo_id": wanted.base,
                "filename": name,
                "subfolder": wanted.file or None,
            }
            try:
                url = hub.hf_hub_url(**place, endpoint=endpoint)
                total += hub.get_hf_file_metadata(url, endpoint=endpoint).size or 0
                if total > wanted.megabytes * _MB * _MARGIN:
                    raise InputError(
                        f"the server announces {total:,} bytes, which is too large", path=wanted.source
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
        raise InputError(rule, path=wanted.source, remedy=f"{LATER}; the received part is kept") from error
    with atomic_folder(folder, overwrite=True, kind=_KIND) as new:
        for name in files:
            if (partial / wanted.file / name).is_file():
                (partial / wanted.file / name).replace(new / name)
        origin = {"url": wanted.source, "bytes": total, "sha256": sha256(new / _HUB_FILES[0])}
        _check_first(wanted, origin, first)
        _write_record(wanted, new, origin, load(new).vectors.shape)
    shutil.rmtree(partial)
    return _record(folder)


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
