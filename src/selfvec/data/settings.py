"""Every option of a refinement, checked once, written whole into the provenance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from selfvec.base.errors import OptionError

__all__ = ["METHODS", "Settings"]

METHODS = ("auto", "paper", "online", "decorrelated", "original")
LEARNING_RATES = {"online": 0.005}  # 0.01 for the others
OOV = ("subwords", "zero")
OPERATORS = ("scan", "counts", "ppmi")
DISTANCE_WEIGHTS = ("flat", "linear", "harmonic")
POS = ("noun", "verb", "adjective", "adverb")
SLICES = ("month", "quarter", "year")


@dataclass(frozen=True)
class Settings:
    """Options of `selfvec.Refiner` and of ``selfvec refine``.

    Parameters
    ----------
    method : "auto", "paper", "online", "decorrelated" or "original"
        The rule that moves the words; "auto" measures the three on held-out text and keeps the vectors as
        they are where none beats them, "original" keeps them in any case.
    window : int or "auto"
        Tokens per window, the centre included; "auto" is the corpus' mean sentence length, odd, for the
        paper's rule and 41 for the others.
    learning_rate : float, optional
        α of the sequential rules. 0.01 for the paper's, which finds 0.075 and more unsteady; 0.005 for the
        online rule.
    epochs : int
        Passes over the corpus of the sequential rules.
    passes : int
        Passes of the decorrelated update; an even number.
    operator : "scan", "counts" or "ppmi"
        How the decorrelated update averages neighbours: by scan of the text, by exact co-occurrence counts,
        which the run keeps, with the same linear weights, or by the positive pointwise mutual information of
        these.
    distance_weights : "flat", "linear" or "harmonic"
        What a neighbour counts by its distance; see `selfvec.cooccurrence.counts`. The scan has flat ones.
    anchor : float, optional
        How strongly words hold on to what was known about them: λ of the decorrelated update, β of the
        online rule.
    oov : "subwords" or "zero"
        How words without a vector start: composed from pieces or character n-grams where the table can, or
        from zero, as in the paper.
    vectors_errors : "strict" or "replace"
        Whether words of the vectors file that are not UTF-8 or stand twice are an error or mended.
    tokenizer : "words", "whitespace" or path
        A path leads to a ``tokenizer.json``.
    lemmatize : str, optional
        Language code, or several with commas; words are replaced by their lemmas.
    stem : str, optional
        Language code; words of one stem are one, called by the commonest of them that has a vector.
    stop_words : str, optional
        Language code or path of a file with a word per line; these words are left out.
    pos : sequence of str
        Parts of speech kept: noun, verb, adjective, adverb; all where empty.
    tagger : str, optional
        A spaCy pipeline that tells the parts of speech in context, instead of a lexicon.
    min_count : int
        Words that occur less often are left out.
    phrases : int, "auto" or path, optional
        Multi-word terms become units, as ``flash_flood``: so many of those found in the text, all, or those
        that a file lists, one a line. See `selfvec.analysis.concepts.phrases`.
    history : str or sequence of str
        See `selfvec.refine.recorder.parse_history`.
    slice : "month", "quarter" or "year", optional
        The periods that drift compares unless it is told others; nothing else depends on it.
    keep_tokens : bool
        Whether the run keeps the corpus as ids, 4 bytes a token, by which it can be measured, sliced and
        refined again. Without it the run folder does not tell which word followed which.
    seed : int
        For every random choice.

    Raises
    ------
    OptionError
        Naming the option, its rule and its value.
    """

    method: str = "auto"
    window: int | str = "auto"
    learning_rate: float | None = None
    epochs: int = 1
    passes: int = 2
    operator: str = "scan"
    distance_weights: str = "flat"
    anchor: float | None = None
    oov: str = "subwords"
    vectors_errors: str = "strict"
    tokenizer: str = "words"
    lemmatize: str | None = None
    stem: str | None = None
    stop_words: str | None = None
    pos: Sequence[str] = ()
    tagger: str | None = None
    min_count: int = 1
    phrases: int | str | None = None
    history: str | Sequence[str] = "auto"
    slice: str | None = None
    keep_tokens: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        _one_of("method", self.method, METHODS)
        _one_of("oov", self.oov, OOV)
        _one_of("operator", self.operator, OPERATORS)
        _one_of("distance_weights", self.distance_weights, DISTANCE_WEIGHTS)
        if self.operator == "scan" and self.distance_weights != "flat":
            raise OptionError(
                f"the scan counts neighbours alike at any distance, not {self.distance_weights!r}",
                field="distance_weights",
                remedy="choose the operator counts or ppmi",
            )
        _one_of("vectors_errors", self.vectors_errors, ("strict", "replace"))
        for part in self.pos:
            _one_of("pos", part, POS)
        if self.slice is not None:
            _one_of("slice", self.slice, SLICES)
        if self.window != "auto":
            _whole("window", self.window, 1)
        _whole("epochs", self.epochs, 1)
        _whole("passes", self.passes, 1)
        _whole("min_count", self.min_count, 1)
        if self.phrases is not None and not isinstance(self.phrases, str):
            _whole("phrases", self.phrases, 1)
        _whole("seed", self.seed, 0)
        if self.learning_rate is None and self.method != "auto":
            object.__setattr__(self, "learning_rate", LEARNING_RATES.get(self.method, 0.01))
        if self.learning_rate is not None:
            _number("learning_rate", self.learning_rate)
        if self.anchor is not None:
            _number("anchor", self.anchor)

    @property
    def rounds(self) -> int:
        """How often the corpus is read: epochs or passes, whichever the method has."""
        return {"decorrelated": self.passes, "original": 0}.get(self.method, self.epochs)

    def as_dict(self) -> dict[str, Any]:
        """JSON-serialisable."""
        data = asdict(self)
        return data | {"pos": list(self.pos), "history": self.history_texts}

    @property
    def history_texts(self) -> list[str]:
        """The history option as a list."""
        return [self.history] if isinstance(self.history, str) else list(self.history)


def _one_of(field: str, value: object, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise OptionError(f"is one of {', '.join(allowed)}, not {value!r}", field=field)


def _whole(field: str, value: object, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise OptionError(f"is a whole number of at least {least}, not {value!r}", field=field)


def _number(field: str, value: object) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < float("inf"):
        raise OptionError(f"is a number from 0 up, not {value!r}", field=field)
