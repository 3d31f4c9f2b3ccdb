"""The demonstration corpus: the documentation of the user's own Python.

Every user has this text without a network. Words such as *string*, *thread* and *pickle* have other meanings
in it than in news. Docstrings are read from the library's sources without running them. Only built-in modules
and a short list of C extensions without side effects are imported.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import platform
import re
import sys
import sysconfig
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

from .corpus import Corpus

NAME = "documentation of Python"
"""The beginning of the name of this corpus."""

LEFT_OUT = frozenset(
    """site-packages dist-packages test tests lib-dynload __pycache__ idlelib lib2to3 turtledemo
    ensurepip""".split()  # noqa: SIM905
)
"""Folders of the library with third-party packages, tests or programs."""

EXTENSIONS = tuple(
    """_asyncio _bisect _bz2 _contextvars _csv _datetime _decimal _elementtree _heapq _json _lzma _pickle
    _queue _random _socket _statistics _struct _zoneinfo array binascii cmath fcntl grp math mmap pyexpat
    resource select termios unicodedata zlib""".split()  # noqa: SIM905
)
"""C extensions whose import has no side effects; missing ones are skipped."""

_HEADING = re.compile(r"^(?=\S[^\n]*\n([=*\-~^\"])\1{2,}\n)", re.MULTILINE)

Document = tuple[str, str]  # name, text


def python_documentation(library: Path | None = None) -> Corpus:
    """The docstrings of the standard library and the sections of the language reference.

    About 300,000 words in 8,000 documents, sorted by name (``json.JSONDecoder.decode``, ``reference:with``).
    Repeated texts are kept once. ``library`` is the folder of sources, by default that of the running Python.
    """
    texts: dict[str, str] = {"": ""}
    times: Counter[str] = Counter()
    for name, text in _all_documents(library or Path(sysconfig.get_path("stdlib"))):
        if (text := text.strip()) not in texts:
            times[name] += 1
            texts[text] = name if times[name] == 1 else f"{name}~{times[name]}"
    del texts[""]
    version = platform.python_version()
    return Corpus.from_texts(list(texts), ids=list(texts.values()), name=f"{NAME} {version}")


def _all_documents(library: Path) -> Iterator[Document]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about escapes in the library's own strings
        for path in sorted(_sources(library)):
            name = ".".join(path.relative_to(library).with_suffix("").parts)
            yield from _docstrings(path, name.removesuffix(".__init__"))
    for name in sorted({*sys.builtin_module_names, *EXTENSIONS}):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        yield from _members(module, name)
    yield from _reference()


def _sources(library: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(library):
        folders[:] = [name for name in folders if name not in LEFT_OUT and not name.startswith("config-")]
        yield from (Path(parent, name) for name in names if name.endswith(".py"))


def _docstrings(path: Path, name: str) -> Iterator[Document]:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError):
        return
    if text := ast.get_docstring(tree):
        yield name, text
    yield from _nested(tree.body, name)


def _nested(body: Iterable[ast.stmt], name: str) -> Iterator[Document]:
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            inner = f"{name}.{node.name}"
            if text := ast.get_docstring(node):
                yield inner, text
            yield from _nested(node.body, inner)
        elif isinstance(node, ast.If | ast.Try):
            yield from _nested([*node.body, *node.orelse], name)
            for handler in getattr(node, "handlers", ()):
                yield from _nested(handler.body, name)


def _members(owner: ModuleType | type, name: str) -> Iterator[Document]:
    if isinstance(text := owner.__doc__, str):
        yield name, inspect.cleandoc(text)
    for key, member in sorted(vars(owner).items()):
        inner = f"{name}.{key}"
        if isinstance(member, type):
            # For example, deque gives collections as its module, but is defined in _collections.
            if isinstance(owner, ModuleType) and member.__module__.lstrip("_") == name.lstrip("_"):
                yield from _members(member, inner)
        elif any(kind(member) for kind in _IN_C) and isinstance(text := member.__doc__, str):
            yield inner, inspect.cleandoc(text)


_IN_C = (inspect.isbuiltin, inspect.ismethoddescriptor, inspect.isgetsetdescriptor)
"""Functions written in Python are left out: they are hooks that programs put in ``sys`` and ``builtins``."""


def _reference() -> Iterator[Document]:
    try:
        from pydoc_data.topics import topics
    except ImportError:
        return
    for topic, text in sorted(topics.items()):
        # The pattern matches no characters; its group puts the underline between the sections.
        sections = [section for section in _HEADING.split(text)[::2] if section.strip()]
        for i, section in enumerate(sections):
            yield f"reference:{topic}{f'.{i + 1}' if i else ''}", inspect.cleandoc(section)
