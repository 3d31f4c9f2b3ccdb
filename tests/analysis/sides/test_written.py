"""What is said of two sides is what was planted in them, and nothing else."""

import pytest
from planted_text import reports

import selfvec
from selfvec.analysis.sides import written
from selfvec.corpus.slices import named_slice
from selfvec.data.run import Run

BETWEEN = ["2000..2008", "2009..2018"]


def sides_of(run: Run):
    return written(run, [named_slice(run.require_tokens(), name) for name in BETWEEN])


@pytest.mark.parametrize(
    ("planted", "begins"),
    [
        ("notation", ["2000..2008 is written in capitals (100% of the letters"]),
        ("mix", ["kind differs: "]),
        ("sense", []),
        ("subject", []),
    ],
)
def test_the_planted_cause_is_said_first_and_no_other(planted: str, begins: list[str]) -> None:
    run = selfvec.refine(list(reports(300, planted=[planted])), "none", "original")
    said = selfvec.drift(run, BETWEEN).introduction
    assert len(sides_of(run).sentences) == len(begins)
    for sentence, beginning in zip(said, begins, strict=False):
        assert sentence.startswith(beginning)


def test_of_sides_that_are_written_alike_nothing_is_said() -> None:
    said = 0
    for seed in range(40):
        run = selfvec.refine(list(reports(300, seed)), "none", "original")
        said += bool(sides_of(run).sentences)
    assert said <= 2
