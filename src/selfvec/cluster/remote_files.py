"""Files on local and remote file systems (``s3://…``) through fsspec, and the place of a run on either."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selfvec.base.errors import InputError, MissingExtra, TargetError
from selfvec.data.run import Run
from selfvec.storage.run_folder import LOCK, open_run
from selfvec.storage.run_writer import RunWriter


def is_remote(url: str) -> bool:
    """Whether a path is on a remote file system, such as ``s3://bucket/corpus``."""
    return "://" in url


def filesystem(url: str) -> tuple[Any, str]:
    """The file system of a path or URL, and the path in it.

    Listings are not cached, because other machines write files.
    """
    from fsspec.core import url_to_fs

    try:
        return url_to_fs(url, use_listings_cache=False)  # type: ignore[no-any-return]
    except ImportError:
        extra = "s3" if url.startswith("s3:") else "dask"
        raise MissingExtra(f"fsspec for {url.split(':')[0]}", extra, f"reading {url}") from None
    except ValueError as error:
        raise InputError(f"cannot be opened: {error}", path=url, remedy="check the address") from None


@contextmanager
def output_place(output: str, *, overwrite: bool = False) -> Iterator[tuple[RunWriter, Callable[[Run], Run]]]:
    """The writer of a run, and the function that makes it what was written; for a URL in a temporary folder.

    If the block ends before the run is finished, nothing has changed.
    """
    if not is_remote(output):
        with RunWriter(output, overwrite=overwrite) as writer:
            yield writer, lambda run: _written(writer, run)
        return
    url = output.rstrip("/")
    files, target = filesystem(url)
    if files.exists(target) and not files.exists(f"{target}/run.json"):
        rule = "exists already and is not a run folder; it is not replaced even with --overwrite"
        raise TargetError(rule, path=url, remedy="choose another name")
    if files.exists(target) and not overwrite:
        remedy = "choose another name, or replace it with --overwrite"
        raise TargetError("exists already", path=url, remedy=remedy)
    with tempfile.TemporaryDirectory(prefix="selfvec-") as folder, RunWriter(Path(folder, "run")) as writer:

        def finish(run: Run) -> Run:
            writer.finish(run)
            if files.exists(target):
                files.rm(target, recursive=True)
            written = [path for path in writer.target.rglob("*") if path.is_file() and path.name != LOCK]
            for path in sorted(written, key=lambda path: path.name == "run.json"):  # which completes the run
                files.put_file(str(path), f"{target}/{path.relative_to(writer.target).as_posix()}")
            return run

        yield writer, finish


def _written(writer: RunWriter, run: Run) -> Run:
    writer.finish(run)
    return open_run(writer.target)
