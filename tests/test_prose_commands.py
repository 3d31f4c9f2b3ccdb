"""Commands, options and Python names in prose are those of the program.

A command in backticks, or in a block of shell that is not run, is parsed as the shell would give it. Nothing
is executed. Words in capitals stand for a value of the option's kind.
"""

import json
import re
import shlex
from itertools import pairwise
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest
from tests.commands import commands
from tests.places import ROOT

from selfvec.apps.cli.tree import root
from selfvec.lab.evaluation.baselines import ALREADY
from selfvec.lab.evaluation.baselines import BASELINES as TRAINED

PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "examples").glob("*.ipynb")),
]
COMMANDS: dict[str, Any] = dict(root().commands)
BASELINES = {*TRAINED, *ALREADY, "all", "NAME"}
ELLIPSIS = {"…", "..."}
OTHERS = ("pip", "pipx", "uvx", "make", "dask", "apt", "python")


def _text(page: Path) -> str:
    text = page.read_text("utf-8")
    if page.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return text


def code_spans(text: str) -> list[str]:
    """What stands in backticks, and the lines of shell blocks without their prompt."""
    spans = []
    for block in re.findall(r"^```(?:sh|console)?\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        joined = block.replace("\\\n", " ")
        spans += [
            re.split(r" (?:\||2?>) ", line.removeprefix("$ "))[0]
            for line in joined.splitlines()
            if line[:2] == "$ " or "$ " not in block
        ]
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    spans += [line[4:].strip() for line in prose.splitlines() if line.startswith("    selfvec ")]
    return spans + [" ".join(span.split()) for span in re.findall(r"`([^`\n]+(?:\n[^`\n]+)?)`", prose)]


def fault_of(span: str) -> str | None:
    """What is wrong with a span that names a command or an option of ours; None if nothing is."""
    if re.match(r"[a-z]+ --[a-z]", span) and span.split()[0] not in ("selfvec", *OTHERS):
        span = f"selfvec {span}"
    if not re.match(r"selfvec [a-z]|--[a-z]", span):
        return None
    words = [word for word in shlex.split(span, comments=True) if word not in ELLIPSIS]
    if words[0] != "selfvec":
        faults = [_wrong_option(command, words) for command in commands().values()]
        return None if None in faults else faults[0]
    name, *words = words[1:]
    if name not in COMMANDS:
        return f"there is no command {name}"
    command = COMMANDS[name]
    if nested := getattr(command, "commands", None):
        if words and words[0] not in (*nested, "--help", "--json"):
            return f"there is no command {name} {words[0]}"
        command = nested[words.pop(0)] if words and words[0] in nested else command
    return _wrong_option(command, words) or _parse(command, words)


def _wrong_option(command: Any, words: list[str]) -> str | None:
    """An option that the command does not have, or a value that is not one of those that its help names."""
    options = {flag: one for one in command.params for flag in (*one.opts, *one.secondary_opts)}
    for word, value in pairwise([*words, ""]):
        if not re.match(r"--[a-z]", word) or word == "--help":
            continue
        if word not in options:
            return f"there is no {word}"
        metavar = options[word].metavar or ""
        known = set(metavar.split("|")) if re.fullmatch(r"[a-z-]+(?:\|[a-z-]+)+", metavar) else set()
        known = BASELINES if word == "--against" and metavar == "NAME..." else known
        value = re.sub("^encoder:.*", "all", value)
        if known and value and not value.isupper() and not {*re.split(r"[|,]", value)} <= known:
            return f"{word} does not take {value}"
    return None


def _parse(command: Any, words: list[str]) -> str | None:
    """Parse the words; a name in capitals becomes a value where the option needs one of another kind."""
    for word in ("|", ">", "&&", "2>&1"):
        if word in words:
            words = words[: words.index(word)]
    for _ in range(9):
        try:
            command.make_context(command.name, list(words))
        except SystemExit:
            return None
        except Exception as error:
            kind = type(error).__name__
            param = getattr(error, "param", None)
            if kind in ("MissingParameter", "Exit") or "requires an argument" in str(error):
                return None  # prose may leave out what goes without saying
            places = [i + 1 for i, word in enumerate(words[:-1]) if param and word in param.opts]
            if kind == "BadParameter" and places and words[places[0]].isupper():
                words[places[0]] = "1"
                continue
            return f"{kind}: {error}"
        return None
    return None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_options_in_prose_exist(page: Path) -> None:
    spans = code_spans(_text(page))
    if page.name == "CHANGELOG.md":  # tells of older names
        spans = [span for span in spans if not re.search(r"--undo|--watch|selfvec transform", span)]
    faults = [f"{span}: {fault}" for span in spans if (fault := fault_of(span))]
    assert not faults, f"{page.name}:\n" + "\n".join(faults)


@pytest.mark.parametrize("page", [p for p in PAGES if p.name != "CHANGELOG.md"], ids=lambda page: page.name)
def test_python_names_in_prose_exist(page: Path) -> None:
    for span in code_spans(_text(page)):
        if re.match(r"from selfvec[.\w]* import", span):
            exec(span)
        dotted = re.match(r"selfvec(?:\.\w+)+", span)
        if dotted and not dotted[0].endswith((".run", ".name", ".encoder", ".dimensions")):
            assert resolve_name(dotted[0]), f"{page.name}: {span}"


@pytest.mark.parametrize(
    "span",
    [
        "plot --projection pacmap",
        "selfvec plot --projection",
        "selfvec drift RUN --no-such-option",
        "selfvec evaluate run --against sgns",
        "selfvec refine texts -o run --method fast",
        "--no-such-option",
        "update --forget-everything",
        "selfvec fetch everything",
    ],
)
def test_a_wrong_command_is_found(span: str) -> None:
    assert fault_of(span)


@pytest.mark.parametrize(
    "span",
    [
        "selfvec run health",
        "selfvec refine … --half-life DAYS",
        "--against NAME...",
        "align",
        "select * from table",
    ],
)
def test_a_part_of_a_command_is_right(span: str) -> None:
    assert fault_of(span) is None


@pytest.mark.parametrize("page", [p for p in PAGES if p.name != "CHANGELOG.md"], ids=lambda page: page.name)
def test_files_of_ours_that_are_named_exist(page: Path) -> None:
    for span in code_spans(_text(page)):
        if re.fullmatch(r"(?:\w+/)*\w+\.py|(?:tests|benchmarks|examples|docs|tools)/[\w/.-]*", span):
            places = [
                ROOT / span,
                ROOT / "src" / span,
                ROOT / "src" / "selfvec" / span,
                *ROOT.glob(f"tests/**/{span}"),
            ]
            assert any(place.exists() for place in places), f"{page.name}: {span}"
