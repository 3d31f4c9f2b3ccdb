"""Passages that many documents hold word for word: planted templates, signatures and quoted mails."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from tests.analysis.concepts.subjects import SUBJECTS, subject_table

import selfvec
from selfvec.analysis.concepts.events import repeated_passages
from selfvec.data.run import Run

TEMPLATE = (
    "Thank you for getting in touch. We are sorry for the inconvenience - our team looks into it, and you "
    "will hear from us within two days."
)
OPENING = "Thank you for getting in touch. We are sorry for the inconvenience"
LATE = dict.fromkeys(range(180, 240, 2), TEMPLATE) | {
    200: TEMPLATE.replace("days", "weeks")
}  # day 540 of the text is 24 June 2024
SIGNATURE = "Kind regards from all of us at the office of the northern branch, second floor, left door."


def noted(hold: Mapping[int, str], documents: int = 240, **options: Any) -> Run:
    """Documents of two years, in which every text of a number ends with what the number's remainder holds."""
    rng = np.random.default_rng(0)
    rows = []
    for i in range(documents):
        said = " ".join(rng.choice(SUBJECTS[list(SUBJECTS)[i % 4]], 14))
        text = f"The {said}. {hold.get(i, '')}".strip()
        rows.append({"id": str(i), "date": str(date(2023, 1, 1) + timedelta(days=3 * i)), "text": text})
    return selfvec.refine(rows, subject_table(), method="decorrelated", repeats="once", **options)


def said(run: Run, **options: Any) -> list[str]:
    findings = selfvec.topics(run, 4, **options).findings()
    return [row.says for row in findings if row.kind in ("event", "passage")]


def test_a_template_is_quoted_as_it_stands_with_its_documents_and_its_first_month() -> None:
    run = noted(LATE)
    (passage,) = repeated_passages(run.present)
    assert passage.documents.tolist() == list(LATE)
    # 3 June 2024 is document 173 of 240, and what is before has none; 30 of 67 are 45 %
    event = f"The passage “{OPENING} …” from June 2024 on: 30 of the 67 documents (45%), before 0%."
    assert said(run) == said(run, by="year") == [event]
    assert not any("inconvenience" in topic.name for topic in selfvec.topics(run, 4).topics)


def test_of_two_sides_the_one_with_more_is_named_and_the_word_is_counted_where_it_stands(
    tmp_path: Any,
) -> None:
    run = noted(LATE)
    says = f"25% of the documents of 2024 and 0% of 2023 hold “{OPENING} …”."
    assert says in selfvec.drift(run, ["2023", "2024"]).introduction
    found = selfvec.report(run, tmp_path / "page.html", between=["2023", "2024"], words=["inconvenience"])
    (word,) = (row for row in found["growth"] if row["kind"] == "word")
    assert (word["documents_first"], word["documents_last"]) == (0, 30)
    # Of parts that end before the text does, the passage does not end with them.
    sides = ["2023-01-01..2023-12-31", "2024-01-01..2024-09-30"]
    found = selfvec.report(run, tmp_path / "page.html", between=sides, overwrite=True)
    (says,) = (row["says"] for row in found["findings"] if OPENING in row["says"])
    assert says.startswith("19% of the documents")


def test_what_the_text_holds_at_all_times_has_no_month_and_no_side() -> None:
    run = noted(dict.fromkeys(range(0, 240, 3), SIGNATURE))
    opening = "Kind regards from all of us at the office of the northern"
    assert said(run) == said(run, by="year") == [f"80 documents hold “{opening} …”."]


def test_a_template_above_a_signature_is_a_passage_of_its_own_and_their_seam_is_none() -> None:
    both = dict.fromkeys(range(0, 240, 6), f"{TEMPLATE} {SIGNATURE}")
    alone = dict.fromkeys(range(3, 240, 6), SIGNATURE)
    held = repeated_passages(noted({**both, **alone}).present)
    assert [(len(row.documents), row.text.split()[0]) for row in held] == [(80, "Kind"), (40, "Thank")]


def test_two_parts_that_go_together_are_one_passage() -> None:
    held = repeated_passages(
        noted({i: f"{TEMPLATE} Case number {i}. {SIGNATURE}" for i in range(0, 240, 6)}).present
    )
    assert [len(row.documents) for row in held] == [40]


@pytest.mark.parametrize("options", [{"keep": "tokens"}, {}])
def test_without_text_or_repeats_there_are_none(options: dict[str, Any]) -> None:
    hold = dict.fromkeys(range(0, 240, 6), TEMPLATE) if options else {}
    assert repeated_passages(noted(hold, **options).present) == []
