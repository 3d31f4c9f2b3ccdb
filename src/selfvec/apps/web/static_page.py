"""The page as one file: its scripts, and the answers for the words that changed most. It fetches nothing.

The scripts read answers from the file instead of a server; see ``static/api.js``. What is printed, and shown
without scripts, is the page of ``selfvec report``.
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from graphlib import TopologicalSorter
from html import escape
from typing import Any

import numpy as np

from selfvec.apps.functions.report import with_periods
from selfvec.base.progress import Progress
from selfvec.base.view import COUNT, WORDS, Column, Table
from selfvec.files.report_page import STYLE, body_html
from selfvec.views.text_report import TextFindings, text_report

from . import documents, first_view, maps, times, words
from .app import page_files
from .page_data import Json, PageData
from .ranking import Filter
from .work import BackgroundTask

Held = tuple[str, Any]  # a request, as written by `_key`, and its answer

_PAUSE = 0.1  # seconds between two checks of a background task
_PRINTED = 30  # words that changed most, on paper
_QUOTED = 15  # of these, with sentences
_WORDS = 100  # number of words that changed most, and of the most frequent ones
_TEXT = 5_000_000  # characters of documents, at most; a longer text is not in the file
_POLICY = "default-src 'none'; script-src 'unsafe-inline' blob:; style-src 'unsafe-inline'; img-src data:"
_IMPORT = re.compile(r'^import [^;]* from "[.](/[a-z-]+[.]js)"', re.MULTILINE)
_UNSCRIPTED = """<noscript><style>
body { display: block; height: auto; } body > :not(.paper) { display: none; } .paper { display: block; }
</style></noscript>"""
_LOADER = """
const kept = JSON.parse(document.getElementById("kept").textContent), urls = {};
globalThis.selfvecKept = kept.answers;
for (const [name, text] of kept.modules) {
  const linked = text.replace(/ from "[.][/]([a-z-]+[.]js)"/g, (_, other) => ` from "${urls[other]}"`);
  urls[name] = URL.createObjectURL(new Blob([linked], { type: "text/javascript" }));
}
import(urls["main.js"]);
"""


def static_page(page: PageData, progress: Progress | None = None) -> str:
    """The page of a run with its first comparison, as HTML; waits for the tests and the map."""
    files = {path: file.body.decode() for path, file in page_files().items()}
    head, _, rest = files["/"].partition('<link rel="icon"')
    body = rest[rest.index("</head>") :]
    answers = dict(_answers(page, progress or Progress()))
    kept = {"answers": answers, "modules": _in_order(files)}
    held = json.dumps(kept, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    policy = f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    scripts = (
        f'<script type="application/json" id="kept">{held}</script>\n<script type="module">{_LOADER}</script>'
    )
    style = f"<style>{files['/page.css']}</style>\n<script>{files['/theme.js']}</script>\n"
    on_paper = _on_paper(page)
    body = body.replace("<body>", '<body class="kept">')  # before the scripts run: it may be printed at once
    return f"{head}{policy}\n{style}{_UNSCRIPTED}{body.replace('</body>', on_paper + scripts + '</body>')}"


def _in_order(files: dict[str, str]) -> list[tuple[str, str]]:
    """The modules, each after those that it imports."""
    imported = {name: _IMPORT.findall(text) for name, text in files.items() if name.endswith(".js")}
    return [(name.removeprefix("/"), files[name]) for name in TopologicalSorter(imported).static_order()]


def _answers(page: PageData, progress: Progress) -> Iterator[Held]:
    """Pairs of a request, as written by `_key`, and its answer."""
    key = page.comparisons.default
    tasks = page.comparisons.tasks(key)
    waited: list[BackgroundTask[Any]] = [tasks.comparison, page.index, tasks.tested, tasks.states]
    waited += [page.topics, page.domain, tasks.arranged]
    for task in waited:
        task.begin()
    for task in waited:
        _wait(task, progress)
    about = first_view.about(page)
    first = [choice for choice in about["comparisons"] if choice["key"] == key]
    texts = _documents(page)
    held = {"comparisons": first, "parts": [], "kept": True, "has_documents": texts is not None}
    yield _key("about"), {**about, **held}
    if texts is not None:
        yield _key("documents"), texts
    overview, domain = first_view.overview(page), first_view.domain(page)
    yield _key("overview"), overview
    yield _key("domain"), domain
    yield _key("health"), first_view.health(page)
    yield _key("topics"), times.topics(page)
    yield _key("typical"), times.typical(page)
    ranking = words.ranking(page, key, Filter(), 0, _WORDS)
    ranking["total"] = len(ranking["rows"])
    yield _key("ranking", c=key), ranking
    asked = {"of": "words", "layout": "pacmap"}
    yield from _map(page, key, **asked)
    yield _key("map/colours", c=key, **asked), maps.colours(page, key, "words", "pacmap")
    shown = [row["word"] for row in [*ranking["rows"], *domain["words"]]]
    every = dict.fromkeys(shown + [word for word, _ in overview["words"]])
    with progress.stage("Saving", len(every), "words") as advance:
        for word in every:
            yield from _of_word(page, key, word)
            advance(1)


def _wait(task: BackgroundTask[Any], progress: Progress) -> None:
    """Wait for a background task, and report its progress as a stage of 100 steps."""
    with progress.stage(task.label.capitalize(), 100, "%") as advance:
        done = 0
        while not task.done():
            time.sleep(_PAUSE)
            now = max(done, int(100 * task.share))
            advance(now - done)
            done = now
        advance(100 - done)


def _documents(page: PageData) -> list[Json] | None:
    """The documents, whole; None if there are none or they are longer than `_TEXT`."""
    if page.run.tokens is None:
        return None
    texts, length = [], 0
    for name in page.index.result().documents.ids:
        texts.append(documents.document(page, name))
        length += len(texts[-1]["text"])
        if length > _TEXT:
            return None
    return texts


def _of_word(page: PageData, key: str, word: str) -> Iterator[Held]:
    neighbours = words.word(page, key, word)
    yield _key("word", c=key, w=word), neighbours
    yield _key("time", w=word), times.time(page, word)
    if page.run.tokens is not None:
        yield _key("uses", c=key, w=word), words.uses(page, key, word)
    if neighbours["before"] or neighbours["after"]:
        yield from _map(page, key, w=word)


def _map(page: PageData, key: str, w: str | None = None, **asked: str) -> Iterator[Held]:
    described, points = maps.drawn(page, key, w, True, **asked)
    of_word = {} if w is None else {"w": w}
    yield _key("map", c=key, **of_word, **asked), described
    yield _key("map/points", c=key, **of_word, **asked), _packed(points)


def _key(path: str, **asked: str) -> str:
    return "\n".join([path, *(f"{name}={asked[name]}" for name in sorted(asked))])


def _packed(points: Any) -> str:
    return base64.b64encode(np.ascontiguousarray(points, "<i2").tobytes()).decode()


def _on_paper(page: PageData) -> str:
    """What is printed: the page of ``selfvec report`` about the first comparison, and words of the text."""
    run, topics = page.run, page.topics.result()
    changed = page.comparisons.tasks(page.comparisons.default).tested.result().changes.select(_PRINTED)
    report = text_report(
        TextFindings(
            run,
            None if topics is None else with_periods(run, topics),
            changed.illustrate(run, _QUOTED) if changed.rows else None,
            (),
        )
    )
    columns = (
        Column("word"),
        Column("count", "times", COUNT),
        Column("after", "here near", WORDS),
        Column("before", "before near", WORDS),
    )
    rows = page.domain.result()
    taught = [Table(columns, rows, "Words of this text, and what it taught about them")] if rows else []
    body = f"<h1>{escape(report.title)}</h1>\n{body_html(replace(report, parts=[*report.parts, *taught]))}"
    return f'<style>.paper {{ {STYLE} }}</style>\n<section class="paper">\n{body}\n</section>\n'
