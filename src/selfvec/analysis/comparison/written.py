"""How the two sides of a comparison are written differently, which is said before anything is compared."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple, TypedDict

import numpy as np

from selfvec.base.arrays import Mask
from selfvec.base.declarations import options
from selfvec.base.display import count_of, printable
from selfvec.corpus.slices import Slice, documents_of
from selfvec.data.run import Run
from selfvec.storage.cache import kept_result
from selfvec.text.language_recognition import language_name

from .joined import AUTO, joined, joined_sentences, joined_tokens, pair_names, read_variants, split_pairs
from .mix import equal_mix, mix_held_equal
from .notation import COPIES, CUT, FORMULA, FUNCTION_WORDS, REPEATED, Sample, notation_of, without_copies
from .variant_pairs import pairs_between, variant_pairs

Row = dict[str, Any]
_FORMAT = 16  # of what is kept in a cache: another number, and what an older version kept is made again
_FIELDS = 3  # named that go with what is compared
_TEXTS = 20  # of a side, or copies are not left out: in fewer hardly a word occurs often enough to be tested
_MANY = 3  # words: each neighbour that is written otherwise moves the words around it
_REMEDY = "Count each pair as one word: --variants auto"
_HAVE = "{high:.0%} of the documents of {more} and {low:.0%} of {less} have {measure}"
_SAID = {
    "digits": "{more} has more digits ({high:.1%} of the characters, {low:.1%} in {less}).",
    "punctuation": "{more} has more punctuation ({high:.0%} of the characters, {low:.0%} in {less}).",
    REPEATED: (
        "{more} repeats more passages, such as “{example}”: they are {difference:.0%} more of its words, and "
        "count once."
    ),
    FUNCTION_WORDS: "{more} has more function words ({high:.0%} of the words, {low:.0%} in {less}).",
    "words in a document": "{more} has longer documents: in the median {high:.0f} words, not {low:.0f}.",
    "words in a sentence": "{more} has longer sentences: in the median {high:.0f} words, not {low:.0f}.",
}
_FEW_CAPITALS = 0.1  # share of the letters: more than of sentences and names
_CAPITALS = {
    True: ("more", "in capitals ({high:.0%} of the letters, {low:.0%} in {less})"),
    False: ("less", "without capitals ({low:.1%} of the letters, {high:.1%} in {more})"),
}


@dataclass(frozen=True)
class Sides:
    """How two sides are written.

    Attributes
    ----------
    a, b : str
        Their names.
    notation, formulas, mix, variants, apart, foreign : list of dict
        What `notation`, `formulas`, `confounded_fields`, `variant_pairs`, `written_apart` and `foreign` tell
        of them.
    languages : list of str or None
        The codes of their languages, if the words tell.
    repeated : str
        A passage of the text that many documents repeat, if there is one.
    fields : list of str
        Fields of the mix that can be held equal on both sides. All but the mix is measured so.
    kept : float, optional
        If they are held equal in what is compared: the share of the words that is left.
    copied : bool
        Whether many documents of one side, or of each, have the same words as another one of that side.
    once : bool
        Whether these count once in what is compared, as they do if a side has twenty texts or more.
    beside : bool
        Whether what is compared is given of all documents and, beside that, with the mix held equal.
    raw : bool
        Whether all documents were asked for, whatever their mix.
    joinable : bool
        Whether pairs of words can be counted as one in what is compared.
    joined : dict
        The word of each variant that is counted as its word in what is compared.
    lacking : dict
        The same of pairs of which the text has not both words.
    """

    a: str = ""
    b: str = ""
    notation: list[Row] = field(default_factory=list)
    languages: list[str | None] = field(default_factory=list)
    foreign: list[Row] = field(default_factory=list)
    formulas: list[Row] = field(default_factory=list)
    repeated: str = ""
    mix: list[Row] = field(default_factory=list)
    variants: list[Row] = field(default_factory=list)
    apart: list[Row] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    kept: float | None = None
    copied: bool = False
    once: bool = False
    beside: bool = False
    raw: bool = False
    joinable: bool = True
    joined: dict[str, str] = field(default_factory=dict)
    lacking: dict[str, str] = field(default_factory=dict)

    @property
    def certain(self) -> dict[str, str]:
        """The word of each variant that is certain."""
        return {row["variant"]: row["word"] for row in self.variants if row["certain"]}

    @property
    def left(self) -> dict[str, str]:
        """Those of them that are not joined in what is compared."""
        return {variant: word for variant, word in self.certain.items() if variant not in self.joined}

    @property
    def sentences(self) -> list[str]:
        """What a reader must know first, with the remedy; empty if both sides are written alike."""
        said = (
            self._on_languages(),
            self._on_measures(cut=True),  # what is left of texts has copies, and words that seem abbreviated
            self._on_words(),
            self._on_replaced(),
            self._on_formulas(),
            self._on_mix(),
            self._on_measures(cut=False),
        )
        return [printable(sentence) for part in said for sentence in part]

    def as_dict(self) -> dict[str, Any]:
        """The rows, and the sentences."""
        return asdict(self) | {"sentences": self.sentences}

    def _on_languages(self) -> list[str]:
        """Two languages, or documents in another one."""
        a, b = self.languages or (None, None)
        if a is not None and b is not None and a != b:
            return [f"{self.a} is written in {language_name(a)}, {self.b} in {language_name(b)}."]
        said = "{high:.0%} of the documents of {more} and {low:.0%} of {less} are in {name}."
        return [
            said.format(**_ordered(self, row), name=language_name(row["language"])) for row in self.foreign
        ]

    def _on_words(self) -> list[str]:
        """Capitals, and words that are written in two ways."""
        said: dict[str, list[str]] = {}  # by the side that is written so
        for row in self.notation:
            if row["measure"] == "capitals" and row["differs"]:
                sides = _ordered(self, row)
                side, told = _CAPITALS[sides["high"] >= _FEW_CAPITALS]
                said.setdefault(sides[side], []).append(told.format(**sides))
        left = [row for row in self.variants if row["variant"] in self.left]
        for side, other, mine in ((self.a, self.b, "a"), (self.b, self.a, "b")):
            rows = [row for row in left if _writes(row, "variant") == mine]
            if rows:
                said.setdefault(side, []).append(_written_otherwise(rows, other))
            rows = [row for row in self.apart if _writes(row, "apart") == mine]
            if rows:
                named = pair_names({row["apart"]: row["word"] for row in rows})
                told = f"with {count_of(len(rows), 'word')} in two that {other} writes in one ({named})"
                said.setdefault(side, []).append(told)
        sentences = [f"{side} is written {' and '.join(ways)}" for side, ways in said.items()]
        if left or self.apart:
            much = "much" if len(left) + len(self.apart) >= _MANY else "some"
            sentences[-1] += f": {much} of what differs below is notation"
        if left and self.joinable:
            sentences[-1] += f". {_REMEDY}"
        return [*(f"{sentence}." for sentence in sentences), *joined_sentences(self.joined, self.lacking)]

    def _on_replaced(self) -> list[str]:
        """Words that took the place of others, as units and labels do; languages have others anyway."""
        apart = " ".join(f"{row['word']} {row['apart']}" for row in self.apart)
        explained = {*self.joined, *apart.split()}
        pairs = {
            row["variant"]: row["word"]
            for row in self.variants
            if row["replaces"] and explained.isdisjoint((row["variant"], row["word"]))
        }
        if not pairs or self._on_languages():
            return []
        words = count_of(len(pairs), "word")
        others = "another" if len(pairs) == 1 else "others"
        return [f"{self.b} has {words} where {self.a} has {others}: {pair_names(pairs)}."]

    def _on_formulas(self) -> list[str]:
        """The passage that most documents of one side have; another language has others anyway."""
        if self._on_languages():
            return []
        said = []
        for row in self.formulas:
            sides = _ordered(self, row)
            shares = "{high:.0%} of the documents of {more} and {low:.0%} of {less}".format(**sides)
            said.append(f"The passage “{row['passage']}” is in {shares}: its words differ for that reason.")
        return said

    def _on_measures(self, *, cut: bool) -> list[str]:
        """Texts that are cut off, or the other measures that differ; not capitals."""
        said = {COPIES: f"{_HAVE}{self._of_copies()}"} | _SAID
        return [
            said.get(row["measure"], f"{_HAVE}.").format(**_ordered(self, row), **row, example=self.repeated)
            for row in self.notation
            if (row["measure"] == CUT) == cut and row["measure"] != "capitals"
            if (self.copied if row["measure"] == COPIES else row["differs"])
        ]

    def _of_copies(self) -> str:
        """How they are counted."""
        if self.once:
            return ". Each text counts once; --mix raw counts all."
        if self.beside:
            return ": each counts in shares of documents, and once in what words changed."
        remedy = " --mix equal counts each text once." if self.raw else ""
        return f": each counts, so the words of what was copied seem to differ.{remedy}"

    def _on_mix(self) -> list[str]:
        """A sentence for each field that goes with what is compared, and whether it is held equal."""
        notes = []
        for row in self.mix[:_FIELDS]:
            b, a = (
                f"{row[f'words_{side}']:.0%} of {words} of {name} ({row[f'share_{side}']:.0%} of {documents})"
                for side, name, words, documents in (
                    ("b", self.b, "the words", "the documents"),
                    ("a", self.a, "those", "them"),
                )
            )
            told = f"{row['field']} differs: {row['value']} is {b}, {a}"
            can_be_equal = row["field"] in self.fields and (self.raw or self.beside or self.kept is not None)
            notes.append(f"{told}{'' if can_be_equal else self._within(row)}.")
        same = f"documents with the same mix of {' and '.join(self.fields)} on both sides"
        if self.kept is not None:
            notes[-1] += f" Compared are {same}, {self.kept:.0%} of the text; --mix raw compares all."
        elif self.raw and self.fields:
            notes[-1] += f" --mix equal compares {same}."
        return notes

    def _within(self, row: Row) -> str:
        """How to compare the documents of one value."""
        if row["within"] is None:
            return ""
        value = shlex.quote(f"{row['field']}={row['within']}")
        return f"; compare within one: --filter {value}"


def _ordered(sides: Sides, row: Row) -> dict[str, Any]:
    """The sides of a measure by what they have of it."""
    less, more = sorted(((row["a"], sides.a), (row["b"], sides.b)), key=lambda side: side[0])
    return {
        **{"more": more[1], "less": less[1], "high": more[0], "low": less[0]},
        "difference": more[0] - less[0],
    }


def _writes(row: Row, what: str) -> str:
    """The side that writes the variant, or the word apart, rather than the word."""
    shares = [row[f"{what}_{side}"] / max(row[f"{what}_{side}"] + row[f"word_{side}"], 1) for side in "ab"]
    return "a" if shares[0] >= shares[1] else "b"


def _written_otherwise(rows: Sequence[Row], other: str) -> str:
    """With how many words that the other side writes otherwise."""
    short = all(row["relation"] == "abbreviation" for row in rows)
    number = count_of(len(rows), "abbreviation" if short else "word")
    named = pair_names({row["variant"]: row["word"] for row in rows})
    return f"with {number} that {other} writes {'out' if short else 'otherwise'} ({named})"


def written(run: Run, slices: Sequence[Slice]) -> Sides:
    """How the first and the last of some slices are written; nothing is said of less than two."""
    if len(slices) < 2 or run.tokens is None:
        return Sides()
    ends = [slices[0], slices[-1]]
    # Pairs are those of all documents: letters and contexts are evidence enough.
    sides = Sides(ends[0].name, ends[1].name, variants=variant_pairs(run, ends))

    def make() -> dict[str, Any]:
        mix, fields, equal = mix_held_equal(run, ends)
        # What the mix brings with it, such as the capitals of one kind, is not said a second time.
        alike = joined_tokens(run.require_tokens(), sides.certain)
        samples = [Sample.of(run, part, alike) for part in equal]
        return {"mix": mix, "fields": fields, **notation_of(samples, sides.certain)}

    kept = kept_result(run, "sides", (_FORMAT, *documents_of(ends)), make)
    repeated = " ".join(str((run.provenance.repeats or {}).get("example", "")).split()[:FORMULA])
    return _with_pairs(replace(sides, **kept, repeated=repeated), run)


def new_text(old: Sample, new: Sample, initial: Mask) -> Sides:
    """How new text is written otherwise than that of a run; ``initial`` words, (V,), had vectors before."""
    samples = old, new
    variants = pairs_between([sample.tokens for sample in samples], initial)
    sides = Sides("the run", "the new text", variants=variants, joinable=False)
    return replace(sides, **notation_of(samples, sides.certain))


def _with_pairs(sides: Sides, run: Run) -> Sides:
    """The sides as they are written in a run that counts some pairs as one word."""
    met, lacking = split_pairs(run.provenance.variants, run.vectors)
    return replace(sides, joined=met, lacking=lacking)


def _words_of(run: Run, slices: Sequence[Slice]) -> int:
    lengths = np.diff(run.require_tokens().offsets)
    return int(sum(lengths[part.documents].sum() for part in slices))


@options()
class LikeForLike(TypedDict, total=False):
    """How like is compared with like.

    Other Parameters
    ----------------
    variants : "auto" or path, optional
        Count words that are written in two ways as one. A file of pairs, as `variants` writes it, or auto for
        those that are certain.
    mix : {"equal", "raw"}
        Compare documents with the same mix of fields that differ, or all; by default equal in drift, and raw
        in keyness, whose counts are the text's. Such a field may be the kind of document. Documents are left
        out at random until each value has the same share of the words on both sides. Of many documents with
        the same words, one of each side is compared.
    """

    variants: str | os.PathLike[str] | None
    mix: str


class Compared(NamedTuple):
    """What is compared after the differences of its sides in writing are out of the way."""

    run: Run
    slices: list[Slice]
    sides: Sides


def compared(run: Run, slices: Sequence[Slice], given: LikeForLike, mix: str = "equal") -> Compared:
    """Slices as `LikeForLike` asks for them; ``mix`` is what it is by default, and raw for more than two."""
    sides = written(run, slices)
    variants, mix = given.get("variants"), given.get("mix", mix)
    word_of: Mapping[str, str] = {}
    if variants is not None:
        word_of = sides.certain if variants == AUTO else read_variants(variants)
    equal, kept = None, None
    singles, once = list(slices), False
    like_for_like = mix != "raw" and len(slices) == 2
    if sides.copied and like_for_like:
        texts = [without_copies(run, part) for part in slices]
        once = all(part.documents.sum() >= _TEXTS for part in texts)
        singles = texts if once else singles
    if sides.fields and like_for_like:
        equal = equal_mix(run, singles, sides.fields)
        kept = None if equal is None else _words_of(run, equal) / max(_words_of(run, slices), 1)
    made = joined(run, word_of)
    told = replace(sides, kept=kept, once=once, raw=mix == "raw")
    return Compared(made, equal or singles, _with_pairs(told, made))
