"""`refine` on a Dask cluster."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress, as_progress
from selfvec.cluster.dask_engine import LOCAL, dask_engine
from selfvec.cluster.output import output_place
from selfvec.cluster.refine import cluster_settings, refine_on_cluster
from selfvec.cluster.shards import RowOptions
from selfvec.cluster.shared_files import is_remote
from selfvec.corpus.fields import FieldNames, FieldOptions
from selfvec.corpus.sources import paths_of
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.refinement.input_reading import Start

__all__ = ["refine_on"]


def refine_on(
    cluster: str,
    corpus: Any,
    vectors: Sequence[Start],
    settings: Settings,
    fields: FieldOptions,
    output: Any,
    *,
    overwrite: bool,
    jobs: int | None,
    progress: Progress | None,
) -> Run:
    """The run that the workers of a cluster make of files."""
    _check(corpus, vectors, settings, fields, output)
    rows = _rows(fields)
    names = [str(path) for path in paths_of(corpus) or ()]
    if cluster != LOCAL:  # workers elsewhere have another current folder
        names = [name if is_remote(name) or name == "-" else str(Path(name).absolute()) for name in names]
    progress = as_progress(progress)
    cluster_settings(settings)  # before anything is started
    with (
        output_place(str(output), overwrite=overwrite) as place,
        dask_engine(cluster, workers=jobs, progress=progress) as engine,
    ):
        if settings.method == "auto":
            progress.say("on a cluster the method is decorrelated; auto compares methods on one machine only")
        start: Any = vectors[0]
        work: dict[str, Any] = {"rows": rows, "progress": progress, "writer": place.writer}
        run = refine_on_cluster(names, start, settings, engine, place.shared, **work)
        place.finish(run)
    return run


def _rows(fields: FieldOptions) -> RowOptions:
    """How the workers read rows."""
    asked = ("text_field", "date_field", "id_field", "keep_fields")
    named = FieldNames.of(**{name: fields[name] for name in asked if name in fields})  # type: ignore[literal-required]
    skip = bool(fields.get("skip_bad_rows"))
    kept = named.keep if "keep_fields" in fields else True
    return RowOptions(named.text or None, named.date, skip, kept, named.id)


def _check(
    corpus: Any, vectors: Sequence[Start], settings: Settings, fields: FieldOptions, output: Any
) -> None:
    """Refuse what is not done on a cluster."""
    if paths_of(corpus) is None:
        raise OptionError(
            "on a cluster is the paths of files", field="corpus", remedy="name files or folders"
        )
    if output is None:
        raise OptionError("is needed on a cluster: a folder or URL", field="output", remedy="name one")
    if len(vectors) > 1:
        rule = "are compared on one machine; a cluster starts from one table"
        raise OptionError(rule, field="vectors", remedy="name one of them")
    slices = {
        "slice": settings.slice or fields.get("slice_by_name"),
        "slice_field": fields.get("slice_field"),
    }
    for name, given in slices.items():
        if given:
            rule = "cuts a run whose tokens are in one place, so it is not done on a cluster"
            raise OptionError(rule, field=name, remedy="leave it out")
    if settings.half_life is not None:
        rule = "weighs documents by their dates, which is not done on a cluster"
        raise OptionError(rule, field="half_life", remedy="leave it out")
