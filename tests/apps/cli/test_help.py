"""The help fits one screen, examples are right, and a flag means one thing wherever it occurs."""

import inspect
import re
import shlex
from collections import defaultdict
from typing import Any

import pytest
from tests.commands import commands, ran
from tests.test_prose_commands import fault_of

import selfvec
from selfvec.apps.cli.parser import help_text
from selfvec.apps.cli.tree import root
from selfvec.apps.table import GROUPS as GROUPED

ROOT_GROUP = root()


COMMANDS = {f"selfvec {path}": command for path, command in commands().items()}
LISTS = {"selfvec": ROOT_GROUP} | {f"selfvec {name}": ROOT_GROUP.commands[name] for name in GROUPED}
SHOWN = LISTS | COMMANDS


TOP = (
    "demo example refine update search similar drift monitor report evaluate export serve mcp "
    "vectors run text"
)
GROUPS = {
    "vectors": [
        *("fetch", "convert", "compress", "align", "join", "retrofit", "define", "debias", "distill"),
        "tokenizer",
    ],
    "run": ["info", "health", "verify", "merge", "migrate", "compare", "trajectory"],
    "text": [
        *("phrases", "topics", "frequency", "ngrams", "dispersion"),
        *("keyness", "concordance", "collocates"),
        *("graph", "senses", "why"),
    ],
}


def test_the_commands_are_those_that_fit_in_a_head() -> None:
    """New ones join a group; what is listed today keeps its name and its place."""
    assert list(ROOT_GROUP.commands) == TOP.split()
    for name, known in GROUPS.items():
        listed = list(ROOT_GROUP.commands[name].commands)
        assert [one for one in listed if one in known] == known
        assert len(listed) <= 24


@pytest.mark.parametrize("path", SHOWN)
def test_help_fits_a_screen(path: str) -> None:
    shown = ran([*path.split()[1:], "-h"]).out
    assert shown == help_text(SHOWN[path], path)
    assert shown.startswith(f"Usage: {path}")
    assert len(shown.splitlines()) <= 24
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize("path", LISTS)
def test_a_group_without_a_command_prints_its_help(path: str) -> None:
    assert ran(path.split()[1:], 2) == ("", help_text(SHOWN[path], path))


@pytest.mark.parametrize("path", COMMANDS)
def test_help_all_shows_every_option_with_a_kind(path: str) -> None:
    shown = ran([*path.split()[1:], "--help-all"]).out
    assert max(map(len, shown.splitlines())) <= 80
    for option in options(COMMANDS[path]):
        assert option.opts[0] in shown
        assert option.is_flag or option.metavar, f"{path} {option.opts}: which kind of value?"


@pytest.mark.parametrize("path", COMMANDS)
def test_help_has_examples_that_are_right(path: str) -> None:
    examples = COMMANDS[path].examples
    assert examples
    for example in examples:
        assert example.startswith(path)
        assert fault_of(example) is None, example


@pytest.mark.parametrize("path", COMMANDS)
def test_a_summary_is_one_sentence_that_fits_the_list(path: str) -> None:
    summary = COMMANDS[path].help
    assert summary.endswith(".")
    assert summary.replace("et al. ", "").count(". ") == 0
    assert len(summary) <= 70


def options(command: Any) -> list[Any]:
    return [one for one in command.params if one.param_type_name == "option" and not one.hidden]


MEANINGS = {
    "--output": "where the result is written",
    "--overwrite": "replace what exists",
    "--json": "print one JSON document",
    "--report": "write a report",
    "--seed": "seed of all random choices",
    "--jobs": "threads",
    "--top": "how many rows are shown",
    "--examples": "how many example sentences are shown",
    "--number": "how many groups are made",
    "--min-count": "words that are rarer are left out",
    "--min-documents": "those of fewer documents are left out",
    "--vectors": "initial vectors",
    "--method": "the algorithm of the command",
    "--window": "tokens per window, or on each side",
    "--against": "what is compared with",
    "--unit": "words, lemmas or parts of speech",
    "--n": "words of a sequence",
    "--by": "periods or values of a field that are shown apart",
    "--repeats": "whether repeated passages count once",
    "--between": "the two parts that are compared",
    "--variants": "words that are written in two ways are counted as one",
    "--mix": "documents with the same mix of fields are compared",
    "--together": "documents with the same value are one observation",
    "--sort": "what rows are sorted by",
    "--id-field": "field that holds the id",
    "--text-field": "fields that hold the text",
    "--date-field": "field that holds the date",
    "--slice-field": "field that names the slice",
    "--slice": "periods",
    "--skip-bad-rows": "malformed rows are counted and left out",
    "--half-life": "days after which a document counts half",
    "--encoder": "a sentence encoder that teaches a run",
    "--pos": "parts of speech",
    "--words": "the words that are measured or drawn",
    "--filter": "only documents with this value",
    "--write": "the run may be written",
    "--to": "the format or kind of what is written",
    "--dimensions": "dimensions of vectors",
    "--tokenizer": "how text is cut",
    "--retrieval": "BEIR folders",
    "--similarity": "rows of word, word, score",
    "--dictionary": "translations",
    "--lexicon": "relations between words",
    "--bias-sets": "word sets of bias",
    "--keep": "what is kept: of a corpus, or of a figure in percent",
    "--dry-run": "measure, change nothing",
}
"""What each flag means that several commands have: one thing."""


def test_what_only_python_takes_is_said() -> None:
    tried = 0
    for path, command in COMMANDS.items():
        for option, call in command.in_python.items():
            said = ran([*path.split()[1:], option, "1"], 2).err
            assert said == f"{path}: No such option '{option}'; in Python: {call}; see: {path} --help\n"
            name, argument = re.fullmatch(r"selfvec\.(\w+)\(…, (\w+)=…\)", call).groups()
            assert argument in inspect.signature(getattr(selfvec, name)).parameters
            tried += 1
    assert tried > 40


def test_one_flag_has_one_meaning() -> None:
    helps = defaultdict(list)
    for path, command in COMMANDS.items():
        for option in options(command):
            helps[next(flag for flag in option.opts if flag.startswith("--"))].append(path)
    several = {flag for flag, paths in helps.items() if len(paths) > 1}
    assert several == set(MEANINGS), "say here what the flag means everywhere"
    assert len(set(MEANINGS.values())) == len(MEANINGS), "two flags mean the same"


WAYS = (
    ("similar run hail --topn 3", "similar run hail --top 3"),
    ("run migrate store --from a --to b", "run migrate store --old a --new b"),
    ("evaluate run --lexicon pairs.tsv", "evaluate run --dictionary pairs.tsv"),
    ("vectors convert a b", "vectors convert a -o b"),
    ("vectors compress a b", "vectors compress a -o b"),
)


@pytest.mark.parametrize(("one", "other"), WAYS)
def test_two_ways_to_write_an_option_mean_the_same(one: str, other: str) -> None:
    assert parsed(one) == parsed(other)


def test_the_value_of_an_option_is_not_an_option_of_the_program() -> None:
    assert parsed("text senses run mouse -q --text -v")["text"] == ("-v",)


def parsed(line: str) -> dict[str, Any]:
    """What a command is given by a line; where it writes is its output."""
    command, words = ROOT_GROUP, shlex.split(line)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    given = {name: value for name, value in command.make_context("", words).params.items() if value}
    if "target" in given:
        given["output"] = given.pop("target")
    return given
