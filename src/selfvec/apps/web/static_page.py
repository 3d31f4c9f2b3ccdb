"""The page as one file: its scripts, and the answers for the words that changed most. It fetches nothing.

The scripts read answers from the file instead of a server; see ``static/api.js``. What is printed, and shown
without scripts, is `_report`: it is made of the same answers, so it says the same.
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from graphlib import TopologicalSorter
from html import escape
from itertools import zip_longest
from typing import Any

import numpy as np

from selfvec.base.progress import Progress
from selfvec.files.report_page import Drawn, Pieces, ReportPage, Section, lines_cell

from .app import page_files
from .page_data import PageData
from .ranking import Filter
from .work import BackgroundTask

_PAUSE = 0.1  # seconds between two checks of a background task
_PRINTED = 30  # words that changed most, on paper
_QUOTED = 15  # of these, with sentences
_NEAR = 6  # neighbours on paper
_HEIGHT = 20  # of the bars of a topic
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
    on_paper = _report(data.comparisons.default, answers)
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


def _report(key: str, answers: Mapping[str, Any]) -> str:
    """What is printed: one report of what the views hold, as HTML without a head."""
    about, topics = answers[_key("about")], answers[_key("topics")]
    ranking = answers[_key("ranking", c=key)]
    quoted = [answers.get(_key("uses", c=key, w=row["word"])) for row in ranking["rows"][:_QUOTED]]
    sections = [
        Section(
            "Words of this text, and what it taught about them",
            ["word", "times", "here near", "before near"],
            [
                [row["word"], f"{row['count']:,}", _listed(row["after"]), _listed(row["before"])]
                for row in answers[_key("domain")]["words"]
            ],
        ),
        Section(
            f"Words that changed most, from {ranking['names'][0]} to {ranking['names'][1]}",
            ["word", "distance", "p", "q", "came", "went", "sentences"],
            [_changed(*pair) for pair in zip_longest(ranking["rows"][:_PRINTED], quoted)],
        ),
        Section(
            f"Topics over time{_span(topics['periods'])}",
            ["topic", "share", "by period"],
            [
                [topic["name"], f"{topic['share']:.0%}", _bars(topic["counts"], topics["periods"])]
                for topic in topics["topics"]
            ],
        ),
    ]
    tested = ranking.get("tested") and ranking["rows"]
    notes = ["p by permutation, q by Benjamini and Hochberg."] if tested else []
    lines = [" ".join(_facts(about, answers[_key("overview")]))]
    page = ReportPage(about["description"], lines, [one for one in sections if one.rows], notes=notes)
    return f'<section class="paper">\n<h1>{escape(page.title)}</h1>\n{page.body()}\n</section>\n'


def _facts(about: Mapping[str, Any], overview: Mapping[str, Any]) -> list[str]:
    """Sentences: what the text is, and what refining gained."""
    size = f"{about['documents']:,} documents, " if about.get("documents") else ""
    dates = about.get("dates")
    facts = [f"{size}{about.get('tokens') or 0:,} words of text, {about['types']:,} different words."]
    facts += [f"From {dates[0]} to {dates[1]}."] if dates else []
    if gain := overview.get("gain"):
        facts.append(
            f"Half of a document finds its other half before {gain['after']:.0%} of the others, "
            f"with the initial vectors before {gain['before']:.0%}."
        )
    return facts


def _changed(row: Mapping[str, Any], uses: Mapping[str, Any] | None) -> list[str | Drawn]:
    """A word that changed, with a sentence of each text."""
    figures = [f"{row['distance']:.3f}", *(_p(row.get(name)) for name in ("p", "q"))]
    texts = uses["texts"] if uses else ()
    lines: list[tuple[str, Pieces]] = []
    for text in texts:
        for use in text["uses"][:1]:
            lines += [("small", [(text["name"], False)])] * (len(texts) > 1)  # one text needs no name
            lines.append(("p", [(part, kind == "self") for part, kind in use["tokens"]]))
    return [row["word"], *figures, _listed(row["gained"]), _listed(row["lost"]), lines_cell(*lines)]


def _p(value: float | None) -> str:
    return "" if value is None else "<.001" if value < 0.001 else f"{value:.3f}"


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words[:_NEAR])


def _span(periods: Sequence[Mapping[str, Any]]) -> str:
    return f", {periods[0]['name']} to {periods[-1]['name']}" if len(periods) > 1 else ""


def _bars(counts: Sequence[int], periods: Sequence[Mapping[str, Any]]) -> Drawn:
    """The topic's share of each period's documents, as bars."""
    shares = [n / max(period["documents"], 1) for n, period in zip(counts, periods, strict=True)]
    most = max(shares, default=0) or 1
    heights = [_HEIGHT * share / most for share in shares]
    bars = "".join(
        f'<rect x="{8 * i}" y="{_HEIGHT - height:.1f}" width="7" height="{height:.1f}"/>'
        for i, height in enumerate(heights)
    )
    size = f'width="{8 * len(shares)}" height="{_HEIGHT}"'
    return Drawn(
        "", f'<svg {size} role="img" aria-label="largest share {most:.0%}">{bars}</svg> ≤ {most:.0%}'
    )
