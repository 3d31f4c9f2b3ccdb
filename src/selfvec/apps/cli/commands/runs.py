"""Commands that make a run: ``demo``, ``refine`` and ``merge``."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from selfvec.apps.cli.arguments import AsJson, NewRun, Reading, Work, arg, as_paths, listed, open_run, opt
from selfvec.apps.cli.output import print_json, print_text, program, say, show
from selfvec.base.display import count_of
from selfvec.base.errors import OptionError
from selfvec.data.settings import KEEP, RULE, Settings
from selfvec.views.terminal_progress import TerminalProgress

if TYPE_CHECKING:
    from selfvec.data.run import Run

__all__ = ["Moved", "demo", "merge", "refine", "report"]

# findings; the summary holds the first
BUILT = "built from subwords"
REPEATED = "repeated passages"
WORDS = ("string", "thread", "class", "exception", "generator", "pickle")  # that ``demo`` shows

Moved = Annotated[
    str | None, opt("Where the initial vectors are now, if they have moved.", "PATH", panel=RULE)
]


def demo(
    output: Annotated[Path, opt("The run folder to make.", "RUN", "--output", "-o")] = Path("demo-run"),
    overwrite: Annotated[bool, opt("Replace a run that is not of demo, too.", None, "--overwrite")] = False,
) -> None:
    """Adapt the built-in vectors to the documentation of your Python.

    It shows what changed and what to try next. A run that an earlier demo made is replaced.

    Examples:
        selfvec demo
        selfvec demo -o my-demo
    """
    from selfvec.corpus.python_docs import python_documentation
    from selfvec.data.run import similar_rows
    from selfvec.refinement.pipeline import refine
    from selfvec.storage.run_writer import RunWriter
    from selfvec.views.word_tables import neighbours_table

    with RunWriter(output, overwrite=overwrite or _of_demo(output)) as writer:
        say("refining the built-in vectors on the documentation of this Python")
        settings = Settings(stop_words="en")
        run = refine(python_documentation(), "default", settings, writer=writer, progress=TerminalProgress())
        writer.finish(run, undo=False)
    words = [word for word in WORDS if word in run.vectors]
    rows = [row for word in words for row in similar_rows(run, word, 6, compare=True, min_count=10)]
    show(neighbours_table(rows))
    report(run, output, as_json=False)
    folder = shlex.quote(str(output))
    say(f"\nThe run is in {folder}. Try next:")
    for line in (
        f"similar {folder} module iterator --compare --min-count 10",
        f'search {folder} "wait until a thread has ended"',
        f"serve {folder}                     # all of it as a page in the browser",
        f"run trajectory {folder} thread --plot thread.html",
        "refine YOUR_TEXT -o my-run        # files, folders, csv, jsonl, parquet",
        "example storms.jsonl              # a dated text to try drift and topics on",
        'ask YOUR_TEXT "a question"        # refine, index and search in one',
    ):
        say(f"  {program()} {line}")


def _of_demo(folder: Path) -> bool:
    """Whether a folder is a run of `demo` that was not updated with other text."""
    from selfvec.corpus.python_docs import NAME
    from selfvec.storage.run_folder import is_run

    if not is_run(folder):
        return False
    provenance = open_run(folder).provenance
    names = [str(file["path"]) for file in provenance.corpus["files"]]
    return len(names) == 1 and names[0].startswith(NAME) and not provenance.steps


def refine(
    *,
    corpus: Annotated[list[str], arg("CORPUS...", "Files or folders of text; - reads standard input.")],
    output: Annotated[
        str, opt("The run folder to make. With --cluster it may be a URL.", "RUN", "--output", "-o")
    ],
    vectors: Annotated[
        list[str] | None,
        opt(
            "Initial vectors. A file, the name of fetched vectors, or made from the text alone: none, svd, "
            "cipher, glove, word2vec or fasttext. Of several files the one that suits the text is taken.",
            "FILE|NAME",
            default="the built-in vectors",
        ),
    ] = None,
    reading: Reading,
    slice_by: Annotated[
        str | None,
        opt(
            "Periods that drift compares. month, quarter, year, decade, century; corpus: each CORPUS is one.",
            "PERIOD",
            "--slice",
        ),
    ] = None,
    settings: Settings,
    work: Work,
    cluster: Annotated[
        str | None,
        opt(
            "Work on a Dask cluster: processes of this machine, or a scheduler.", "local|ADDRESS", panel=KEEP
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Adapt vectors to a text and write the result as a run folder.

    Examples:
        selfvec refine reports.csv --text-field narrative -o run
        selfvec refine notes/ -o run --vectors GoogleNews.bin --stop-words en
        selfvec refine news.jsonl -o run --slice year
    """
    if cluster:
        slicing = {"slice": slice_by, "slice_field": reading.slice_field}
        for name in filter(slicing.get, slicing):
            rule = "cuts a run whose tokens are in one place, so it is not done on a cluster"
            raise OptionError(rule, field=name, remedy="leave it out")
        if settings.half_life is not None:
            rule = "weighs documents by their dates, which is not done on a cluster"
            raise OptionError(rule, field="half_life", remedy="leave it out")
        run = _on_cluster(cluster, corpus, vectors, reading, settings, work, output)
        report(run, output, as_json)
        return
    if "://" in output:
        rule = f"{output} is a URL, which only a cluster writes"
        raise OptionError(rule, field="output", remedy="name a folder, or add --cluster local")
    from selfvec.apps.functions.runs import refine

    run = refine(
        as_paths(corpus),
        vectors or "default",
        output=output,
        overwrite=work.overwrite,
        slice=slice_by,
        jobs=work.jobs,
        progress=TerminalProgress(),
        **asdict(reading),
        **settings.given_options(),
    )
    report(run, output, as_json)
    if not as_json:
        folder = shlex.quote(output)
        say(f"next: {program()} similar {folder} WORD --compare; {program()} run info {folder} says more")


def _on_cluster(
    cluster: str,
    corpus: list[str],
    vectors: list[str] | None,
    reading: Reading,
    settings: Settings,
    work: Work,
    output: str,
) -> Run:
    """The run that the workers of a cluster make."""
    from selfvec.cluster.dask_engine import LOCAL, dask_engine
    from selfvec.cluster.output import output_place
    from selfvec.cluster.refine import cluster_settings, refine_on_cluster
    from selfvec.cluster.shards import RowOptions
    from selfvec.cluster.shared_files import is_remote

    if len(vectors or ()) > 1:
        rule = "are compared on one machine; a cluster starts from one table"
        raise OptionError(rule, field="vectors", remedy="name one of them")
    if cluster != LOCAL:  # workers elsewhere have another current folder
        corpus = [name if is_remote(name) or name == "-" else str(Path(name).absolute()) for name in corpus]
    fields = listed(reading.text_field)
    kept = listed(reading.keep_fields)
    rows = RowOptions(
        tuple(fields) if fields else None,
        reading.date_field,
        reading.skip_bad_rows,
        tuple(kept) if kept else True,
    )
    start = (vectors or ["default"])[0]
    progress = TerminalProgress()
    cluster_settings(settings)  # before anything is started
    with (
        output_place(output, overwrite=work.overwrite) as place,
        dask_engine(cluster, workers=work.jobs, progress=progress) as engine,
    ):
        if settings.method == "auto":
            say("on a cluster the method is decorrelated; auto compares methods on one machine only")
        run = refine_on_cluster(
            corpus,
            start,
            settings,
            engine,
            place.shared,
            rows=rows,
            progress=progress,
            writer=place.writer,
        )
        place.finish(run)
    return run


def merge(
    *,
    runs: Annotated[list[Path], arg("RUN...", "Run folders, in the order of their text.")],
    output: NewRun,
    vectors: Moved = None,
    work: Work,
    as_json: AsJson = False,
) -> None:
    """Merge runs into the run that all of their text would have made.

    Examples:
        selfvec run merge run-2023 run-2024 -o run
    """
    from selfvec.apps.functions.runs import merge

    new = merge(
        runs,
        vectors,
        output=output,
        overwrite=work.overwrite,
        jobs=work.jobs,
        progress=TerminalProgress(),
    )
    if not as_json:
        say(f"merged {count_of(len(new.provenance.steps[-1]['runs']), 'run')}")
    report(new, output, as_json)


def report(run: Run, output: Path | str, as_json: bool) -> None:
    """Print what was read, what it gained, and what is wrong, if anything is."""
    if as_json:
        print_json({"run": str(output), **run.provenance, "health": run.health})
        return
    from selfvec.views.run_summary import run_summary

    for line in run_summary(run.provenance):
        say(line)
    for finding in run.health["findings"]:
        if finding["level"] != "ok" and finding["name"] != BUILT:
            remedy = f"; {finding['remedy']}" if finding["remedy"] else ""
            say(f"warning: {finding['name']}: {finding['message']}{remedy}")
        elif finding["name"] == REPEATED and (run.provenance.repeats or {})["share"] >= 0.01:
            say(finding["message"])
    print_text(output)
