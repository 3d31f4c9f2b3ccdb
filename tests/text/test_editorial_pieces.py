"""Short pieces in brackets that recur are marked as repeated, and are no evidence."""

import numpy as np

import selfvec
from selfvec import Run
from selfvec.text.editorial_pieces import editorial_pieces
from selfvec.text.repeats import repeated_tokens


def run_of(texts: list[str]) -> Run:
    return selfvec.refine([{"text": text} for text in texts], "none", "original", repeats="keep")


def marked(run: Run) -> list[str]:
    """The marked words of each document, joined."""
    batch, mask = run.require_tokens(), repeated_tokens(run)
    assert mask is not None
    places = [np.arange(*batch.offsets[i : i + 2]) for i in range(batch.documents)]
    return [" ".join(batch.types[batch.ids[at]] for at in mine if mask[at]) for mine in places]


def test_pieces_in_brackets_that_recur_are_marked_however_short() -> None:
    noted = [
        f"The thief number {n} was taken. [See original image.] He ran. Guilty. See summary.]"
        for n in range(12)
    ]
    plain = ["A watch was stolen. [An image of Ned.] We saw an original picture."] * 3
    run = run_of([*noted, *plain])
    assert editorial_pieces(run) == {"See summary.]": 12, "[See original image.]": 12}
    assert marked(run) == ["see original image see summary"] * 12 + [""] * 3


def test_words_that_mostly_occur_without_brackets_and_single_words_are_not_marked() -> None:
    texts = [f"The [federal reserve] met {n} times [laughter] and [see image]" for n in range(12)]
    texts += [f"The federal reserve met the federal reserve in room {n}" for n in range(12)]
    assert set(marked(run_of(texts))) == {"see image", ""}


def test_without_such_pieces_nothing_is_marked() -> None:
    assert repeated_tokens(run_of(["a plain text [once] of words"] * 5)) is None


def test_they_are_no_evidence_unless_there_is_nothing_else() -> None:
    rows = []
    for year in (2001, 2002):
        for n in range(40):
            text = f"The image hung in hall {n} of the house, {'where a lamp burnt' if n % 2 else 'there'}."
            rows.append({"text": f"{text} [See original image.]", "date": f"{year}-05-01"})
    run = selfvec.refine(rows, "none", "original", repeats="keep")
    found = selfvec.drift(run, ["2001", "2002"], words="image", examples=3)
    quoted = [text for side in "ab" for text in found.rows[0][f"examples_{side}"]]
    assert len(quoted) == 6
    assert all("hung" in text for text in quoted)
