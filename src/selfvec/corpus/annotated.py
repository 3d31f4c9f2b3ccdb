"""Corpora that bring their annotation: CoNLL-U, and vertical text as CWB and Sketch Engine write it.

A line is a word with its lemma and tags, so no word is cut here, and sentences end where the file says.
Documents are what ``# newdoc`` or an element such as ``<text>`` begins; attributes of all such elements that
they are in are their fields. In a file without any they are its paragraphs or, without these, the file. Words
of CoNLL-U are the syntactic ones, which alone have lemmas: *de* and *le*, not *1-2 du*. Its empty nodes (8.1)
and other elements of vertical text are left out. A blank in a word becomes ``_``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from html import unescape
from itertools import chain
from operator import eq

from selfvec.base.errors import CorpusError
from selfvec.data.run_text import ID, TAGS, TEXT

from .columns import LineBlock
from .document_files import MAX_ROW
from .row_formats import JsonLinesReader
from .streams import too_long
from .summary import CorpusPass, Summary

_LONGEST = 1000  # characters of a word; where words are counted, longer ones are left out
_DOCUMENTS = re.compile(
    r"(?m)^(?:# (?=newdoc)|<(?!newdoc))"
    r"(newdoc|text|doc|file|article|corpus|chapter|section|div|speech|u|utterance|turn|sp)\b"
)
_ATTRIBUTE = re.compile(r"""([\w.:-]+)\s*=\s*("[^"]*"|'[^']*')""")
_ELEMENT = re.compile(rf"<(/?)([A-Za-z][\w.:-]*)((?:\s+{_ATTRIBUTE.pattern})*)\s*/?>\s*|<[!?].*")
_WORD, _META = "<word>", "meta::"  # what begins no document: a word, and what tells more of one


class AnnotatedReader(JsonLinesReader):
    """Reads ``.conllu`` and vertical files as an object for each document."""

    tokenized = True

    def head(self) -> str:
        lines = [(1, super().head().encode())]
        return "\n".join(block.decode() for _, block in self.lines(lines, CorpusPass(Summary(), True)))

    @cached_property
    def _places(self) -> tuple[int, ...]:
        """How many columns there are, and which are the word, its lemma, its part of speech and its tag.

        Of a vertical file, the lemma is the column that most often begins as the word does, and the tag that
        with the fewest values; `CorpusError` without these.
        """
        if self.source.kind == "conllu":
            return 10, 1, 2, 3, 4
        lines = (line for line in super().head().split("\n")[:-1] if line.strip() and line[0] != "<")
        rows = [line.split("\t") for line in lines]
        size = len(rows[0]) if rows else 0
        columns = list(zip(*(row for row in rows if len(row) == size), strict=True))
        told = [n for n in range(1, size) if not any(map(str.isdecimal, columns[n]))]
        if len(told) < 2:
            rule = "a line of a vertical file has a word, its tag and its lemma, with tabs between"
            raise CorpusError(rule, path=self.source.path, remedy="give words without these as text")
        begins = [[cell[:2].lower() for cell in column] for column in columns]
        lemma = max(told, key=lambda n: sum(map(eq, begins[0], begins[n])))
        told.remove(lemma)
        tag = min(told, key=lambda n: len(set(columns[n])))
        return size, 0, lemma, tag, tag

    @cached_property
    def _documents(self) -> Sequence[str]:
        """The names of what begins a document."""
        return _DOCUMENTS.findall(super().head()) or ["newdoc", "newpar", "p"]

    def lines(self, blocks: Iterable[LineBlock], corpus_pass: CorpusPass) -> Iterator[LineBlock]:
        """An object for each document, in the line in which it begins."""
        path, (size, *places) = self.source.path, self._places
        shown = " ".join(str(place + 1) for place in places)
        corpus_pass.summary.note(f"{path}: word, lemma, part of speech and tag are its columns {shown}")
        plain = str if places[0] else unescape
        sentences = places[0] > 0 or "\n<s" in super().head()
        within: dict[str, dict[str, str]] = {}  # what has begun, from the outside in, with its attributes
        words, tags, done = list[str](), list[str](), list[str]()
        begun, start, held, joint = 1, 1, 0, "\n"
        for first, block in chain(blocks, [(0, b"")]):
            for number, line in enumerate(block.removesuffix(b"\n").decode().split("\n"), first):
                held += len(line)
                if held > MAX_ROW:
                    raise too_long(path, start)
                name, attributes = (
                    self._told(line.removesuffix("\r")) if first else (self._documents[0], None)
                )
                if name == _WORD:
                    cells = ["_".join(plain(cell).split()) for cell in line.split("\t")]
                    if len(cells) != size or not 0 < len(cells[places[0]]) <= _LONGEST or "\0" in line:
                        corpus_pass.bad(
                            f"a word is a line of {size} columns with tabs between, this is {line!r:.60}",
                            path=path,
                            line=number,
                            remedy="correct the line",
                        )
                        continue
                    of_word = [cells[place] for place in places]
                    own = (
                        other if value in ("", "_") else value
                        for value, other in zip(of_word[1:], (of_word[0], "X", "X"), strict=True)
                    )
                    tags.append("\n" * (sentences and joint == "\n") + "\t".join(own))
                    words.append(joint + of_word[0])
                    joint = " "
                elif name in self._documents:
                    if words:
                        text = {TEXT: "".join(words)[1:], TAGS: "\n".join(tags)}
                        done.append(json.dumps(_joined(within) | text, ensure_ascii=False))
                    done.append("\n" * (number - start))
                    words, tags, start, held, joint = [], [], number, 0, "\n"
                    within.pop(name, None)
                    within |= {} if attributes is None else {name: attributes}
                elif name == _META:
                    within.setdefault("newdoc", {}).update(attributes or {})
                elif name == "s":
                    joint = "\n"
            if any(done):
                yield begun, "".join(done).encode()
                begun, done = start, []

    def _told(self, line: str) -> tuple[str, dict[str, str] | None]:
        """The name of what begins, with its attributes, or of what ends, with None."""
        if not line.strip():
            return "s", None
        if not self._places[1]:
            if (element := _ELEMENT.fullmatch(line)) is None:
                return _WORD, None
            own = {of: unescape(value[1:-1]) for of, value in _ATTRIBUTE.findall(element[3] or "")}
            return element[2] or "", None if element[1] else own
        if comment := re.fullmatch(r"# *([^ =]*)(?: id)? *(?:= *(.*))?", line):
            name, value = comment.groups("")
            if name.startswith(_META):
                return _META, {name.removeprefix(_META): value}
            return name, {ID: value} if value else {}
        # What is a part of a word, several words, or empty is left out.
        return "" if re.match(r"\d+[-.]\d+\t", line) else _WORD, None


def _joined(within: dict[str, dict[str, str]]) -> dict[str, str]:
    """The attributes of what a document is in; one that something within has, too, with a name before it."""
    fields: dict[str, str] = {}
    for name in reversed(within):
        fields |= {f"{name}_{of}" if of in (TEXT, *fields) else of: told for of, told in within[name].items()}
    return fields
