"""How the command line writes the parameters of functions: arguments, flags, and the values of flags.

A flag means one thing in all commands, so its value is written alike, and its help, where a function need not
say it again, is the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from selfvec.base.declarations import Parameter

_VALUES: Mapping[str, str] = {  # several values stand after one another, or have commas between them
    "a": "A",
    "add_words": "FILE|N",
    "against": "NAME...",
    "analogies": "FILE...",
    "b": "B",
    "assign": "NEW...",
    "base_url": "URL",
    "below": "SIZE",
    "between": "A..B C..D",
    "by": "PERIOD|FIELD",
    "cache": "DIR",
    "classification": "DIR...",
    "cluster": "local|ADDRESS",
    "concepts": "CORPUS",
    "corpus": "CORPUS...",
    "date_field": "F",
    "dictionary": "TSV",
    "document": "ID",
    "fdr": "Q",
    "filters": "FIELD=VALUE|date=A..B",
    "half_life": "DAYS",
    "history": "PLAN",
    "host": "ADDRESS",
    "id_field": "F",
    "keep_fields": "F[,F...]",
    "language": "LANG",
    "layers": "last4|all|first|N|N:WEIGHT,...",
    "lemmatize": "LANG",
    "level": "P",
    "lexicon": "FILE...",
    "like": "FILE.json",
    "number": "K",
    "others": "VECTORS...",
    "output": "OUT",
    "phrases": "N|auto|FILE",
    "port": "PORT",
    "pos": "POS[,POS...]",
    "pull": "RELATION",
    "push": "RELATION",
    "question": "QUERY",
    "questions": "CSV...",
    "relations": "KIND[,KIND...]",
    "report": "FILE",
    "retrieval": "BEIR_DIR...",
    "run": "RUN",
    "runs": "RUN...",
    "save": "FILE.html",
    "seed_words": "A,B;C,D...",
    "similarity": "TSV...",
    "slice": "PERIOD",
    "slice_field": "F",
    "source": "IN",
    "stem": "LANG",
    "stop_words": "LANG|FILE",
    "store": "STORE",
    "tagger": "PIPELINE",
    "text_field": "F[,F...]",
    "to": "FORMAT",
    "tokenizer": "words|whitespace|FILE",
    "try_": "NAME=VALUES...",
    "vectors": "FILE|NAME",
    "withdraw": "ID[,ID...]",
    "words": "WORD...",
    "years": "A-B",
}
_HELP: Mapping[str, str] = {
    "json": "Print one JSON document.",
    "jobs": "Threads; by default all cores.",
    "output": "The file or folder to write.",
    "overwrite": "Replace what exists at that place.",
    "run": "A run folder.",
    "seed": "Seed of all random choices.",
    "text_field": "Fields that hold the text.",
    "words": "Words of the run.",
}
_OPTIONS = {"new", "old", "output", "to", "years"}  # which are flags although they have to be given
_SELDOM = {"base_url", "jobs", "seed"}
MORE_FLAGS: Mapping[str, tuple[str, ...]] = {"output": ("-o",), "top": ("--topn",)}
"""Short and older flags, wherever the parameters occur."""
_NEVER = {"progress", "slice_by_name"}


def is_option(one: Parameter) -> bool:
    """Whether the command line takes a parameter: its values can be typed."""
    objects = {"callable", "mapping", "task", "Topics", "SenseSpace", "Progress"}
    return one.name not in _NEVER and one.kind.words.isdisjoint(objects)


def is_argument(one: Parameter, written: str | None = None) -> bool:
    """Whether a parameter is an argument: it has to be given, and does not read better as a flag.

    Those are arguments, too, whose value is ``written`` in brackets.
    """
    return (written or "").startswith("[") or (one.is_required and one.name not in _OPTIONS)


def is_seldom(one: Parameter) -> bool:
    """Whether only ``--help-all`` shows an option."""
    return one.seldom or one.name in _SELDOM


def value_of(one: Parameter) -> str:
    """How a value is written: "N", "hybrid|bm25|dense", "W[,W...]"."""
    kind = one.kind
    if one.name in _VALUES:
        return _VALUES[one.name]
    if kind.choices:
        written = "|".join(kind.choices)
        return f"N|{written}" if "int" in kind.words else written
    if "int" in kind.words:
        return "N[,N...]" if kind.several else "N"
    if "float" in kind.words:
        return "X"
    return "FILE" if "path" in kind.words else one.name.upper()


def help_of(one: Parameter) -> str:
    """What an option is: as its function says, or as it is everywhere."""
    return one.help or _HELP.get(one.name, "")
