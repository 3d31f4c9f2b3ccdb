"""One word for one thing: what the glossary replaced does not come back in pages, messages or names."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.places import ROOT

KINDS = "pretrained|public|static|aligned|fetched|starting|original|refined|vectors?|base"
VERBS = "has|have|holds?|knows?|lacks?|had|does|is|are|was"
WORDS = {
    r"embedded (table|vectors)": "the built-in vectors",
    r"\btables? of (pretrained |public |word |token |aligned )?vectors": "vectors",
    rf"\b({KINDS}) tables?\b": "vectors",
    rf"\bthe (whole |new |old |same |other |given |two |first )?tables? ({VERBS})\b": "the vectors",
    r"\bguessed (words?|from|by|vectors?)\b": "built from subwords",
    r"\bcompos(ed?|es|ing)\b": "built from subwords",
    r"\bfrom (its |their )?(pieces|parts)\b": "built from subwords",
    r"(?<!one )(?<!five )(?<!gensim's )\bepochs?\b": "pass",
    r"\bhalves test\b|\bby halves\b|brings the halves": "self-retrieval",
    r"\bknown items?\b": "self-retrieval of documents",
    r"\b(is|are|was|be) said\b|\bsaid,? not raised\b": "reported, printed",
    r"\bdoes not stand\b|\bstill stands?\b|\bstands (in|there|here|beside|alone)\b": "occurs, exists, is",
    r"\b(that|which) (is|are) (?-i:none)\b": "say what it is",
    r"\bno (word|words) (is|are) left\b": "no words remain",
    r"\bbeside\b(?! besides)": "next to, with, besides",
    r"\bsaturated neighbours?\b": "capped",
    r"\bverdicts?\b": "warning, finding",
    r"\bthis is what there is\b|\bis the checkpoint\b|\bwho still\b": "a plain sentence",
    r"\b(mean uses|use vectors?|word's uses)\b": "occurrences",
    r"\buses of (a|the|this|each|every|its|their) words?\b": "occurrences",
}
"""What is not written any more, and what is. Text in backticks and strings of one word are not looked at."""

NAMES = {
    "stands",
    "standing",
    "turn",
    "turned",
    "turns",
    "had",
    "has",
    "said",
    "nobody",
    "told",
    "_TOLD",
    "grown",
}
"""Names of variables, functions and classes that are no nouns of the field."""

PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
MODULES = sorted((ROOT / "src" / "selfvec").rglob("*.py"))


def faults(text: str) -> Iterator[str]:
    """The words in a text that have another word."""
    text = re.sub(r"(?m)^ *>>> .*$", "", text)
    plain = re.sub(r"``[^`]*``|`[^`]*`|<!--.*?-->", "", text, flags=re.DOTALL)
    plain = re.sub(r"^ *[\w*, ]+ : .*$", "", plain, flags=re.MULTILINE)  # names of parameters
    for pattern, instead in WORDS.items():
        for found in re.finditer(pattern, plain, re.IGNORECASE):
            line = plain.count("\n", 0, found.start())
            around = plain[max(0, found.start() - 30) : found.end() + 30].replace("\n", " ")
            yield f"line {line + 1}: …{around}…: say {instead}"


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """The messages, docstrings and comments of a module, with their lines."""
    source = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip():
            yield node.lineno, node.value
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def names(path: Path) -> Iterator[tuple[int, str]]:
    """What a module names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.lineno, node.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_use_the_words_of_the_glossary(page: Path) -> None:
    prose = re.sub(
        r"^```.*?^```", lambda block: "\n" * block[0].count("\n"), page.read_text("utf-8"), flags=re.M | re.S
    )
    assert list(faults(prose)) == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT / "src" / "selfvec")))
def test_modules_use_the_words_of_the_glossary(path: Path) -> None:
    found = [f"{path}:{line}: {fault}" for line, text in texts(path) for fault in faults(text)]
    found += [f"{path}:{line}: the name {name}" for line, name in names(path) if name in NAMES]
    assert not found, "\n".join(found)
