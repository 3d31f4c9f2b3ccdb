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
from graphlib import TopologicalSorter
from html import escape
from typing import Any

import numpy as np

from selfvec.apps.functions.report import with_periods
from selfvec.base.display import escape_for_display
from selfvec.base.progress import Progress
from selfvec.files.report_page import ReportPage, Section
from selfvec.views.terminal import escaped
from selfvec.views.text_report import TextFindings, text_report

from .app import page_files
from .page_data import PageData
from .ranking import Filter
from .work import BackgroundTask

_PAUSE = 0.1  # seconds between two checks of a background task
_PRINTED = 30  # words that changed most, on paper
_QUOTED = 15  # of these, with sentences
_WORDS = 100  # number of words that changed most, and of the most frequent ones
_TEXT = 5_000_000  # characters of documents, at most; a longer text is not in the file
_POLICY = "default-src 'none'; script-src 'unsafe-inline' blob:; style-src 'unsafe-inline'; img-src data:"
_IMPORT = re.compile(r'^import .* from "[.](/[a-z-]+[.]js)"', re.MULTILINE)
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


def static_page(data: PageData, progress: Progress | None = None) -> str:
    """The page of a run with its first comparison, as HTML; waits for the tests and the map."""
    files = {path: file.body.decode() for path, file in page_files().items()}
    head, _, rest = files["/"].partition('<link rel="icon"')
    body = rest[rest.index("</head>") :]
    answers = dict(_answers(data, progress or Progress()))
    kept = {"answers": answers, "modules": _in_order(files)}
    held = json.dumps(kept, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    policy = f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    scripts = (
        f'<script type="application/json" id="kept">{held}</script>\n<script type="module">{_LOADER}</script>'
    )
    style = f"<style>{files['/page.css']}</style>\n<script>{files['/theme.js']}</script>\n"
    on_paper = _on_paper(data)
    body = body.replace("<body>", '<body class="kept">')  # before the scripts run: it may be printed at once
    return f"{head}{policy}\n{style}{_UNSCRIPTED}{body.replace('</body>', on_paper + scripts + '</body>')}"


def _in_order(files: dict[str, str]) -> list[tuple[str, str]]:
    """The modules, each after those that it imports."""
    imported = {name: _IMPORT.findall(text) for name, text in files.items() if name.endswith(".js")}
    return [(name.removeprefix("/"), files[name]) for name in TopologicalSorter(imported).static_order()]


def _answers(data: PageData, progress: Progress) -> Iterator[tuple[str, Any]]:
    """Pairs of a request, as written by `_key`, and its answer."""
    key = data.comparisons.default
    tasks = data.comparisons.tasks(key)
    waited: dict[str, BackgroundTask[Any]] = {
        "Comparing words": tasks.comparison,
        "Indexing documents": data.index,
        "Testing significance": tasks.tested,
        "Placing words": tasks.states,
        "Finding topics": data.maps.topics,
        "Finding words of the text": data.domain,
        "Arranging words": tasks.arranged,
    }
    for task in waited.values():
        task.begin()
    for label, task in waited.items():
        _wait(task, label, progress)
    about = data.about()
    first = [choice for choice in about["comparisons"] if choice["key"] == key]
    documents = _documents(data)
    held = {"comparisons": first, "parts": [], "kept": True, "has_documents": documents is not None}
    yield _key("about"), {**about, **held}
    if documents is not None:
        yield _key("documents"), documents
    yield _key("overview"), data.overview
    yield _key("domain"), data.words_of_text()
    yield _key("health"), data.health()
    yield _key("topics"), data.topics()
    yield _key("typical"), data.typical()
    ranking = data.ranking(key, Filter(), 0, _WORDS)
    ranking["total"] = len(ranking["rows"])
    yield _key("ranking", c=key), ranking
    described, points = data.maps.drawn(key, of="words", layout="pacmap")
    asked = {"c": key, "of": "words", "layout": "pacmap"}
    yield _key("map", **asked), described
    yield _key("map/points", **asked), _packed(points)
    yield _key("map/colours", **asked), {"colours": data.maps.colours("words", "pacmap", key)}
    shown = [row["word"] for row in [*ranking["rows"], *data.domain.result()]]
    words = dict.fromkeys(shown + [word for word, _ in data.overview["words"]])
    with progress.stage("Saving", len(words), "words") as advance:
        for word in words:
            yield from _of_word(data, key, word)
            advance(1)


def _wait(task: BackgroundTask[Any], label: str, progress: Progress) -> None:
    """Wait for a background task, and report its progress as a stage of 100 steps."""
    with progress.stage(label, 100, "%") as advance:
        done = 0
        while not task.done():
            time.sleep(_PAUSE)
            now = max(done, int(100 * task.share))
            advance(now - done)
            done = now
        advance(100 - done)


def _documents(data: PageData) -> list[Any] | None:
    """The documents, whole; None if there are none or they are longer than `_TEXT`."""
    if data.run.tokens is None:
        return None
    found, length = [], 0
    for name in data.index.result().documents.ids:
        found.append(data.document(name))
        length += len(found[-1]["text"])
        if length > _TEXT:
            return None
    return found


def _of_word(data: PageData, key: str, word: str) -> Iterator[tuple[str, Any]]:
    found = data.word(key, word)
    yield _key("word", c=key, w=word), found
    yield _key("time", w=word), data.time(word)
    if data.run.tokens is not None:
        yield _key("uses", c=key, w=word), data.uses(key, word)
    if found["before"] or found["after"]:
        described, points = data.maps.drawn(key, word, True)
        yield _key("map", c=key, w=word), described
        yield _key("map/points", c=key, w=word), _packed(points)


def _key(path: str, **asked: str) -> str:
    return "\n".join([path, *(f"{name}={asked[name]}" for name in sorted(asked))])


def _packed(points: Any) -> str:
    return base64.b64encode(np.ascontiguousarray(points, "<i2").tobytes()).decode()


def _on_paper(data: PageData) -> str:
    """What is printed: the page of ``selfvec report`` about the first comparison, and words of the text."""
    run = data.run
    changed = data.comparisons.tasks(data.comparisons.default).tested.result().found.select(_PRINTED)
    found = data.maps.topics.result()
    report = text_report(
        TextFindings(
            run,
            None if found is None else with_periods(run, found),
            changed.illustrate(run, _QUOTED) if changed.rows else None,
            (),
        )
    )
    heads = ["word", "times", "here near", "before near"]
    rows = [
        [escape_for_display(row["word"]), f"{row['count']:,}", escaped(row["after"]), escaped(row["before"])]
        for row in data.domain.result()
    ]
    taught = [Section("Words of this text, and what it taught about them", heads, rows)] if rows else []
    body = f"<h1>{escape(report.title)}</h1>\n{report.body()}\n{ReportPage('', [], taught).body()}"
    return f'<style>.paper {{ {report.css} }}</style>\n<section class="paper">\n{body}\n</section>\n'
