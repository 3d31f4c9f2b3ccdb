"""The page as one file: its scripts, and the answers for the words that changed most. It fetches nothing.

The scripts read answers from the file instead of a server; see ``static/api.js``. What is printed, and shown
without scripts, is the page of ``selfvec report``.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from graphlib import TopologicalSorter
from html import escape
from typing import Any

from selfvec.analysis.concepts.corpus_topics import few_with_growth
from selfvec.analysis.concepts.document_topics import documents_to_read
from selfvec.analysis.concepts.growth import default_sides
from selfvec.analysis.views.text_report import TextFindings, text_report
from selfvec.base.progress import Progress
from selfvec.base.result_table import Json
from selfvec.base.view import COUNT, WORDS, Column, Table
from selfvec.files.report_page import STYLE, body_html

from .addresses import ADDRESSES
from .app import page_files
from .comparison import Filter
from .facets import facets
from .page_data import PageData
from .work import BackgroundTask

_PARAMETERS = {"c": "key", "w": "word"}  # of the answering functions, by their names in a request
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
    """The page of a run with its first comparison, as HTML; waits for the tests."""
    files = {path: file.body.decode() for path, file in page_files().items()}
    head, _, rest = files["/"].partition('<link rel="icon"')
    body = rest[rest.index("</head>") :]
    answers = _answers(page, progress or Progress())
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


class Answers(dict[str, Any]):
    """Answers of the interface by their requests, which are written as ``static/api.js`` looks them up."""

    def __init__(self, page: PageData) -> None:
        self._page = page

    def ask(self, path: str, unsaid: Mapping[str, Any] | None = None, /, **asked: str) -> Any:
        """An answer, which is kept; ``unsaid`` is asked, too, but does not tell two requests apart."""
        request = "\n".join([path, *(f"{name}={asked[name]}" for name in sorted(asked))])
        given = {_PARAMETERS.get(name, name): value for name, value in asked.items()}
        answer = self[request] = ADDRESSES[f"/api/{path}"].function(self._page, **given, **(unsaid or {}))
        return answer

    def ask_word(self, **asked: str) -> None:
        """What the page of a word shows."""
        self.ask("word", **asked)
        self.ask("time", w=asked["w"])
        if self._page.run.tokens is not None:
            self.ask("uses", **asked)


def _answers(page: PageData, progress: Progress) -> Answers:
    key = page.comparisons.default
    tasks = page.comparisons.tasks(key)
    waited: list[BackgroundTask[Any]] = [tasks.comparison, page.index, tasks.tested]
    waited += [page.topics, page.domain]
    for task in waited:
        task.begin()
    for task in waited:
        _wait(task, progress)
    answers = Answers(page)
    texts = _documents(page)
    if texts is not None:
        answers["documents"] = texts
        fields = {field["name"]: field["values"] for field in facets(page)["fields"]}
        answers["spans"] = [value["value"] for value in fields.get("date", ())]
    about = answers.ask("about")
    first = [choice for choice in about["comparisons"] if choice["key"] == key]
    about |= {
        "comparisons": first,
        "parts": [],
        "kept": True,
        "writes": False,
        "has_documents": texts is not None,
    }
    overview, domain = answers.ask("overview"), answers.ask("domain")
    for path in ("topics", "typical"):
        answers.ask(path)
    answers["health"] = page.run.health_report.as_dict()  # without the state of a server
    ranking = answers.ask("ranking", {"wanted": Filter(), "limit": _WORDS}, c=key)
    ranking["total"] = len(ranking["rows"])
    shown = [row["word"] for row in [*ranking["rows"], *domain["words"]]]
    words = dict.fromkeys(shown + [word for word, _ in overview["words"]])
    with progress.stage("Saving", len(words), "words") as advance:
        for word in words:
            answers.ask_word(c=key, w=word)
            advance(1)
    return answers


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
        texts.append(ADDRESSES["/api/document"].function(page, name))
        length += len(texts[-1]["text"])
        if length > _TEXT:
            return None
    return texts


def _on_paper(page: PageData) -> str:
    """What is printed: the page of ``selfvec report`` about the first comparison, and words of the text."""
    run, topics = page.run, page.named_topics
    changed = page.comparisons.tasks(page.comparisons.default).tested.result().changes.select(_PRINTED)
    subjects = None if topics is None else few_with_growth(run, topics, default_sides(run))
    report = text_report(
        TextFindings(
            run,
            subjects,
            changed.illustrate(run, _QUOTED) if changed.rows and changed.is_sliced else None,
            to_read=[] if subjects is None else documents_to_read(subjects),
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
