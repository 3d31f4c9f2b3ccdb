"""What a comparison found is one list in one order, from which each door tells: the page and monitor, too."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from tests.apps.web.serving import serving
from tests.commands import ran

import selfvec
from selfvec.base.view import spoken

SUBJECTS = (
    "hail storm roof wind gust thunder barn field",
    "river flood bridge bank water road dam rain",
    "judge court law trial jury verdict lawyer appeal",
    "bread flour oven baker butter sugar dough kitchen",
)
GERMAN = "Die Feuerwehr half den Bewohnern und die Straße nach dem Dorf war von der Polizei gesperrt"


def texts(number: int, days: int = 3_000) -> list[dict[str, str]]:
    """Texts of four subjects, spread evenly over so many days."""
    draw = np.random.default_rng(0)
    rows = []
    for i in range(number):
        words = ", the ".join(draw.choice(SUBJECTS[i % 4].split(), 5))
        day = date(2010, 3, 1) + timedelta(days=i * days // number)
        rows.append({"text": f"The {words} stood in the report of the day.", "date": str(day)})
    return rows


def later(rows: list[dict[str, str]], write: Callable[[str], str]) -> list[dict[str, str]]:
    """The same rows with the later half written anew."""
    half = len(rows) // 2
    return [*rows[:half], *(row | {"text": write(row["text"])} for row in rows[half:])]


def in_german(text: str) -> str:
    """A text in another order of words, and of two subjects."""
    words = [*GERMAN.split(), *text.split()[1:6:2]]
    return " ".join(np.random.default_rng([*text.encode()]).permutation(words))


TEXTS = {
    "alike": texts(240),
    "forms": later(texts(240), "Sent by the new office of the county. {}".format),
    "languages": later(texts(240), in_german),
    "copies": later(texts(240), lambda text: texts(8)[len(text) % 8]["text"]),
    "kinds": [row | {"kind": "ab"[i > 150 or i % 3 == 0]} for i, row in enumerate(texts(240))],
    "words that came": later(texts(240), lambda text: text.replace("report", "overview")),
    "words": later(texts(240), lambda text: text.replace("stood in", "didn't stand in")),
    "lower case": later(texts(240), str.lower),
    "capitals": later(texts(240), str.upper),
    "a subject that vanished": [row for i, row in enumerate(texts(320)) if i < 160 or i % 4],
    "small": texts(30),
    "ten days": texts(240, 10),
}


def first(sentences: str) -> str:
    """A finding may go on with how something was counted, which differs where subjects are counted, too."""
    return re.split(r"(?<=[.:]) ", sentences)[0]


@pytest.mark.parametrize("name", TEXTS)
def test_the_first_sentence_is_the_same_everywhere(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    run = selfvec.refine(TEXTS[name], "none", "original", output=folder)
    found = selfvec.drift(run)
    assert found.a != "original"
    findings = ran(["drift", folder, "--json"]).json["findings"]
    assert findings == ran(["drift", folder, "--top", 1, "--json"]).json["findings"]  # whatever is listed
    told = " ".join(ran(["drift", folder]).out.split())  # which a terminal wraps
    assert told.startswith(findings[0]["says"])
    with serving(run.present) as site:
        site.data.comparisons.drift(site.data.comparisons.default).result()
        assert site.json("/api/ranking")["findings"] == findings
    report = ran(["report", folder, "-o", tmp_path / "r.html", "--json"]).json["findings"]
    every = [first(row["says"]) for row in report]
    assert every[0] == first(findings[0]["says"])
    assert spoken(every[0]) in (tmp_path / "r.html").read_text("utf-8")
    sides = ["--between", found.a, found.b]
    two = ran(["report", folder, "-o", tmp_path / "two.html", *sides, "--json"]).json["findings"]
    of_sides = [first(row["says"]) for row in two]
    topics, keyness = run.topics(by="year").findings(), run.keyness().findings
    for listed, told in ((every, found.findings), (every, topics), (of_sides, keyness)):
        rest = iter(listed)
        assert all(first(finding.says) in rest for finding in told)  # the same, in the same order
    old, new = ([TEXTS[name][i] for i in np.flatnonzero(side.documents)] for side in found.slices)
    names = {"The run": found.a, "the run": found.a, "The new text": found.b, "the new text": found.b}
    for finding in selfvec.monitor(selfvec.refine(old, "none", "original"), new, level=0.5).findings:
        assert re.sub("|".join(names), lambda name: names[name[0]], first(finding.says)) in of_sides


def test_two_values_of_a_field_are_compared_by_topics_too() -> None:
    rows = [
        {"text": row["text"], "side": "ba"[i < 160]} for i, row in enumerate(TEXTS["a subject that vanished"])
    ]
    (subject,) = selfvec.topics(selfvec.refine(rows, "none", "original"), by="side").findings()
    assert subject.says.startswith("Less about ")
    assert {*subject.words} <= {*SUBJECTS[0].split()}
