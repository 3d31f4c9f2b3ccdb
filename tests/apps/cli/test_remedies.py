"""Remedies fit the command that prints them: their flags exist there, and what they advise can be done."""

import re
import shlex
from pathlib import Path

import pytest
from tests.commands import ran

import selfvec
from selfvec.apps.cli.tree import run

SOURCES = Path(selfvec.__file__).parent / "storage"
TWICE = "2 2\nhail .1 .2\nhail .3 .4\n"


def flags_of(command: str) -> set[str]:
    """The flags of a command, as its help shows them."""
    shown = ran([*command.split()[1:], "--help-all"]).out
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]+|(?<![\w-])-[a-z](?!\w)", shown))


def test_messages_of_files_name_flags_with_their_command() -> None:
    found = 0
    for path in sorted(SOURCES.rglob("*.py")):
        for text in re.findall(r'"([^"\n]*--[a-z][^"\n]*)"', path.read_text("utf-8")):
            command = re.search(r"selfvec(?: [a-z]+)+", text)
            for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]+", text) if command else ():
                assert flag in flags_of(command[0]), (path.name, text)
                found += 1
    assert found


COMMANDS = (
    "similar {} hail",
    "vectors convert {} -o out.vec",
    "refine text.txt -o run --vectors {}",
    "run compare {} {}",
    "vectors compress {} -o small",
)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("content", [TWICE.encode(), b"2 2\nha\xffil .1 .2\nrain .3 .4\n"])
def test_what_a_message_advises_can_be_done(command: str, content: bytes, here: Path) -> None:
    Path("text.txt").write_text("hail broke the roof\n" * 9)
    Path("a b.vec").write_bytes(content)
    said = ran([word.replace("{}", "a b.vec") for word in command.split()], 2).err
    advised = re.search(r"convert it: (selfvec .* --vectors-errors replace) \(in Python", said)
    assert advised, said
    assert run(shlex.split(advised[1])[1:]) == 0
    repaired = selfvec.load("repaired.safetensors").vectors
    assert len(repaired) in (1, 2)
    assert repaired[0].tolist() == pytest.approx([0.1, 0.2])
