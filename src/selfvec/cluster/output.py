"""The output of a run on a cluster: a local folder, or a URL such as ``s3://bucket/run``."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from selfvec.base.errors import TargetError
from selfvec.data.run import Run
from selfvec.storage.run_folder import write_run
from selfvec.storage.workspace import Workspace

from .shared_files import exists, filesystem, is_remote, remove

__all__ = ["Output", "output_place"]


@dataclass(frozen=True)
class Output:
    """Where a run of a cluster is written."""

    shared: str  # the folder that the workers share, with the same parent
    workspace: Workspace | None  # of a local run
    finish: Callable[[Run], None]  # writes the run


@contextmanager
def output_place(output: str, *, overwrite: bool = False, resume: bool = False) -> Iterator[Output]:
    """The place of a run. If the block ends before the run is written, its files are kept for ``resume``."""
    if not is_remote(output):
        with Workspace(output, overwrite=overwrite, resume=resume) as workspace:
            yield Output(str(workspace.shared.absolute()), workspace, workspace.finish)
        return
    url = output.rstrip("/")
    parent, _, name = url.rpartition("/")
    partial = f"{parent}/.{name}.partial"
    if exists(url) and not exists(f"{url}/run.json"):
        rule = "exists already and is not a run folder; it is not replaced even with --overwrite"
        raise TargetError(rule, path=url, remedy="choose another name")
    if exists(url) and not overwrite:
        remedy = "choose another name, or replace it with --overwrite"
        raise TargetError("exists already", path=url, remedy=remedy)
    if not resume:
        remove(partial)

    def finish(run: Run) -> None:
        with tempfile.TemporaryDirectory(prefix="selfvec-") as folder:
            write_run(run, Path(folder))
            remove(url)
            files, target = filesystem(url)
            paths = [path for path in Path(folder).rglob("*") if path.is_file()]
            for path in sorted(paths, key=lambda path: path.name == "run.json"):  # last: it completes the run
                files.put_file(str(path), f"{target}/{path.relative_to(folder).as_posix()}")
        remove(partial)

    yield Output(f"{partial}/cluster", None, finish)
