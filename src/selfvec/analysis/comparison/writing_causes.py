"""What is said of how two sides are written: for each family of figures that tells them apart, its cause.

A cause is a sentence with the figures of both sides, and what takes it out of the texts, so that what is left
can be measured again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from selfvec.base.arrays import Doubles, Ints, Mask

from .writing_features import END, MARKS, MASKS, PASSAGE_WORDS, TOUCHING, Family, Texts

AS_CLEAR = 0.1  # below the largest probability: the plainer of two explanations is said
_IN_DOCUMENTS = 0.2  # by which shares of the documents differ
_FORMULAIC = 0.4  # the same of passages and words: a new subject has its phrases, too
_ALIKE = 0.95  # of the documents that have both of two passages, or neither
_ALWAYS = 0.8  # of the times of a passage that a word is beside it
_LONGEST, _PASSAGE = 60, 8  # words of a passage, and of those that are said
_MISREAD = 1.2  # times the share of the words of one document that are near a common one
_NO_PUNCTUATION = 0.005  # of the characters
_CAPITALS, _TITLES = 0.3, 0.5  # of the letters, and of the words with an initial capital
# Places among causes: strings of digits before digits, no punctuation before long sentences, and single
# function words and a few capitals more after what may bring them along.
_FIGURES, _GONE, _LESS_PLAIN = 4.5, 7.5, 20
_IN = "{high:.0%} of the documents of {more} and {low:.0%} of {less}"
_OF_CHARACTERS = "({high:.1%} of the characters, {low:.1%} in {less})"
_OF_LETTERS = "({high:.1%} of the letters, {low:.1%} in {less})"
_OF_WORDS = "({high:.1%} of the words, {low:.1%} in {less})"
_CASES = ("capitals", "words with an initial capital", "words in capitals", "words with capitals inside")
_NUMBERS = (r"\b\d{1,3}(?:[.,]\d{1,3})+\b", "1000")  # with marks inside, whatever these are
_SEPARATE = (r"(\p{Ll}{2}[.!?])(\p{Lu})", "$1 $2")  # sentences that touch
_ENTITIES = (
    *(("&(?:#39|apos);", "'"), ("&quot;", '"'), ("&amp;", "&"), ("&nbsp;", " ")),
    (r"&#?\w{1,8};", ""),
)
_WITHOUT_MASKS = (("[*_#=~|]{2,}", ""), (rf"[-/]?(?:{MASKS})[-/]?", " "), (r"\s+([.,;:!?])", "$1"))
_OF_SPELLING = ("damage", "word lengths", "endings")  # families that words change which are written otherwise


@dataclass(frozen=True)
class Cause:
    """What is said of a family, and what takes it out: edits of the texts, and families that it explains."""

    says: str
    effect: float
    edits: tuple[tuple[str, str], ...] = ()  # patterns and replacements; without a pattern, small letters
    explains: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    plain: float | None = None  # its place among causes, if it is not that of its family


@dataclass(frozen=True)
class Shown:
    """A family that tells the sides apart: its columns from the clearest, and both sides' figures."""

    texts: Texts
    family: Family
    sides: Mask  # (D,)
    names: tuple[str, str]
    clear: Doubles  # (k,), by how much more often than half one side has more
    figures: Doubles  # (2, k), means of the sides, or medians of lengths
    order: list[int]  # columns that differ beyond chance

    def of(self, column: int) -> dict[str, Any]:
        """The sides of a column by what they have of it."""
        (low, less), (high, more) = sorted(zip(self.figures[:, column].tolist(), self.names, strict=True))
        return {"low": low, "less": less, "high": high, "more": more, "label": self.family.labels[column]}

    def larger(self, ratio: float, least: float = 0.0, clear: float = 0.0) -> list[int]:
        """The columns of which one side has so much more, from the clearest."""
        low, high = np.sort(self.figures, axis=0)
        large = (high >= ratio * low) & (high - low >= least) & (self.clear >= clear)
        return [column for column in self.order if large[column]]

    def cause(self, column: int, says: str, **others: Any) -> Cause:
        """A cause whose sentence has the figures of a column."""
        sides = self.of(column)
        return Cause(says.format(**sides), sides["high"] - sides["low"], **others)


def _one(says: str, ratio: float, least: float = 0.0, **others: Any) -> Callable[[Shown], Cause | None]:
    """The cause of a family by its first column."""

    def cause(shown: Shown) -> Cause | None:
        return shown.cause(0, says, **others) if 0 in shown.larger(ratio, least) else None

    return cause


def _passages(shown: Shown) -> Cause | None:
    """The passage that tells most, if both of its halves or three words in a row do.

    Otherwise one word took the place of another.
    """
    texts, columns = shown.texts, shown.larger(1, _FORMULAIC)

    def tells(words: Ints) -> bool:
        has = texts.documents_with(words)
        return abs(float(has[shown.sides].mean() - has[~shown.sides].mean())) >= _FORMULAIC

    for column in columns:
        passage = _whole_passage(texts, int(shown.family.labels[column]))
        own = [tells(word) for word in passage[:, None]]
        words = [texts.name(word) for word in passage.tolist()]
        formula = any(map(all, zip(own, own[1:], own[2:], strict=False)))
        formula = formula or all(map(tells, np.array_split(passage, 2)))
        if formula and words[0] not in ("http", "https", "www"):
            has = shown.family.values
            alike = [i for i in columns if np.mean(has[:, i] == has[:, column]) >= _ALIKE]
            starts = (int(shown.family.labels[i]) for i in alike)
            edits = {_pattern_of(texts, _whole_passage(texts, start)): "" for start in starts}
            label = " ".join(words[:_PASSAGE]) + " …" * (len(words) > _PASSAGE)
            says = f"The passage “{label}” is in {_IN}."
            return shown.cause(column, says, edits=tuple(edits.items()), words=tuple(words[:_PASSAGE]))
    return None


def _whole_passage(texts: Texts, start: int) -> Ints:
    """The words of a passage, with those before and after it that nearly always are there."""
    passage: list[int] = texts.ids[start : start + PASSAGE_WORDS].tolist()
    at = texts.places_of(np.array(passage))
    for step, place in ((1, at + PASSAGE_WORDS), (-1, at - 1)):
        while len(passage) < _LONGEST:
            inside = (place >= 0) & (place < len(texts.ids))
            inside[inside] = texts.word_document[place[inside]] == texts.word_document[at[inside]]
            counts = np.bincount(texts.ids[place[inside]], minlength=1)
            if counts.max() < _ALWAYS * len(at):
                break
            passage.insert(len(passage) if step > 0 else 0, int(counts.argmax()))
            place = place + step
    return np.array(passage)


def _pattern_of(texts: Texts, passage: Ints) -> str:
    words = (re.escape(texts.name(word)).replace("'", "['’]") for word in passage.tolist())
    return r"(?i)\b" + r"\W+".join(words) + r"\b[.!?:;,]*\s*"


def _marks(shown: Shown) -> Cause | None:
    for column in shown.larger(1, _IN_DOCUMENTS):
        label = shown.family.labels[column]
        edit = _SEPARATE if label == TOUCHING else (MARKS[label][0], MARKS[label][1])
        if label.startswith("numbers with"):
            edit = _NUMBERS  # the other side may have another mark
        return shown.cause(column, f"{_IN} have {{label}}.", edits=(edit,))
    return None


def _masks(shown: Shown) -> Cause | None:
    for column in shown.larger(1, _IN_DOCUMENTS):
        entity = shown.family.labels[column][0] == "&"
        edits, explains = (_ENTITIES, ()) if entity else (_WITHOUT_MASKS, ("function words",))
        return shown.cause(column, f"“{{label}}” is in {_IN}.", edits=edits, explains=explains)
    return None


def _damage(shown: Shown) -> Cause | None:
    alone, misspelt, halves = range(3)
    near = shown.figures[:, misspelt] / np.maximum(shown.figures[:, alone], 1e-9)
    for column in shown.larger(1.5, 0.003):
        if column == halves:
            says = "{more} breaks words: {high:.1%} of its words end in a hyphen or are halves of words, "
            says += "{low:.1%} in {less}."
            edits = ((r"(\pL)[-‐\x{AD}]\s+(\pL)", "$1$2"),)
            return shown.cause(halves, says, edits=edits, explains=_OF_SPELLING)
        # Where more of the words that one side has alone are near a common one, they are no names.
        more = int(shown.figures[:, misspelt].argmax())
        names = near[more] < _MISREAD * near[1 - more] or shown.of(alone)["more"] != shown.names[more]
        if column == misspelt and alone in shown.larger(1.3) and not names:
            says = "{high:.0%} of the words of {more} are in no other document, {low:.0%} of {less}, "
            says += "as if misread or mistyped."
            also = ("digits", "shapes", "function words", "passages", "ends")
            return shown.cause(alone, says, explains=(*_OF_SPELLING, *also))
    return None


def _function_words(shown: Shown) -> Cause | None:
    """All of them together, or those that differ most."""
    if 0 in shown.larger(1.1, 0.08):
        says = "{more} has more function words ({high:.0%} of the words, {low:.0%} in {less})."
        edits = (_any_of(shown.family.labels[1:]),)
        return shown.cause(0, says, edits=edits, explains=("function words", *_OF_SPELLING))
    columns = [column for column in shown.larger(1.3, 0.002, 0.06) if column]
    if not columns:
        return None
    told, words = _several(shown, columns, f"“{{label}}” {_OF_WORDS}")
    says = f"{{more}} uses {told} more often."
    others = {"explains": ("function words",), "words": words, "plain": _LESS_PLAIN + 1}
    return shown.cause(columns[0], says, edits=(_any_of(words),), **others)


def _any_of(words: Sequence[str]) -> tuple[str, str]:
    """An edit that leaves some words out."""
    return rf"(?i)\b(?:{'|'.join(map(re.escape, words))})\b\s*", ""


def _several(shown: Shown, columns: Sequence[int], figures: str) -> tuple[str, tuple[str, ...]]:
    """The figures of up to three columns of which the same side has more, as a list; and their labels.

    The list is part of what is formatted, so that braces in it are doubled.
    """
    more = shown.of(columns[0])["more"]
    rows = [row for row in map(shown.of, columns) if row["more"] == more][:3]
    told = [figures.format(**row).replace("{", "{{").replace("}", "}}") for row in rows]
    listed = " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)
    return listed, tuple(row["label"] for row in rows)


def _case(shown: Shown) -> Cause | None:
    columns = shown.larger(1.5, 0.005)
    if not columns:
        return None
    (capitals, initial), apart = map(shown.of, (0, 1)), np.ptp(shown.figures, axis=0)
    column, plain = 0, None
    if initial["high"] >= _TITLES and apart[1] >= max(0.2, apart[2]):
        column, says = 1, "{more} writes most words with an initial capital "
        says += "({high:.0%} of the words, {low:.0%} in {less})."
    elif capitals["high"] >= _CAPITALS:
        says = "{more} is written in capitals ({high:.0%} of the letters, {low:.0%} in {less})."
    elif capitals["low"] <= 0.1 * capitals["high"]:
        says = "{less} is written without capitals ({low:.1%} of the letters, {high:.1%} in {more})."
    else:
        whole = 2 in columns and shown.clear[2] >= shown.clear[columns[0]] - AS_CLEAR
        column, plain = 2 if whole else columns[0], _LESS_PLAIN
        says = f"{{more}} has more {_CASES[column]} {_OF_WORDS if column else _OF_LETTERS}."
    return shown.cause(column, says, edits=(("", ""),), explains=("case",), plain=plain)


def _punctuation(shown: Shown) -> Cause | None:
    if not shown.larger(1.3, 0.005):
        return None
    gone = shown.of(0)["low"] <= _NO_PUNCTUATION
    says = f"{{more}} has more punctuation {_OF_CHARACTERS}."
    if gone:
        says = "{less} has less punctuation ({low:.1%} of the characters, {high:.1%} in {more})."
    others = {
        "explains": ("punctuation", "characters", "shapes", "sentences"),
        "plain": _GONE if gone else None,
    }
    return shown.cause(0, says, edits=(("['’]", ""), (r"\pP", " ")), **others)


def _ends(shown: Shown) -> Cause | None:
    words = [column for column in shown.larger(1, _FORMULAIC) if " with “" in shown.family.labels[column]]
    for column in shown.larger(1, _IN_DOCUMENTS):
        where, _, word = shown.family.labels[column].removesuffix("”").partition(" with “")
        says, pattern = f"{_IN} {{label}}.", rf"(?i)\b{re.escape(word)}\W*$"
        if not word:
            also = ("characters", "sentences", "shapes") if where.startswith("end") else ()
            return shown.cause(column, says, explains=("ends", *also))
        # Where the other side has another word there, one took the place of the other.
        more = {shown.of(other)["more"] for other in words if shown.family.labels[other].startswith(where)}
        if column in words and len(more) == 1:
            pattern = rf"(?i)^\W*{re.escape(word)}\b[.,:;!]*\s*" if where == "begin" else pattern
            return shown.cause(column, says, edits=((pattern, ""),), explains=("ends",))
    return None


def _characters(shown: Shown) -> Cause | None:
    columns = shown.larger(1.5, 0.001, 0.08)
    if not columns:
        return None
    told, labels = _several(shown, columns, f"{{label}} {_OF_CHARACTERS}")
    more = shown.of(columns[0])["more"]
    others = [row for row in map(shown.of, columns) if row["less"] == more][:1]  # that it writes them for
    for row in others:
        told += (
            ", and less {label} ({low:.1%}, {high:.1%})".format(**row).replace("{", "{{").replace("}", "}}")
        )
        labels = (*labels, row["label"])
    signs = "".join(label[1] for label in labels if label[0] == "“")
    ends = ("ends", "sentences") if any(sign in END for sign in signs) else ()
    return shown.cause(
        columns[0],
        f"{{more}} has more {told}.",
        edits=((f"[{re.escape(signs)}]", ""),) if signs else (),
        explains=("characters", "shapes", "punctuation", *ends),
    )


def _shapes(shown: Shown) -> Cause | None:
    for column in shown.larger(1, _IN_DOCUMENTS):
        label = shown.family.labels[column]
        if not pl.Series([label]).str.contains(_SEPARATE[0]).item():  # no sentences that touch
            # Dates and times are plainer than the digits that they consist of.
            figures = re.search(r"\d", label) and not re.search(r"[^\W\d_]", label)
            plain = _FIGURES if figures and column in shown.larger(1, _FORMULAIC) else None
            says, edits = f"Strings such as “{{label}}” are in {_IN}.", ((_pattern_of_shape(label), " "),)
            return shown.cause(column, says, edits=edits, plain=plain)
    return None


def _pattern_of_shape(example: str) -> str:
    """A pattern of all strings between blanks that have the shape of one."""
    runs = re.findall(r"[^\W\d_]+|\d+|.", example)
    parts = (r"\pL+" if run[0].isalpha() else r"\pN+" if run[0].isdigit() else re.escape(run) for run in runs)
    return rf"(?:^|\s){''.join(parts)}(?:\s|$)"


def _endings(shown: Shown) -> Cause | None:
    columns = shown.larger(1.5, 0.005, 0.1)
    if not columns:
        return None
    told, _ = _several(shown, columns, f"-{{label}} {_OF_WORDS}")
    says = f"{{more}} has more words that end in {told}."
    return shown.cause(columns[0], says, explains=("function words", *_OF_SPELLING))


# The plainest first.
CAUSES: dict[str, Callable[[Shown], Cause | None]] = {
    "passages": _passages,
    "marks": _marks,
    "masks": _masks,
    "damage": _damage,
    "accents": _one(
        f"{{more}} has more letters with accents {_OF_LETTERS}.",
        1.5,
        0.002,
        explains=("accents", "function words", *_OF_SPELLING),
    ),
    "digits": _one(
        f"{{more}} has more digits {_OF_CHARACTERS}.",
        1.5,
        0.004,
        edits=((r"\pN+", ""),),
        explains=("digits", "shapes", "function words", *_OF_SPELLING),
    ),
    "function words": _function_words,
    "case": _case,
    "sentences": _one(
        "{more} has longer sentences: in the median {high:.0f} words, not {low:.0f}.",
        1.3,
        edits=((r"[.!?…。！？,;:]", ""),),
        explains=("sentences", "shapes", "case"),
    ),
    "punctuation": _punctuation,
    "length": _one(
        "{more} has longer documents: in the median {high:.0f} words, not {low:.0f}.",
        1.5,
        explains=("length",),
    ),
    "ends": _ends,
    "characters": _characters,
    "shapes": _shapes,
    "endings": _endings,
    "word lengths": _one(
        "{more} has longer words: on average {high:.1f} letters, not {low:.1f}.",
        1.08,
        explains=("word lengths", "endings"),
    ),
}
