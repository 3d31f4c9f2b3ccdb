"""What a type checker, and so an editor, knows of `selfvec` in a user's file."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import selfvec

TYPES = {
    'selfvec.refine(["hail"], "none", window=5, text_field="text")': "Run",
    'selfvec.open_run("run")': "Run",
    'run.search("q", top=3)': "Found",
    'run.search("q").hits[0].fields["year"]': "Any",
    'run.get("a")': "Document",
    'run.search(["q"])': "list[Found]",
    'run.search("q").hits[0].snippet': "str",
    'run.similar("hail")': "Answer",
    'run.similar(document="A17")': "Found",
    'run.similar_documents("A17")': "Found",
    "run.drift(top=3)": "Drift",
    "run.topics(4)": "Topics",
    'run.keyness(["2000", "2001"])': "Answer",
    'run.concordance("hail")': "Answer",
    'run.collocates("hail")': "Answer",
    "run.frequency(top=3)": "Answer",
    "run.health()": "Answer",
    "run.info()": "Answer",
    'run.trajectory("hail", slices=True)': "Answer",
    'run.search("q")[0]["id"]': "Any",
    'selfvec.open("run")': "Run",
    'selfvec.open("default")': "Vectors",
    'selfvec.open("folder", selfvec.Index)': "Index",
    'selfvec.open("folder", selfvec.Encoder)': "Encoder",
    "run.vectors": "Vectors",
    'run.update(["hail fell"])': "Run",
    'run.update(["hail fell"], dry_run=True)': "Answer",
    'selfvec.update("run", withdraw="A17")': "Run",
    'selfvec.Run.search(run, "q")': "Found",
    'selfvec.retrofit("a.vec", "lexicon.tsv", weight=2.0, output="b.vec")': "Vectors",
    'selfvec.principal_axes("a.vec", 8)': "Vectors",
    'selfvec.tokenizer("model/", "a.vec", add_words=9, output="new/")': "Answer",
    'selfvec.load("a.vec").most_similar("hail")': "list[tuple[str, float]]",
    'selfvec.evaluate(run, similarity="pairs.tsv")': "Report",
}
ERRORS = {
    'run.search("q", k=3)': 'Unexpected keyword argument "k"',
    "run.search()": "All overload variants",
    'run.search("q", mode="bm52")': "No overload variant",
    'run.search("q").hits[0].scroe': '"Hit" has no attribute "scroe"; maybe "score"?',
    'run.collocates("hail", measure="logdise")': 'Argument "measure" has incompatible type',
    "run.drift(permutation=3)": 'Unexpected keyword argument "permutation"',
    'run.nosuch("q")': '"Run" has no attribute "nosuch"',
    "selfvec.refine([], windwo=5)": 'Unexpected keyword argument "windwo"',
    'selfvec.refine([], window="wide", seed="0")': 'Argument "seed" to "refine" has incompatible type "str"',
    'selfvec.retrofit("a.vec", "lexicon.tsv", wieght=2.0)': 'Unexpected keyword argument "wieght"',
    "selfvec.nosuch()": 'Module has no attribute "nosuch"',
}


CONFIGURED = """
[mypy]
follow_imports = skip
[mypy-selfvec,selfvec.*]
follow_imports = silent
"""
"""Our own modules are read as those of an installed package; what is another's may be anything."""


@pytest.fixture(scope="module")
def said(own: Path) -> list[str]:
    """What mypy says of each line of a user's file."""
    lines = ["import selfvec", 'run = selfvec.refine(["hail"])']
    lines += [*(f"reveal_type({call})" for call in TYPES), *ERRORS]
    (own / "user.py").write_text("\n".join(lines), "utf-8")
    mypy = [sys.executable, "-m", "mypy", "--strict", "--hide-error-codes", "--no-error-summary"]
    (own / "mypy.ini").write_text(CONFIGURED, "utf-8")
    source = Path(selfvec.__file__).parents[1]
    done = subprocess.run(
        [*mypy, "--cache-dir", os.devnull, "--config-file", "mypy.ini", "user.py"],
        cwd=own,
        env={"MYPYPATH": str(source), "PATH": ""},
        capture_output=True,
        text=True,
    )
    assert not done.stderr
    found = [""] * (len(lines) + 1)
    for number, text in re.findall(r"^user.py:(\d+): (?:note|error): (.*)$", done.stdout, re.MULTILINE):
        found[int(number)] = found[int(number)] or text
    return found[3:]


@pytest.mark.soak
@pytest.mark.parametrize("call", TYPES)
def test_a_result_has_its_type(call: str, said: list[str]) -> None:
    revealed = said[list(TYPES).index(call)]
    assert re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", revealed) == f'Revealed type is "{TYPES[call]}"'


@pytest.mark.soak
@pytest.mark.parametrize("call", ERRORS)
def test_a_mistake_is_found(call: str, said: list[str]) -> None:
    assert said[len(TYPES) + list(ERRORS).index(call)].startswith(ERRORS[call])
