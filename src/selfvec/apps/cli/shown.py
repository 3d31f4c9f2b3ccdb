"""What commands print that make a run, or the file of an example: what is in it, and what to do next.

Each function takes what was made and what was typed. It prints on standard output where that is, and messages
on standard error. If JSON is asked for, only `updated` is called, which says what it does not.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfvec.base.display import count_of
from selfvec.base.installed import in_uvx, install_command

from .streams import print_json, print_text, program, say, show

if TYPE_CHECKING:
    from selfvec.apps.run import Run
    from selfvec.base.answer import Answer

Given = dict[str, Any]  # what was typed
_BUILT = "built from subwords"  # findings, which the summary holds
_REPEATED = "repeated passages"


def refined(run: Run, given: Given) -> None:
    """What was read, what it gained, and what is wrong, if anything is; then what to do next."""
    _summary(run, given["output"])
    folder = shlex.quote(str(given["output"]))
    say(f"next: {program()} report {folder} -o report.html; {program()} run info {folder} says more")


def _summary(run: Run, place: object = None) -> None:
    """What was read, and where the run is: a URL if a cluster wrote it to a store."""
    from selfvec.analysis.views.run_summary import fields_sentence, run_summary

    fields = fields_sentence([] if run.text is None else run.text.described())
    for line in filter(None, [*run_summary(run.provenance), fields]):
        say(line)
    for finding in run.health().findings:
        if finding.level != "ok" and finding.kind != _BUILT:
            say(f"warning: {finding.kind}: {finding.says}{f'; {finding.remedy}' if finding.remedy else ''}")
        elif finding.kind == _REPEATED and (run.provenance.repeats or {})["share"] >= 0.01:
            say(finding.says)
    print_text(place or run.folder or "")


def demo(run: Run, _: Given) -> None:
    """What was read, words of the documentation before and after, and what to try next."""
    from selfvec.analysis.views.terminal import draw
    from selfvec.apps.similar_words import similar as neighbours_of

    _summary(run)
    shown = ("string", "thread", "class", "exception", "generator", "pickle")
    show(draw(neighbours_of(run, shown, top=6, compare=True, min_count=10).view()))
    folder = shlex.quote(str(run.folder))
    page = shlex.quote(f"{run.folder}.html")
    say(f"\nThe run is in {folder}, and a report to send in {page}. Try next:")
    served = f"serve {folder}                     # all of it as a page in the browser"
    there = all(map(find_spec, ("fastapi", "uvicorn")))
    for line in (
        f"similar {folder} module iterator --compare --min-count 10",
        f'search {folder} "wait until a thread has ended"',
        *[served] * there,
        f"run trajectory {folder} thread --plot thread.html",
        f"report {folder} -o report.html --words thread,generator",
        "refine YOUR_TEXT -o my-run        # files, folders, csv, jsonl, parquet",
        "example storms.jsonl              # a dated text to try drift and topics on",
        'search YOUR_TEXT "a question"     # refine and search in one',
    ):
        say(f"  {program()} {line}")
    if not there:
        say("The page in the browser needs packages that are not installed. To see it:")
        add = install_command("serve")  # of uvx: what runs the program with it
        say(f"  {add} {served}" if in_uvx() else f"  {add}\n  {program()} {served}")


def merged(run: Run, _: Given) -> None:
    """How many runs were merged, and the summary of the new one."""
    say(f"merged {count_of(len(run.provenance.grown[-1]['runs']), 'run')}")
    _summary(run)


def updated(result: Run | Answer | Iterator[Run], given: Given) -> None:
    """What an update changed, or would change; with ``--every``, each update as it happens."""
    if isinstance(result, Iterator):
        for run in result:
            assert run.change is not None
            if given.get("json"):
                print_json({"run": str(run.folder), **run.change}, indent=None)
            else:
                say(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {changes(run.change)}")
        return
    if given.get("json"):
        return
    if given.get("undo"):
        print_text(given["run"])
        return
    if given.get("dry_run"):
        for file in result["files"]:  # type: ignore[index]
            print_text(f"{file['path']}: {file['added']:,} to add, {file['skipped']:,} known")
        print_text(f"nothing was changed; the update would say: {changes(result.as_dict())}")
        return
    if result.change is None:
        say("nothing is new: the run has all of these documents, so it stays as it is")
        print_text(given["run"])
        return
    say(changes(result.change))
    if since := result.provenance.since_vectors:
        say(f"the vectors stay as they are: {since}")
        print_text(given["run"])
        return
    _summary(result)


def changes(change: Any) -> str:
    """What changed, in words.

    >>> changes({"added": 2, "tokens": 9, "types": 1, "changed": 1, "withdrawn": 0, "skipped": 7})
    'added 1 document; replaced 1 older version; +9 tokens, +1 type; skipped 7 that the run has'
    >>> changes({"added": 0, "tokens": 0, "types": 0, "changed": 0, "withdrawn": 0, "skipped": 0})
    'refined again on the same documents'
    """
    new = change["added"] - change["changed"]  # a new version is counted as added, too
    parts = [f"added {count_of(new, 'document')}"] if new > 0 else []
    parts += [f"replaced {count_of(change['changed'], 'older version')}"] if change["changed"] else []
    parts += [f"withdrew {count_of(change['withdrawn'], 'document')}"] if change["withdrawn"] else []
    parts = parts or ["refined again on the same documents"]
    grown = [(change.get(f"{noun}s", 0), noun) for noun in ("token", "type")]
    sizes = [f"{'+' * (n > 0)}{count_of(n, noun)}" for n, noun in grown if n]
    parts += [", ".join(sizes)] * bool(sizes)
    parts += [f"skipped {change['skipped']:,} that the run has"] if change["skipped"] else []
    return "; ".join(parts)


def fetched(result: Answer, given: Given) -> None:
    """Where it is, and what to do with it; or what can be fetched."""
    if "path" not in result.as_dict():
        from selfvec.analysis.views.terminal import draw

        show(draw(result.view()))
        return
    print_text(result["path"])
    vectors = (
        f"TEXT --{result['kind']} {given['name']}"
        if "kind" in result.as_dict()
        else shlex.quote(result["path"])
    )
    say(f"next: {program()} refine {vectors} -o RUN")


def example(path: Path, _: Given) -> None:
    """What was planted in the text."""
    from selfvec.corpus.example_text import planted

    contents = planted()
    print_text(path)
    file = shlex.quote(str(path))
    former, later = contents["replaced"]
    others = ", ".join(f"{other} for {word}" for word, other in contents["synonyms"].items())
    say(f"{contents['documents']:,} storm reports, {contents['first_year']} to {contents['last_year']}")
    say("planted in the text, to be found again:")
    say(f"  words that get a new sense around {contents['year_of_change']}: {', '.join(contents['changed'])}")
    say(f"  a new word: {contents['new']}; a word that replaces another: {later} for {former}")
    say(f"  words that some reporters use for others: {others}")
    say(f"next: {program()} refine {file} -o run; {program()} drift run --slice decade")
