"""What happened when: planted peaks, gaps, steps and slow growth are named with their months."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.commands import ran
from tests.examples import soaked

import selfvec
from selfvec.analysis.concepts.events import Event, events_of
from selfvec.analysis.concepts.timescan import Timescan
from selfvec.base.finding import Finding
from selfvec.data.run import Run

MONTHS = [str(np.datetime64("2023-01", "M") + i) for i in range(24)]
EACH = 60  # documents of a month
WORDS = [
    f"{first}{last}" for first in ("bar", "lom", "tig", "sel", "nor") for last in ("ven", "dak", "rup", "mil")
]


Rows = list[dict[str, str]]


def rows_of(added: Callable[[np.random.Generator, int, int], str], months: Sequence[str] = MONTHS) -> Rows:
    """Documents of some months, of words drawn at random, and what is added to those of a month."""
    draw, rows = np.random.default_rng(7), []
    for at, month in enumerate(months):
        for i in range(EACH):
            text = f"{' '.join(draw.choice(WORDS, 6))} {added(draw, at, i)}."
            rows.append({"date": f"{month}-{1 + i % 28:02}", "text": text})
    return rows


def run_of(rows: Sequence[dict[str, str]], **options: Any) -> Run:
    run: Run = selfvec.refine(list(rows), "none", "original", repeats="once", **options).present
    return run


def happened(run: Run) -> list[Event]:
    return [finding for finding in events_of(run) if isinstance(finding, Event)]


def share(at: int) -> dict[str, float]:
    """How often a word is planted in a month, by the form that it has."""
    return {
        "peak": 0.4 if at == 19 else 0.05,
        "gap": 0.0 if 8 <= at < 14 else 0.25,
        "from": 0.3 * (at >= 18),
        "until": 0.3 * (at < 6),
        "slow growth": 0.02 + 0.012 * at,
        "slow decline": 0.3 - 0.012 * at,
    }


def rows_with(form: str) -> Rows:
    return rows_of(lambda draw, at, _: "quasar" * (draw.random() < share(at)[form]))


def planted(form: str) -> Run:
    return run_of(rows_with(form))


@pytest.mark.parametrize(
    ("form", "begins", "ends", "says"),
    [
        ("peak", "2024-08", "2024-08", r"Peak of “quasar”: \d+ of the 60 documents of August 2024 \(\d+%\), "
         r"in other months [\d.]+% \(usually 3 of 60\)\."),
        ("gap", "2023-09", "2024-02", r"Gap of “quasar”: 0 of the 360 documents of September 2023 to "
         r"February 2024 \(0%\), in other months \d+%\."),
        ("from", "2024-07", "2024-12", r"“quasar” from July 2024 on: \d+ of the 360 documents \(\d+%\), "
         r"before 0%\."),
        ("until", "2023-01", "2023-06", r"“quasar” until June 2023: \d+ of the 360 documents \(\d+%\), "
         r"since then 0%\."),
        ("slow growth", "2024-07", "2024-12", r"Slow growth of “quasar”: [\d.]+% of the documents of "
         r"January 2023 to June 2023, \d+% of those of July 2024 to December 2024\."),
        ("slow decline", "2024-07", "2024-12", r"Slow decline of “quasar”: .*"),
    ],
)  # fmt: skip
def test_what_was_planted_is_named_with_its_months_and_nothing_else(
    form: str, begins: str, ends: str, says: str
) -> None:
    run = planted(form)
    (event,) = happened(run)
    assert (event.form, event.begins, event.ends, event.words) == (form, begins, ends, ("quasar",))
    assert re.fullmatch(says, event.says)
    assert event.q is not None
    assert event.q <= 0.01
    texts = run.require_text().texts(list(event.places))
    assert len(event.documents) == 3
    assert all("quasar" in text for text in texts)
    days = [MONTHS.index(str(day)[:7]) for day in run.require_text().dates(list(event.places))]
    inside = range(MONTHS.index(begins), MONTHS.index(ends) + 1)
    assert form == "gap" or all(day in inside for day in days)
    # the counts are those of the text
    counted = [0] * 24
    for text, day in zip(run.require_text().texts(), run.require_text().dates(), strict=True):
        counted[MONTHS.index(str(day)[:7])] += "quasar" in text
    assert list(event.counts) == counted


@pytest.mark.parametrize("seed", soaked(range(20), *range(4)))
def test_where_dates_are_dealt_out_by_chance_nothing_happened(seed: int) -> None:
    rows = rows_with("peak")
    days = np.random.default_rng(seed).permutation([row["date"] for row in rows])
    dealt = run_of([row | {"date": str(day)} for row, day in zip(rows, days, strict=True)])
    assert not happened(dealt)
    assert [row.says for row in events_of(dealt)] == [
        "Nothing differs beyond chance in its share of the documents of 24 months."
    ]


def test_a_season_is_no_event_but_a_winter_without_it_is_one() -> None:
    months = [str(np.datetime64("2021-01", "M") + i) for i in range(48)]

    def season(draw: np.random.Generator, at: int, i: int) -> str:
        return "snowfall" * (draw.random() < (0.5 if at % 12 in (0, 1) else 0.02))

    rows = rows_of(season, months)
    assert not happened(run_of(rows))
    mild = [
        row | {"text": row["text"].replace("snowfall", "rain")} if "2023" <= row["date"] < "2023-03" else row
        for row in rows
    ]
    assert {event.words[0] for event in happened(run_of(mild))} == {"rain"}


def test_documents_that_belong_together_are_one_observation() -> None:
    """Each of eight threads of a month is about something that no other is."""
    draw, rows = np.random.default_rng(3), []
    for at, month in enumerate(MONTHS):
        for i in range(EACH):
            thread = 8 * at + i // 8
            of_thread = f"topic{'abcdefghijklmnopqrstuvwxyz'[thread % 26]}{'abcdefgh'[thread // 26]}"
            text = f"{' '.join(draw.choice(WORDS, 6))} {of_thread}."
            rows.append({"date": f"{month}-{1 + i % 28:02}", "text": text, "thread": f"t{thread}"})
    assert not happened(run_of(rows, keep_fields="thread"))
    said = [row for row in events_of(run_of(rows, keep_fields="thread")) if row.kind == "unit"]
    assert said[0].says.endswith("documents with the same thread are one observation.")
    assert happened(run_of([{name: row[name] for name in ("date", "text")} for row in rows]))  # each is one


GREETING = "Hello dear customer, we are glad that you wrote to the new help desk of our company today"


def test_the_words_of_a_greeting_are_no_events_beside_it_and_the_rest_is() -> None:
    def told(draw: np.random.Generator, at: int, i: int) -> str:
        more = " quasar" * (draw.random() < share(at)["peak"])
        return f"{GREETING if at >= 12 and i % 2 else ''}{more}"

    greeting, peak = happened(run_of(rows_of(told)))
    assert greeting.says.startswith("The passage “Hello dear customer, we are glad that you wrote to the new")
    assert greeting.says.endswith("from January 2024 on: 360 of the 720 documents (50%), before 0%.")
    assert (peak.words, peak.begins, peak.unit) == (("quasar",), "2024-08", "word")


def test_what_moves_from_one_value_of_a_field_to_another_is_told_though_the_whole_has_as_much() -> None:
    rows = rows_of(lambda *number: "quasar" * (number[2] % 10 == 0))
    for i, row in enumerate(rows):
        of_word = "teen" if row["date"] >= "2024" else "card"
        row["product"] = of_word if "quasar" in row["text"] else ("card", "teen", "loan")[i % 3]
    (move,) = happened(run_of(rows, keep_fields="product"))
    assert re.fullmatch(
        r"“quasar” moves from product card to product teen: With product teen, “quasar” from January 2024 "
        r"on: 72 of the 288 documents \(25%\), before 0%\. With product card, .* until December 2023: 72 .*",
        move.says,
    )
    assert (move.form, move.begins, move.within) == ("from", "2024-01", "product=teen")


def test_one_list_opens_every_door_and_two_sides_that_are_named_have_none(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    rows = rows_with("peak")
    selfvec.refine(rows, "none", "original", output=folder)
    commands = ["report", folder, "-o", tmp_path / "page.html", "--overwrite"], ["drift", folder]
    every = [ran([*each, "--json"]).json for each in (*commands, ["text", "topics", folder])]
    firsts = [found["findings"][0] for found in every]
    keys = ("kind", "form", "from", "to", "share", "elsewhere", "says", "documents")
    assert len({repr([first[key] for key in keys]) for first in firsts}) == 1
    assert (firsts[0]["form"], firsts[0]["from"], firsts[0]["to"]) == ("peak", "2024-08", "2024-08")
    for command in commands:
        found = ran([*command, "--between", "2023", "2024", "--json"]).json["findings"]
        assert "event" not in {row["kind"] for row in found}


def test_undated_documents_are_said_and_texts_of_few_periods_are_not_scanned() -> None:
    rows = rows_with("peak")
    lacking: list[Any] = [row | {"date": "" if i % 10 == 0 else row["date"]} for i, row in enumerate(rows)]
    said: list[Finding] = events_of(run_of(lacking, date_field="date"))
    assert "144 documents have no date, and no part in what happened when." in [row.says for row in said]
    assert events_of(run_of([row for row in rows if row["date"] < "2023-01-04"])) == []
    assert events_of(run_of([{"text": row["text"]} for row in rows])) == []


# ---- The scan itself


def ratios_by_hand(counts: Sequence[int], sizes: Sequence[int]) -> Iterator[tuple[float, int, int]]:
    """The log likelihood ratio of every run of periods with at most half of all."""

    def likelihood(k: float, m: float) -> float:
        return sum(n * np.log(n / m) for n in (k, m - k) if n)

    every, total = sum(counts), sum(sizes)
    for a in range(len(sizes)):
        for b in range(a + 1, len(sizes) + 1):
            k, m = sum(counts[a:b]), sum(sizes[a:b])
            if 0 < m <= total / 2:
                yield likelihood(k, m) + likelihood(every - k, total - m) - likelihood(every, total), a, b


def test_the_best_run_is_that_of_all_runs_tried_one_by_one() -> None:
    draw = np.random.default_rng(0)
    for _ in range(20):
        sizes = draw.integers(1, 30, 9)
        counts = draw.binomial(sizes, draw.random(9) * 0.6)
        best = Timescan(sizes).best(counts[None])
        ratio, begin, end = max(ratios_by_hand(counts.tolist(), sizes.tolist()))
        if not best.trend[0]:
            assert best.ratio[0] == pytest.approx(ratio)
            assert (best.begin[0], best.end[0]) == (begin, end)
        else:
            assert best.ratio[0] >= ratio - 1e-9


@pytest.mark.parametrize("number", [8, 40, 400])
def test_p_is_as_often_small_as_it_says(number: int) -> None:
    sizes = np.random.default_rng(1).poisson(60, 24)
    drawn = np.random.default_rng(2).multivariate_hypergeometric(sizes, number, 4_000)
    p = Timescan(sizes).best(drawn).p
    for level in (0.05, 0.01):
        assert 0.3 * level <= np.mean(p <= level) <= 1.5 * level
