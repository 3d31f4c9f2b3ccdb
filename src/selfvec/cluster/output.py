"""The output of a run on a cluster: a local folder, or a URL such as ``s3://bucket/run``."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from selfvec.base.errors import TargetError
from selfvec.data.run import Run
from selfvec.storage.run_folder import LOCK
from selfvec.storage.run_writer import SHARED, RunWriter

from .shared_files import exists, filesystem, is_remote, remove

__all__ = ["Output", "output_place"]


@dataclass(frozen=True)
class Output:
    """Where a run of a cluster is written."""

    shared: str  # a folder for the workers, which is deleted in the end
    writer: RunWriter  # of a local folder
    finish: Callable[[Run], None]  # writes the run


@contextmanager
def output_place(output: str, *, overwrite: bool = False) -> Iterator[Output]:
    """The place of a run. If the block ends before the run is written, nothing has changed."""
    if not is_remote(output):
        with RunWriter(output, overwrite=overwrite) as writer:
            yield Output(str(writer.path(SHARED).absolute()), writer, writer.finish)
        return
    url = output.rstrip("/")
    parent, _, name = url.rpartition("/")
    shared = f"{parent}/.{name}.{SHARED}"
    if exists(url) and not exists(f"{url}/run.json"):
        rule = "exists already and is not a run folder; it is not replaced even with --overwrite"
        raise TargetError(rule, path=url, remedy="choose another name")
    if exists(url) and not overwrite:
        remedy = "choose another name, or replace it with --overwrite"
        raise TargetError("exists already", path=url, remedy=remedy)
    remove(shared)  # of a client that was killed
    with tempfile.TemporaryDirectory(prefix="selfvec-") as folder, RunWriter(Path(folder, "run")) as writer:

        def finish(run: Run) -> None:
            writer.finish(run)
            _upload(writer.target, url)

        try:
            yield Output(shared, writer, finish)
        finally:
            remove(shared)


def _upload(folder: Path, url: str) -> None:
    """Replace what is at a URL by a run folder."""
    remove(url)
    files, target = filesystem(url)
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != LOCK]
    for path in sorted(paths, key=lambda path: path.name == "run.json"):  # last: it completes the run
        files.put_file(str(path), f"{target}/{path.relative_to(folder).as_posix()}")
