"""Every option of a refinement, defined once.

A field of `Settings` holds an option's type and default; its `Option` holds the help text and the allowed
values. The command line, `selfvec.Refiner` and ``run.json`` are built from these fields. Which methods use an
option, and defaults that differ by method, such as the anchor's weight, are in `selfvec.data.methods`.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, Field, asdict, dataclass, field, fields
from functools import wraps
from typing import Any, TypeVar

from selfvec.base.errors import OptionError, did_you_mean

from .methods import METHODS, defaults_of, methods_with

__all__ = [
    "Option",
    "Settings",
    "check_name",
    "list_options",
    "option",
    "option_of",
    "stored_option",
]

OOV = ("subwords", "zero")
OPERATORS = ("scan", "counts", "ppmi")
DISTANCE_WEIGHTS = ("flat", "linear", "harmonic")
POS = ("noun", "verb", "adjective", "adverb")
REPEATS = ("once", "keep")
SLICES = ("month", "quarter", "year", "decade", "century")
KEEPS = ("text", "tokens", "nothing")

TEXT = "What is read"
RULE = "How words move"
KEEP = "What is kept"

Class = TypeVar("Class", bound=type)


@dataclass(frozen=True)
class Option:
    """The help text of an option and the values it takes."""

    help: str
    panel: str | None = None  # heading in ``--help-all``; ``--help`` shows options without one
    choices: tuple[str, ...] = ()  # allowed texts; any if empty
    least: int | None = None  # whole numbers of at least this
    number: bool = False  # a number of at least 0
    many: str | None = None  # several values: "comma" separates them, "repeat" repeats the option
    metavar: str | None = None
    flags: tuple[str, ...] = ()  # if not the field's name; the first one is shown
    otherwise: str | None = None  # the default in words, where it depends on other options
    hidden: bool = False  # not in the help: an older name
    on_command_line: bool = True

    def accepts(self, value: Any, default: Any) -> bool:
        """Whether an option with this default can have the value."""
        if isinstance(value, bool) or isinstance(default, bool):
            return isinstance(value, bool) and isinstance(default, bool)
        if isinstance(value, str):
            return value in self.choices or not (self.choices or self.number or isinstance(default, int))
        if self.number:
            return isinstance(value, int | float) and 0 <= value < float("inf")
        return self.least is not None and isinstance(value, int) and value >= self.least

    def fault(self, value: Any, default: Any) -> str | None:
        """The rule that a value, or one of several values, breaks; None if it is accepted."""
        several = self.many is not None and isinstance(value, Sequence) and not isinstance(value, str)
        for one in value if several else (value,):
            if not self.accepts(one, default):
                return f"is {self.rule(default)}, not {one!r}"
        return None

    def rule(self, default: Any) -> str:
        """The values that `accepts` accepts, in words."""
        if isinstance(default, bool):
            return "True or False"
        if self.number:
            return "a number of at least 0"
        if self.least is not None:
            words = "".join(f" or {choice}" for choice in self.choices)
            return f"a whole number of at least {self.least}{words}"
        return f"one of {', '.join(self.choices)}" if self.choices else "a text"


def option(default: Any, help: str, panel: str | None = None, **more: Any) -> Any:
    """A dataclass field that is an option."""
    return field(default=default, metadata={"option": Option(help, panel, **more)})


def option_of(of: Field[Any]) -> Option:
    """The `Option` of a dataclass field."""
    found: Option = of.metadata["option"]
    return found


def list_options(cls: Class) -> Class:
    """Add the section "Parameters" to the docstring of a class of options."""
    lines = ["Parameters", "----------"]
    for of in fields(cls):
        about = option_of(of)
        kind = str(of.type)
        if about.choices:
            kind = kind.replace("str", "{" + ", ".join(f'"{choice}"' for choice in about.choices) + "}")
        lines.append(f"{of.name} : {kind.replace(' | ', ' or ')}, default {of.default!r}")
        default = f" By default {about.otherwise}." if about.otherwise and not about.hidden else ""
        lines += textwrap.wrap(about.help + default, 96, initial_indent=" " * 4, subsequent_indent=" " * 4)
    if cls.__doc__:
        # Python 3.13 takes the indentation away, versions before do not.
        opening, newline, rest = inspect.cleandoc(cls.__doc__).partition("\n\n")
        cls.__doc__ = f"{opening}\n\n" + "\n".join(lines) + f"\n{newline}{rest}"
    return cls


def _suggest_names(cls: Class) -> Class:
    """Make the constructor suggest a name for a misspelt option."""
    init: Any = cls.__init__  # type: ignore[misc]

    @wraps(init)
    def checked(self: Any, *args: Any, **options: Any) -> None:
        for name in options:
            check_name(name)
        init(self, *args, **options)

    cls.__init__ = checked  # type: ignore[misc]
    return cls


def check_name(name: str) -> None:
    """Raise `OptionError` if there is no such option."""
    known = [of.name for of in fields(Settings)]
    if name not in known:
        remedy = did_you_mean(name, known, most=1) or f"the options are {', '.join(known)}"
        raise OptionError("there is no such option", field=name, remedy=remedy)


def stored_option(name: str) -> Callable[[Any], str | None]:
    """A function that returns the rule broken by a value from `Settings.as_dict`, or None."""
    of = next(of for of in fields(Settings) if of.name == name)
    about = option_of(of)

    def fault(value: Any) -> str | None:
        if isinstance(value, str) and "\0" in value:
            return "is a text without NUL"
        return None if value is None and of.default is None else about.fault(value, of.default)

    return fault


@_suggest_names
@list_options
@dataclass(repr=False, eq=False)
class Settings:
    """Options of a refinement; those of ``selfvec refine`` have the same names.

    Raises
    ------
    OptionError
        If an option is misspelt, has an invalid value, or is not used by the chosen method.
    """

    method: str = option(
        "auto",
        "The update rule. auto tries paper, online and decorrelated on held-out text and takes the one that "
        "scored best, or keeps the vectors as they are if none is better; original keeps them in any case.",
        choices=("auto", *METHODS),
    )
    _: KW_ONLY
    window: int | str = option(
        "auto",
        "Tokens per window, the word itself included. A large one brings words of one subject together, a "
        "small one words that replace each other. auto: the mean sentence length for paper, 41 for online "
        "and decorrelated.",
        RULE,
        choices=("auto",),
        least=1,
        metavar="N|auto",
    )
    learning_rate: float | None = option(
        None,
        "How far neighbours pull a word (α) in paper and online.",
        RULE,
        number=True,
        otherwise=defaults_of("learning_rate"),
    )
    epochs: int = option(
        1,
        "Passes of paper and online.",
        RULE,
        least=1,
        otherwise="--passes",
        hidden=True,
    )
    passes: int = option(
        2,
        "Passes over the text; an even number for decorrelated. With auto, those of decorrelated.",
        RULE,
        least=1,
        otherwise="1 for paper and online, 2 for decorrelated",
    )
    operator: str = option(
        "scan",
        "How decorrelated averages neighbours. scan reads the text again in every pass; counts uses exact "
        "co-occurrence counts, which the run keeps; ppmi weights these by pointwise mutual information.",
        RULE,
        choices=OPERATORS,
    )
    distance_weights: str = option(
        "flat",
        "How the weight of a neighbour falls with its distance; counts and ppmi only.",
        RULE,
        choices=DISTANCE_WEIGHTS,
    )
    half_life: float | None = option(
        None,
        "Days after which a document counts half, from the newest one on; needs dates.",
        RULE,
        number=True,
        metavar="DAYS",
    )
    anchor: float | None = option(
        None,
        "How strongly words are held to their original vectors (β of online, λ of decorrelated).",
        RULE,
        number=True,
        otherwise=defaults_of("anchor"),
    )
    oov: str = option(
        "subwords",
        "Initial vectors of out-of-vocabulary words. subwords builds them from word pieces or character "
        "n-grams if the vectors allow it; zero does not.",
        RULE,
        choices=OOV,
        flags=("--oov-vectors", "--oov"),
    )
    vectors_errors: str = option(
        "strict",
        "What to do with words of the vectors file that are not UTF-8 or occur twice: stop with an error, or "
        "replace them.",
        RULE,
        choices=("strict", "replace"),
    )
    tokenizer: str = option(
        "words",
        "How the text is cut into words. words; whitespace for text that is tokenised already; or the path "
        "of a tokenizer.json.",
        TEXT,
        metavar="words|whitespace|FILE",
    )
    language: str | None = option(
        None,
        "Language of the text (a code, e.g. tr). It decides lower case, stems and stop words of searches, "
        "and where words of Chinese, Japanese and Thai end.",
        TEXT,
        metavar="LANG",
        otherwise="that of --lemmatize or --stem, or English",
    )
    lemmatize: str | None = option(
        None, "Replace words by their lemmas (language codes, e.g. en or en,de).", TEXT, metavar="LANG"
    )
    stem: str | None = option(
        None, "Merge words that share a stem (language code, e.g. en).", TEXT, metavar="LANG"
    )
    stop_words: str | None = option(
        None,
        "Leave stop words out. A language code (e.g. en) or a file with one word per line.",
        metavar="LANG|FILE",
    )
    pos: Sequence[str] = option(
        (),
        "Keep only these parts of speech: noun, verb, adjective, adverb.",
        TEXT,
        choices=POS,
        many="comma",
        metavar="POS[,POS...]",
    )
    tagger: str | None = option(
        None,
        "spaCy pipeline that finds parts of speech in context, in place of a lexicon.",
        TEXT,
        metavar="PIPELINE",
    )
    min_count: int = option(1, "Leave out words that occur less often.", least=1)
    max_types: int = option(
        1_000_000,
        "The most different words. If there are more, the rarest are left out, all that occur equally often "
        "alike.",
        TEXT,
        least=1,
    )
    repeats: str | None = option(
        None,
        "Passages of 12 words that occur in 10 documents or more. once counts each of them once, keep counts "
        "every occurrence.",
        TEXT,
        choices=REPEATS,
        otherwise="once, but keep for paper and for text of templates",
    )
    phrases: int | str | None = option(
        None,
        "Merge multi-word terms into tokens. As flash_flood: the N best of the text, all (auto), or "
        "those listed in a file, one per line.",
        least=1,
        metavar="N|auto|FILE",
    )
    history: str | Sequence[str] = option(
        "auto",
        "Which states of the vectors to record: auto, none, pass, every:K, watch:WORD,WORD or limit:SIZE; "
        "may be repeated.",
        KEEP,
        many="repeat",
        metavar="PLAN",
    )
    slice: str | None = option(
        None, "Periods that drift compares by default.", TEXT, choices=SLICES, on_command_line=False
    )
    keep: str = option(
        "text",
        "What the run holds of the corpus: its text, which search, update and sentences need; its tokens, "
        "which drift and topics need; or nothing.",
        KEEP,
        choices=KEEPS,
    )
    seed: int = option(0, "Seed of all random choices.", KEEP, least=0)

    def __post_init__(self) -> None:
        for of in fields(self):
            self._check(of.name, getattr(self, of.name), option_of(of), of.default)
        if self.operator == "scan" and self.distance_weights != "flat":
            raise OptionError(
                f"the operator scan weights all distances alike, not by {self.distance_weights!r}",
                field="distance_weights",
                remedy="choose the operator counts or ppmi",
            )

        if self.half_life is not None:
            rule = None if self.half_life > 0 else f"is a number of days above 0, not {self.half_life}"
            if self.method != "decorrelated" or self.operator != "scan":
                rule = "is for the method decorrelated with the operator scan"
            if rule:
                raise OptionError(rule, field="half_life", remedy="choose these, or leave it out")

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

    def _check(self, name: str, value: Any, about: Option, default: Any) -> None:
        if value is default:
            return
        takers = methods_with(name)
        if takers and self.method not in ("auto", *takers) and value != default:
            raise OptionError(
                f"the method {self.method} does not use it",
                field=name,
                remedy=f"leave it out, or choose the method {' or '.join(takers)}",
            )
        rule = about.fault(value, default)
        if rule is not None:
            alike = did_you_mean(value, about.choices) if isinstance(value, str) else ""
            raise OptionError(rule, field=name, remedy=alike or None)

    def __repr__(self) -> str:
        """The options that differ from their defaults."""
        shown = ", ".join(f"{name}={value!r}" for name, value in self.given_options().items())
        return f"{type(self).__name__}({shown})"

    def as_dict(self) -> dict[str, Any]:
        """All options, JSON-serialisable."""
        return asdict(self) | {"pos": list(self.pos), "history": self.history_texts}

    def given_options(self) -> dict[str, Any]:
        """The options that differ from their defaults."""
        values = {of.name: (getattr(self, of.name), of.default) for of in fields(self)}
        return {name: value for name, (value, default) in values.items() if value != default}

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
