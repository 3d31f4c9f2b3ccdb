"""Every option of a refinement, defined once.

The annotations of `Settings` say what values an option takes, its docstring what it means. The command line,
`selfvec.Refiner` and ``run.json`` read it there. Which methods use an option, and defaults that differ by
method, such as the anchor's weight, are in `METHODS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, fields
from functools import wraps
from typing import Annotated, Any, Literal, TypedDict, TypeVar

from selfvec.base.checks import check_names
from selfvec.base.declarations import Bounds, Count, Natural, declared, options
from selfvec.base.errors import OptionError

Class = TypeVar("Class", bound=type)


def suggest_names(cls: Class) -> Class:
    """Make the constructor suggest a name for a misspelt option."""
    init: Any = cls.__init__  # type: ignore[misc]

    @wraps(init)
    def checked(self: Any, *args: Any, **options: Any) -> None:
        check_names(options, [of.name for of in fields(self)])
        init(self, *args, **options)

    cls.__init__ = checked  # type: ignore[misc]
    return cls


@suggest_names
@dataclass(repr=False, eq=False)
class Settings:
    """Options of a refinement; those of ``selfvec refine`` have the same names.

    Parameters
    ----------
    method : {"auto", "paper", "online", "decorrelated", "original"}
        The update rule. auto tries paper, online and decorrelated on held-out text and takes the one that
        scored best, or keeps the vectors as they are if none is better; original keeps them in any case.
    stop_words : str, optional
        Leave stop words out. A language code (e.g. en) or a file with one word per line.
    min_count : int, at least 1
        Leave out words that occur less often.
    phrases : int, at least 1, or str, optional
        Merge multi-word terms into tokens. As flash_flood: the N best of the text, all (auto), or those
        listed in a file, one per line.

    Other Parameters
    ----------------
    window : int, at least 1, or "auto"
        Tokens per window, the word itself included. A large one brings words of one subject together, a
        small one words that replace each other. auto: the mean sentence length for paper, 41 for online and
        decorrelated.
    learning_rate : float, at least 0, optional
        How far neighbours pull a word (α) in paper and online; by default 0.01 for paper, 0.005 for online.
    epochs : int, at least 1
        Passes of paper and online; by default as passes.
    passes : int, at least 1
        Passes over the text; an even number for decorrelated; by default 1 for paper and online, 2 for
        decorrelated. With auto, those of decorrelated.
    half_life : float, above 0, optional
        Days after which a document counts half, from the newest one on; needs dates.
    anchor : float, at least 0, optional
        How strongly words are held to their original vectors (β of online, λ of decorrelated); by default
        0.2 for online, 2.25 for decorrelated.
    oov : {"subwords", "zero"}
        Initial vectors of out-of-vocabulary words. subwords builds them from word pieces or character
        n-grams if the vectors allow it; zero does not.
    tokenizer : str
        How the text is cut into words. words; wordpunct, with each mark of punctuation as a word;
        whitespace for text that is tokenised already; or the path of a tokenizer.json.
    language : str, optional
        Language of the text (a code, e.g. tr); by default that of ``lemmatize`` or ``stem``, or English.
        It decides lower case, stems and stop words of searches, and where words of Chinese, Japanese and Thai
        end.
    lemmatize : str, optional
        Replace words by their lemmas (language codes, e.g. en or en,de).
    stem : str, optional
        Merge words that share a stem (language code, e.g. en).
    pos : {"noun", "verb", "adjective", "adverb"}, or sequence
        Keep only these parts of speech: noun, verb, adjective, adverb.
    tagger : str, optional
        spaCy pipeline that finds lemma and part of speech of each word in context, in place of lists. A run
        with its text keeps them, for queries.
    max_types : int, at least 1
        The most different words. If there are more, the rarest are left out, all that occur equally often
        alike.
    repeats : {"once", "keep"}, optional
        Passages of 12 words that occur in 10 documents or more; by default once, but keep for paper and for
        text of templates. once counts each of them once, keep counts every occurrence.
    history : str, or sequence of str
        Which states of the vectors to record: auto, none, pass, every:K, watch:WORD,WORD or limit:SIZE; may
        be repeated.
    slice : {"week", "month", "quarter", "year", "decade", "century"}, optional
        Periods that drift compares by default.
    keep : {"text", "tokens", "nothing"}
        What the run holds of the corpus: its text, which search, update and sentences need; its tokens,
        which drift and topics need; or nothing.
    encode : int, at least 1, optional
        Passages that the sentence encoder reads; by default all. The others are known by their words.
    seed : int, at least 0
        Seed of all random choices.

    Raises
    ------
    OptionError
        If an option is misspelt, has an invalid value, or is not used by the chosen method.
    """

    method: Literal["auto", "paper", "online", "decorrelated", "original"] = "auto"
    _: KW_ONLY
    window: Count | Literal["auto"] = "auto"
    learning_rate: Annotated[float, Bounds(at_least=0)] | None = None
    epochs: Count = 1
    passes: Count = 2
    half_life: Annotated[float, Bounds(above=0)] | None = None
    anchor: Annotated[float, Bounds(at_least=0)] | None = None
    oov: Literal["subwords", "zero"] = "subwords"
    tokenizer: str = "words"
    language: str | None = None
    lemmatize: str | None = None
    stem: str | None = None
    stop_words: str | None = None
    pos: Sequence[Literal["noun", "verb", "adjective", "adverb"]] = ()
    tagger: str | None = None
    min_count: Count = 1
    max_types: Count = 1_000_000
    repeats: Literal["once", "keep"] | None = None
    phrases: Count | str | None = None
    history: str | Sequence[str] = "auto"
    slice: Literal["week", "month", "quarter", "year", "decade", "century"] | None = None
    keep: Literal["text", "tokens", "nothing"] = "text"
    encode: Count | None = None
    seed: Natural = 0

    def __post_init__(self) -> None:
        for option in declared(Settings).parameters.values():
            value = getattr(self, option.name)
            takers = [method.name for method in METHODS.values() if option.name in method.options]
            if takers and self.method not in ("auto", *takers) and value != option.default:
                raise OptionError(
                    f"the method {self.method} does not use it",
                    field=option.name,
                    remedy=f"leave it out, or choose the method {' or '.join(takers)}",
                )
            option.check(value)
        if self.method in ("auto", "decorrelated"):
            if self.window == 1:
                raise OptionError("a window has at least 2 tokens, not 1", field="window")
            if self.passes % 2:
                raise OptionError(f"are an even number for {self.method}, not {self.passes}", field="passes")
        if self.half_life is not None and self.method != "decorrelated":
            raise OptionError(
                "is for the method decorrelated", field="half_life", remedy="choose it, or leave this out"
            )

    @classmethod
    def given(cls, **options: Any) -> Settings:
        """The settings of a caller's options, where ``passes`` means those of the chosen method.

        >>> Settings.given(method="paper", passes=3).epochs, Settings.given(passes=4).passes
        (3, 4)
        """
        method = METHODS.get(str(options.get("method")))
        if method is not None and method.passes == "epochs" and "passes" in options:
            passes = options.pop("passes")
            if options.setdefault("epochs", passes) != passes:
                raise OptionError("means the same as passes", field="epochs", remedy="leave it out")
        return cls(**options)

    def __repr__(self) -> str:
        """The options that differ from their defaults."""
        shown = ", ".join(
            f"{of.name}={value!r}" for of in fields(self) if (value := getattr(self, of.name)) != of.default
        )
        return f"{type(self).__name__}({shown})"

    def as_dict(self) -> dict[str, Any]:
        """All options, JSON-serialisable; ``encode`` only if it is given, as most runs have no encoder."""
        options = {of.name: getattr(self, of.name) for of in fields(Settings)}
        if self.encode is None:
            del options["encode"]
        return options | {"pos": list(self.pos), "history": self.history_texts}

    @property
    def keeps_text(self) -> bool:
        """Whether the run keeps its documents."""
        return self.keep == "text"

    @property
    def keeps_tokens(self) -> bool:
        """Whether the run keeps its tokens."""
        return self.keep != "nothing"

    @property
    def history_texts(self) -> list[str]:
        """The history option as a list."""
        return [self.history] if isinstance(self.history, str) else list(self.history)


@options(Settings)
class SettingsOptions(TypedDict, total=False):
    """The keywords of `Settings` besides ``method`` and ``slice``, which functions take by themselves."""

    window: int | str
    learning_rate: float | None
    epochs: int
    passes: int
    half_life: float | None
    anchor: float | None
    oov: str
    tokenizer: str
    language: str | None
    lemmatize: str | None
    stem: str | None
    stop_words: str | None
    pos: Sequence[str]
    tagger: str | None
    min_count: int
    max_types: int
    repeats: str | None
    phrases: int | str | None
    history: str | Sequence[str]
    keep: str
    encode: int | None
    seed: int


# ---- The methods of refining: what they take, and their defaults. Each is a row here and a class in
# `selfvec.refinement.methods`.


@dataclass(frozen=True)
class Method:
    """A method of refining. A default of 0 is that of an option that the method does not take."""

    name: str
    options: tuple[str, ...] = ()  # the `Settings` that not every method takes, and that this one takes
    passes: str | None = None  # the option with the number of passes; None: no passes
    window: int = 0  # default, in tokens, the word itself included; 0: the mean sentence length
    learning_rate: float = 0.0  # default of α
    anchor: float = 0.0  # default weight of the original vectors: β of online, λ of decorrelated
    whitens: bool = False  # whether the refined vectors are whitened
    repeats: str = "once"  # default of the option ``repeats``
    steady: float = 0.005  # scatter of the last states above which words oscillate, see `Health.wander`


METHODS = {
    method.name: method
    for method in (
        Method(
            "paper",
            options=("learning_rate", "epochs"),
            passes="epochs",
            learning_rate=0.01,  # 0.075 and more is unstable
            repeats="keep",  # the paper counts every occurrence
        ),
        Method(
            "online",
            options=("learning_rate", "epochs", "anchor"),
            passes="epochs",
            # Chosen on retrieval and word similarity with two sets of vectors, see docs/results/online.md.
            window=41,
            learning_rate=0.005,
            anchor=0.2,
            steady=0.12,  # words fluctuate around a fixed point
        ),
        Method(
            "decorrelated",
            options=("passes", "half_life", "anchor"),
            passes="passes",
            # Chosen on word similarity after PubMed with two sets of vectors, see docs/results/gains.md.
            window=41,
            anchor=2.25,
            whitens=True,
        ),
        Method("original"),
    )
}
"""The methods by name. ``auto`` tries those with passes, in this order."""
