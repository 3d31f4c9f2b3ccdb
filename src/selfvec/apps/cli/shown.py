"""How results are printed that need more than one table: messages, next steps, several tables.

Each function takes the result and what was typed. It prints the result on standard output and messages on
standard error. If JSON is asked for, only those of `WITH_JSON` are called, which say what it does not.
"""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfvec.base.display import count_of

from .output import print_json, print_text, program, say, say_unknown, show

if TYPE_CHECKING:
    from selfvec.analysis.monitoring import Monitoring
    from selfvec.analysis.word_drift import Drift
    from selfvec.apps.similar_words import Similar
    from selfvec.base.result_table import Figures
    from selfvec.data.run import Run
    from selfvec.retrieval.snippets import Found

Given = dict[str, Any]  # what was typed, and whether ``json`` is asked for
ROWS = 20  # of a table, unless --top says another number
_BUILT = "built from subwords"  # findings, which the summary holds
_REPEATED = "repeated passages"


def refined(run: Run, given: Given) -> None:
    """What was read, what it gained, and what is wrong, if anything is; then what to do next."""
    _summary(run, given["output"])
    folder = shlex.quote(str(given["output"]))
    say(f"next: {program()} similar {folder} WORD --compare; {program()} run info {folder} says more")


def _summary(run: Run, place: object = None) -> None:
    """What was read, and where the run is: a URL if a cluster wrote it to a store."""
    from selfvec.views.run_summary import run_summary

    for line in run_summary(run.provenance):
        say(line)
    for finding in run.health["findings"]:
        if finding["level"] != "ok" and finding["name"] != _BUILT:
            remedy = f"; {finding['remedy']}" if finding["remedy"] else ""
            say(f"warning: {finding['name']}: {finding['message']}{remedy}")
        elif finding["name"] == _REPEATED and (run.provenance.repeats or {})["share"] >= 0.01:
            say(finding["message"])
    print_text(place or run.folder or "")


def demo(run: Run, _: Given) -> None:
    """Words of the documentation before and after, and what to try next."""
    from selfvec.apps.similar_words import similar as neighbours_of
    from selfvec.views.word_tables import neighbours_table

    shown = ("string", "thread", "class", "exception", "generator", "pickle")
    show(neighbours_table(neighbours_of(run, shown, top=6, compare=True, min_count=10).lists))
    _summary(run)
    folder = shlex.quote(str(run.folder))
    page = shlex.quote(f"{run.folder}.html")
    say(f"\nThe run is in {folder}, and a report to send in {page}. Try next:")
    for line in (
        f"similar {folder} module iterator --compare --min-count 10",
        f'search {folder} "wait until a thread has ended"',
        f"serve {folder}                     # all of it as a page in the browser",
        f"run trajectory {folder} thread --plot thread.html",
        f"report {folder} -o report.html --words thread,generator",
        "refine YOUR_TEXT -o my-run        # files, folders, csv, jsonl, parquet",
        "example storms.jsonl              # a dated text to try drift and topics on",
        'ask YOUR_TEXT "a question"        # refine, index and search in one',
    ):
        say(f"  {program()} {line}")


def merged(run: Run, _: Given) -> None:
    """How many runs were merged, and the summary of the new one."""
    say(f"merged {count_of(len(run.provenance.steps[-1]['runs']), 'run')}")
    _summary(run)


def updated(found: Run | Figures, given: Given) -> None:
    """What an update changed, or would change."""
    if given.get("dry_run"):
        for file in found["files"]:  # type: ignore[index]
            print_text(f"{file['path']}: {file['added']:,} to add, {file['skipped']:,} known")
        print_text(f"nothing was changed; without --dry-run: {changes(found)}")
        return
    if found.change is None:  # type: ignore[union-attr]
        say("nothing is new: the run has all of these documents, so it stays as it is")
        print_text(given["run"])
        return
    say(changes(found.change))  # type: ignore[union-attr]
    _summary(found)  # type: ignore[arg-type]


def watched(found: Iterator[Run], given: Given) -> None:
    """What each update has changed, as it happens."""
    for run in found:
        assert run.change is not None
        if given["json"]:
            print_json({"run": str(run.folder), **run.change}, indent=None)
        else:
            say(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {changes(run.change)}")


def changes(change: Any) -> str:
    """What changed, in words.

    >>> changes({"added": 2, "tokens": 9, "types": 1, "changed": 1, "withdrawn": 0, "skipped": 7})
    'added 2 documents, 9 tokens, 1 type; replaced 1 older version; skipped 7 that the run has'
    """
    sizes = [count_of(change[f"{noun}s"], noun) for noun in ("token", "type") if f"{noun}s" in change]
    parts = [", ".join([f"added {count_of(change['added'], 'document')}", *sizes])]
    parts += [f"replaced {count_of(change['changed'], 'older version')}"] if change["changed"] else []
    parts += [f"withdrew {count_of(change['withdrawn'], 'document')}"] if change["withdrawn"] else []
    parts += [f"skipped {change['skipped']:,} that the run has"] if change["skipped"] else []
    return "; ".join(parts)


def undone(found: Figures, _: Given) -> None:
    """Which state the run has now."""
    if found["redone"]:
        say("redid the update that was undone")
    else:
        say("brought back the state before the last update; a second undo redoes the update")
    print_text(found["run"])


def reported(found: Figures, _: Given) -> None:
    """Where the page is, and that it holds sentences of the documents."""
    print_text(found["path"])
    say("the page holds sentences of the documents; it opens in any browser")


def example(path: Path, given: Given) -> None:
    """What was planted in the text."""
    from selfvec.corpus.example_text import planted

    found = planted()
    if given["json"]:
        print_json({"path": str(path), "seed": given.get("seed", 0), **found})
        return
    print_text(path)
    file = shlex.quote(str(path))
    former, later = found["replaced"]
    others = ", ".join(f"{other} for {word}" for word, other in found["synonyms"].items())
    say(f"{found['documents']:,} storm reports, {found['first_year']} to {found['last_year']}")
    say("planted in the text, to be found again:")
    say(f"  words that get a new sense around {found['year_of_change']}: {', '.join(found['changed'])}")
    say(f"  a new word: {found['new']}; a word that replaces another: {later} for {former}")
    say(f"  words that some reporters use for others: {others}")
    say(f"next: {program()} refine {file} -o run; {program()} drift run --slice decade")


def noaa(found: Figures, given: Given) -> None:
    """How many files there are, and where."""
    output = given["output"]
    say(f"{len(found['files'])} files in {output}; next: {program()} refine {output} -o RUN")


def similar(found: Similar | Found, given: Given) -> None:
    """Neighbours of words, or similar documents."""
    from selfvec.views.word_tables import neighbours_table

    if "document" not in given:
        say_unknown(found.unknown)  # type: ignore[arg-type]
    if given["json"]:
        return
    if "document" in given:
        search(found, given)
    else:
        show(neighbours_table(found.lists))  # type: ignore[union-attr]


def search(found: Any, _: Given) -> None:
    """The documents that were found, and what was not looked for."""
    from selfvec.views.run_tables import found_text

    if not found.asked and not found.unknown:
        say("nothing to search for: stop words are left out")
    if found.unknown:
        say(f"not in the documents or the run: {', '.join(found.unknown)}")
    show(found_text(found, coloured=sys.stdout.isatty()))
    if found.left_out:
        say(found.left_out)


def drift(found: Drift, given: Given) -> None:
    """The words that changed most."""
    from selfvec.views.word_tables import drift_table

    say_unknown(found.unknown)
    if not given["json"]:
        show(drift_table(found.select(given.get("top", ROWS))))


def trajectory(found: Any, given: Given) -> None:
    """The paths of words as tables, unless they were drawn."""
    if "plot" in given:
        say(f"drew {given['plot']}")
    else:
        from selfvec.views.word_tables import slice_table, trajectory_table

        run = found.run
        for path in found.paths:
            if "slices" in given:
                show(slice_table(path))
            else:
                show(trajectory_table(path, run.original, run.vectors, run.provenance.method or ""))


def monitor(found: Monitoring, given: Given) -> None:
    """Whether the new text differs, and how."""
    from selfvec.views.monitoring import monitoring_table

    if not given["json"]:
        show(monitoring_table(found))
    elif found.note:
        say(found.note)


def topics(found: Any, given: Given) -> None:
    """Topics, those of groups, and how similar they are."""
    from selfvec.views import run_tables as tables

    if "documents" in given:
        say(f"wrote {given['documents']}")
    show(tables.topics_table(found))
    if found.groups is not None:
        show(tables.group_topics_table(found.groups))
    if found.hierarchy is not None:
        show(tables.hierarchy_tree(found, found.hierarchy))
    if found.assigned is not None:
        show(tables.assigned_table(found, found.assigned))


def graph(found: Any, given: Given) -> None:
    """The size of the graph, and its file."""
    say(f"{len(found.nodes):,} terms, {len(found.edges):,} edges")
    print_text(given["output"])


def phrases(found: Any, given: Given) -> None:
    """The first phrases."""
    from selfvec.views.run_tables import phrases_table

    show(phrases_table(found, given.get("top", 50)))


def keyness(found: Figures, given: Given) -> None:
    """The first keywords of each side."""
    from selfvec.views.text_tables import keyness_tables

    if found["note"]:
        say(found["note"])
    show(keyness_tables(found, given.get("top", ROWS)))


def concordance(found: Figures, given: Given) -> None:
    """The first occurrences, aligned, and how many there are."""
    from selfvec.views.text_tables import concordance_lines

    if "csv" in given:
        say(f"wrote {given['csv']}")
    show(concordance_lines(found, given.get("top", ROWS)))


def collocates(found: Figures, given: Given) -> None:
    """The first collocates."""
    from selfvec.views.text_tables import collocates_table

    show(collocates_table(found, given.get("top", ROWS)))


def expansion(found: Any, _: Given) -> None:
    """Related terms."""
    from selfvec.views.run_tables import expansion_table

    if found.unknown:
        say(f"the run does not have: {', '.join(found.unknown)}")
    show(expansion_table(found))


def fetched(found: Figures, given: Given) -> None:
    """What was downloaded, and how it is named."""
    given = found["path"] if "output" in given else found["name"]
    unit = "pieces" if found["kind"] == "encoder" else "words"
    say(f"{found['words']:,} {unit} × {found['dimensions']} dimensions")
    say(f"next: {program()} refine TEXT --{found['kind']} {given} -o RUN")
    print_text(found["path"])


def converted(found: Figures, given: Given) -> None:
    """What was written, and what was not."""
    if "to" in found:  # a run as model2vec is exported
        exported(found, given)
    else:
        for note in (*found["notes"], *found["left_out"]):
            say(note)
        say(f"wrote {found['words']:,} words × {found['dimensions']} dimensions to {found['target']}")


def transformed(found: Figures, _: Given) -> None:
    """The figures of a method."""
    for note in found["left_out"]:
        say(note)
    hidden = ("source", "target", "by", "left_out")
    figures = [
        f"{name.replace('_', ' ')} {_figure(one)}" for name, one in found.items() if name not in hidden
    ]
    say(f"{found['by']}: {', '.join(figures)}")
    print_text(found["target"])


def _figure(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def aligned(found: Any, given: Given) -> None:
    """How well two sets of vectors fit."""
    for note in found.written["left_out_of_format"]:
        say(note)
    say(found.summary)
    print_text(given["output"])


def exported(found: Figures, _: Given) -> None:
    """What was written for another tool, and how it opens it."""
    from selfvec.exporters import TARGETS

    for note in found.get("left_out", ()):
        say(note)
    if "unchanged" in found:
        counts = ", ".join(f"{found[name]:,} {name}" for name in ("added", "changed", "removed", "unchanged"))
        say("all passages were rewritten" if found.get("rewritten") else f"passages: {counts}")
    say(f"exported as {found['to']}")
    print_text(found["target"])
    shown = found.get("repository", found["target"])  # of the hub
    if opened_by := TARGETS["model2vec" if "repository" in found else found["to"]].opened_by:
        say(f"next, in Python: {opened_by.format(repr(shown))}")


def migrated(found: Figures, given: Given) -> None:
    """What a map of questions keeps, and what was written."""
    from selfvec.views.vectors_table import recall_text

    store, new = given["store"], given["new"]
    print_text(recall_text(found) if found["recall"] else f"{store} has the vectors of {new} already")
    for note in found["notes"]:
        say(note)
    say(f"wrote {found['map']}" if found["map"] else "wrote nothing")
    if found["map"] and found["done"]:
        say(f"{found['passages']:,} passages have the vectors of {new}")


WITH_JSON = (drift, example, monitor, similar, watched)
