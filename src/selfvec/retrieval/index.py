"""`Index`: documents that are searched by words and by vectors.

An index is immutable. It is built in memory. It can be written as a folder, whole or not at all, and opened
without reading it: its arrays are memory-mapped.

    index.json            version, preprocessing, fields, the dense share, checksums of all files
    vocabulary.txt        the types
    arrays.safetensors    everything else
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from selfvec.base.arrays import Array, Mask
from selfvec.base.checks import StrPath, check_path, check_text, check_whole
from selfvec.base.declarations import Kind
from selfvec.base.errors import FormatError, InputError, NotFound, OptionError, did_you_mean
from selfvec.base.installed import install_command
from selfvec.base.progress import Progress
from selfvec.corpus.given_filters import GivenFilter, filter_names, given_filters
from selfvec.data.run import AnyRun, Run
from selfvec.data.vectors import Vectors
from selfvec.encoders import SentenceEncoder
from selfvec.encoders.encoded_texts import EncodedTexts, encoded_texts_of
from selfvec.encoders.run_encoder import encoder_of
from selfvec.files.atomic_files import atomic_folder
from selfvec.files.checksums import read_description, unchanged, write_sealed
from selfvec.files.tensors import write_tensors
from selfvec.files.text_files import Schema, check, read_json, read_vocabulary, write_vocabulary
from selfvec.files.untrusted import decoding
from selfvec.storage.cache import is_outdated
from selfvec.storage.folder_kinds import INDEX
from selfvec.text.preprocessing import Preprocessing
from selfvec.text.segmentation import unsegmented
from selfvec.text.tokenizers import find_words
from selfvec.text.vocabulary import Query, Vocabulary

from .build import POOL, PoolOfTexts, build_index, build_like, build_words_only
from .dense_space import SPACE, TABLES, DenseSpace, general_rows, with_general_row
from .documents import GatheredDocuments, IndexedDocuments, UnitVectors
from .encoder_part import DOUBTED, ENCODER, PART, QUESTIONS, ROWS, Asked, EncoderPart
from .question import Question, by_signs, count_written, prefer_written, with_types, within_reach, words_of
from .scoring import Scored, Scorer, check_mode
from .segments import IndexedPart, SearchedDocuments
from .snippets import Found, describe, different_texts

_COMPARED = 10_000  # ids that are compared with an unknown one

_DOUBT = (
    "the encoder {part.name!r} counts little, {part.weight:.2g} where 1 to 1.75 is usual: documents that it "
    "finds alike are seldom alike by the words of this text"
)
VERSION = 22  # raised when arrays or their meaning change: an older index in a cache is then made again
_HEAD = "index.json"
_WORDS = "vocabulary.txt"
_ARRAYS = "arrays.safetensors"
_AGAIN = "remove the index folder; the next search builds it again"
_DESCRIBED: Schema = {
    ...: ("preprocessing", "fields", "dense_share"),
    "preprocessing": {},
    "fields": {},
    "dense_share": Kind("Annotated[float, Bounds(at_least=0, at_most=1)]").fault,
    "encoder": {...: ("name", "weight"), "name": Kind("str").fault, "weight": Kind("float").fault},
}


class _Answer(NamedTuple):
    """How D documents answer a question."""

    parsed: Query
    scorer: Scorer
    scored: Scored
    asked: Asked | None  # in the encoder's space
    allowed: Mask  # (D,) that pass the filters
    passing: Mask  # (D,) that pass them and the conditions of the question
    notes: list[str]

    def why_few(self) -> str:
        """Why no more documents are listed; empty if all are. That none passes the filters is said before."""
        if not self.allowed.any():
            return ""
        of_others = {
            "do not pass the filters": ~self.allowed,
            "lack what the question demands, or have what it rules out": self.allowed & ~self.passing,
            "have nothing in common with the question": self.passing & ~self.scored.found,
        }
        reasons = [reason for reason, documents in of_others.items() if documents.any()]
        count = f"{np.count_nonzero(self.scored.found):,} of {len(self.passing):,} documents"
        return f"found: {count}; the others {', or '.join(reasons)}" if reasons else ""


def _without_encoder() -> None:
    """Of a run that has none; a function of the module, so that an index can be pickled."""


@dataclass(frozen=True, eq=False, repr=False)
class Index:
    """Documents that can be searched. Made by `memory`, `words_only` or `open`.

    Examples
    --------
    >>> import selfvec
    >>> texts = ["hail broke the roof", "the river rose over the road", "an invoice was paid"] * 20
    >>> index = Index.memory(selfvec.Refiner(method="decorrelated").fit(texts).run_, texts[:3])
    >>> [hit.id for hit in index.search("hail on roofs", top=1).hits]
    ['0']
    """

    vocabulary: Vocabulary  # the words, and how queries are cut
    space: DenseSpace  # vectors of words
    documents: SearchedDocuments
    encoder_part: EncoderPart | None = None  # of a run with a sentence encoder
    pool: PoolOfTexts | None = None  # toward which the vectors of texts are moved
    folder: Path | None = None  # that it was opened from
    find_encoder: Callable[[], SentenceEncoder | None] = _without_encoder  # the run's, if it can be had

    @classmethod
    def memory(
        cls,
        run: AnyRun,
        documents: Sequence[str] | GatheredDocuments,
        *,
        tables: Sequence[str] = TABLES,
        encoded: EncodedTexts | None = None,
        progress: Progress | None = None,
        seed: int = 0,
    ) -> Index:
        """An index in memory.

        Parameters
        ----------
        run : Run
            Its words and vectors are used.
        documents : sequence of str, or GatheredDocuments
            The ids of plain texts are their numbers from 0.
        tables : sequence of str
            Vectors of the run to use: some of ``original``, ``refined``, ``topics``.
        encoded : EncodedTexts, optional
            Vectors of texts by the run's encoder; by default those that the run keeps.
        progress : Progress, optional
        seed : int
            For the sample of 20,000 documents, if there are more.

        Raises
        ------
        InputError
            If there is no document.
        """
        gathered = documents if isinstance(documents, GatheredDocuments) else GatheredDocuments.of(documents)
        run = run.present
        parts = build_index(run, gathered, tables=tables, encoded=encoded, progress=progress, seed=seed)
        return cls(*parts).asking(run)

    def asking(self, run: Run) -> Index:
        """The same, whose questions are read by the encoder of a run, if it has one and it can be had."""
        return self if self.encoder_part is None else replace(self, find_encoder=partial(encoder_of, run))

    def indexed(
        self,
        run: Run,
        gathered: GatheredDocuments,
        later: Vectors | None = None,
        encoded: EncodedTexts | None = None,
    ) -> IndexedPart:
        """Other documents in the space of this index; ``encoded`` as for `memory`.

        ``later`` are their words that the vectors lack; by default those of the run.
        """
        if self.encoder_part is not None:
            encoded = encoded or encoded_texts_of(run)
        like = self._first_types, self.space, self.pool
        later = run.later if later is None else later
        return build_like(run.base, gathered, *like, later, encoded)

    @property
    def first_part(self) -> IndexedPart:
        """The documents of this index as a part of one."""
        encoded = None if self.encoder_part is None else self.encoder_part.vectors
        assert encoded is None or isinstance(encoded, UnitVectors)
        return replace(self.documents.indexed[0], encoded=encoded)

    @property
    def _first_types(self) -> Vocabulary:
        kept = self.vocabulary.types[: len(self.space.rows)]
        return (
            self.vocabulary
            if len(kept) == len(self.vocabulary)
            else Vocabulary(self.vocabulary.preprocessing, kept)
        )

    def of_parts(self, parts: Sequence[IndexedPart]) -> Index:
        """An index of other documents in the space of this one."""
        documents = SearchedDocuments(parts)
        documents.dated = self.documents.dated
        encoder = self.encoder_part
        if encoder is not None:
            vectors = documents.joined([part.encoded for part in parts if part.encoded is not None])
            encoder = replace(encoder, vectors=vectors)
        vocabulary = self._first_types.grown(documents.new_types)
        space = self.space.with_later(documents.new_rows)
        made = replace(self, vocabulary=vocabulary, space=space, documents=documents, encoder_part=encoder)
        return replace(made, folder=None)

    @classmethod
    def words_only(cls, texts: Sequence[str], preprocessing: Preprocessing) -> Index:
        """An index of whole texts, without vectors, for mode ``bm25``."""
        return cls(*build_words_only(texts, preprocessing))

    def saved(self, folder: StrPath, *, overwrite: bool = False) -> Index:
        """Write the index as a folder, whole or not at all, and open what was written.

        Raises
        ------
        TargetError
            If the folder exists and ``overwrite`` is false, or if it cannot be written.
        """
        with atomic_folder(folder, overwrite=overwrite, kind=INDEX) as fresh:
            self.write(fresh)
        return Index.open(folder)

    def write(self, folder: Path) -> None:
        """Write the index into an empty folder."""
        if not self.documents.is_whole:
            rule = "documents were added or deleted since the vectors were made"
            raise InputError(rule, remedy="update the run first, without vectors keep")
        head = {
            "version": VERSION,
            "preprocessing": asdict(self.vocabulary.preprocessing),
            "fields": dict(self.documents.fields),
            "dense_share": self.space.share,
        }
        part = self.encoder_part
        if part is not None:
            head["encoder"] = {"name": part.name, "weight": part.weight}
        write_vocabulary(folder / _WORDS, self.vocabulary.types)
        tensors = {name: rows for name in SPACE if (rows := getattr(self.space, name)) is not None}
        encoded = {} if part is None else part.arrays
        pool: dict[str, Array] = {}
        if self.pool is not None:
            pool = dict(zip(POOL, (self.pool.rows, self.pool.keys), strict=True))
        write_tensors(folder / _ARRAYS, {**tensors, **self.documents.parts[0].arrays, **encoded, **pool})
        write_sealed(folder / _HEAD, head)

    @classmethod
    def open(cls, folder: StrPath) -> Index:
        """Open an index folder.

        The index in the cache of a run is refused when the run has another state, which may lack documents.

        Raises
        ------
        InputError
            If it is not an index. `FormatError` if a file in it is damaged.
        """
        check_path("folder", folder, "a path")
        folder = Path(folder).absolute()
        if not (folder / INDEX.file).is_file():
            raise InputError("is not an index", path=folder, remedy="make one with: selfvec search RUN QUERY")

        def checked() -> Index:
            read_description(folder / _HEAD, _AGAIN)
            return cls.read(folder)

        return replace(unchanged(folder / _HEAD, checked), folder=folder)

    @classmethod
    def read(cls, folder: Path, width: int | None = None) -> Index:
        """The index in a folder whose files were compared with their checksums, whatever becomes of it.

        ``width`` is that of the refined rows that later words come with.
        """
        head = read_json(folder / _HEAD, _AGAIN)
        if head.get("version") != VERSION:
            rule = f"is an index of version {head.get('version')}, this Selfvec reads version {VERSION}"
            raise FormatError(rule, path=folder / _HEAD, remedy=_AGAIN)
        check(head, _DESCRIBED, folder / _HEAD, _AGAIN)
        with decoding(folder / _HEAD, "description of an index", _AGAIN):
            preprocessing = Preprocessing(**head["preprocessing"])
        vocabulary = Vocabulary(preprocessing, read_vocabulary(folder / _WORDS))
        encoder = head.get("encoder")
        others = {**SPACE, **POOL, **({} if encoder is None else PART)}
        sizes = {"V": len(vocabulary)} | ({} if width is None else {"r": width})
        indexed = IndexedDocuments.read(folder / _ARRAYS, head["fields"], others, _AGAIN, **sizes)
        arrays = indexed.arrays
        own: dict[str, Any] = {name: arrays[name] for name in SPACE if name in arrays}
        space = DenseSpace(**own, share=float(head["dense_share"]))
        part = None if encoder is None else EncoderPart.read(arrays, len(indexed), **encoder)
        pool = [arrays[name] for name in POOL if name in arrays]
        documents = SearchedDocuments.whole(indexed)
        return cls(vocabulary, space, documents, part, PoolOfTexts(*pool) if pool else None)

    def read_part(self, folder: Path) -> IndexedPart:
        """Other documents in the space of this index, from a folder that `IndexedPart.write` has filled."""
        types, width = self.space.rows.shape
        encoder = self.encoder_part
        of_encoder = {} if encoder is None else {"h": encoder.rows.shape[1]}
        return IndexedPart.read(folder, types, d=width, **of_encoder)

    def __repr__(self) -> str:
        return f"<Index: {len(self):,} documents>"

    def __len__(self) -> int:
        return len(self.documents)

    @property
    def filter_names(self) -> list[str]:
        """The fields that documents can be filtered by."""
        return filter_names(self.documents)

    @cached_property
    def scorer(self) -> Scorer:
        """The scorer of the documents."""
        return Scorer(self.documents, self.space, self.encoder_part)

    def scores(self, query: str, mode: str = "hybrid", question: str | None = None) -> Scored:
        """The scores of all documents for a question, see `search`."""
        return self._answer(query, mode, (), question).scored

    def ranking(
        self, query: str, top: int = 100, *, mode: str = "hybrid", question: str | None = None
    ) -> list[int]:
        """The numbers of the documents that `search` finds, copies behind the document that names them."""
        best = different_texts(self.documents, self.scores(query, mode, question), top)
        return [number for hit in best for number in (hit.document, *hit.alike)][:top]

    def search(
        self,
        query: str,
        top: int = 10,
        *,
        offset: int = 0,
        mode: str = "hybrid",
        filter: GivenFilter = (),
        question: str | None = None,
    ) -> Found:
        """The best documents for a question, each with its best passage and the reasons it was found.

        Parameters and errors are those of `selfvec.search`. A filter does not change scores.
        """
        check_text("query", query, empty=True)
        check_whole("top", top)
        check_whole("offset", offset, 0)
        # Before anything is answered: another process may have withdrawn documents that this index has.
        self._check_state()
        check_mode(mode)
        filters = given_filters(filter)
        answer = self._answer(query, mode, filters, question)
        parsed = answer.parsed
        best = different_texts(self.documents, answer.scored, offset + top)[offset:]
        return Found(
            query,
            mode,
            len(self),
            parsed.words,
            parsed.unknown,
            describe(self.vocabulary, answer.scorer, parsed, answer.scored, best, mode),
            filters=filters,
            notes=[*answer.notes, *([why] if len(best) < top and (why := answer.why_few()) else [])],
            question=None if answer.asked is None else answer.asked.by,
        )

    def _answer(self, query: str, mode: str, filters: Sequence[str], question: str | None) -> _Answer:
        """How all documents answer a question: the one way by which questions are answered."""
        read = Question.of(query)
        parsed = self.vocabulary.parse(read.text)
        lacking: list[str] = []
        passing = self.documents.passing(filters, lacking)
        wanted, higher, last, signed = by_signs(self.vocabulary, self.documents, read, passing)
        code = self.vocabulary.preprocessing.language
        words = words_of(read.text)
        notes = [*lacking, *read.notes, *signed]
        notes += filter(None, [unsegmented([(word, 1) for word in words], code, "the question")])
        scorer, parsed = self._with_general_rows(parsed, mode)
        asked, said = self._asked(read.text, parsed, mode, question)
        notes += said
        if not words and not read.signs:
            notes.append("the question has no word to search for: write some")
        if words and not len(parsed.types) and not parsed.unknown:
            notes.append("all words of the question are stop words: texts that have them were found")
            parsed = replace(parsed, words=list(words))
            among, said = within_reach(self.documents, read.text, wanted)
            notes += said
            scored = self.scorer.by_counts(count_written(self.documents, read.text, code, among))
            asked = None
        else:
            scored = scorer.score(parsed, mode, asked)
        scored = prefer_written(self.vocabulary, self.documents, read.text, parsed, scored)
        # Filters change no score
        scored = scored.preferring(higher, last).among(wanted)
        if parsed.unknown and not scored.found.any():
            notes += filter(None, [self._nearest_word(parsed.unknown[0])])
        return _Answer(parsed, scorer, scored, asked, passing, wanted, notes)

    def _nearest_word(self, unknown: str) -> str:
        """A question that suggests the nearest word of the documents by spelling; empty without one."""

        def written(stem: str) -> str:
            number = self.vocabulary.index[stem]
            having = np.flatnonzero(with_types(self.documents, [number]))[:1].tolist()
            names = find_words(list(map(self.documents.text, having))).names
            types = self.vocabulary.types_of(names)
            return next((name for name, own in zip(names, types, strict=True) if number in own), stem)

        near = islice(_sharing_half(unknown, self.vocabulary.types), _COMPARED)
        return did_you_mean(unknown, near, written, 1)

    def _with_general_rows(self, parsed: Query, mode: str) -> tuple[Scorer, Query]:
        """A question with those of its words that the text lacks and `glosses` have, and what scores it."""
        change = None if mode == "bm25" else self.space.general
        words = [] if change is None else with_general_row(parsed.unknown)
        if change is None or not words:
            return self.scorer, parsed
        types = np.append(parsed.types, len(self.vocabulary) + np.arange(len(words)))
        counts = np.append(parsed.counts, np.ones(len(words), np.float32))
        together = replace(parsed, types=types, counts=counts, words=[*parsed.words, *words])
        return self.scorer.with_words(general_rows(words, change)), together

    def matching(self, query: str) -> Mask:
        """The documents that have a word of the question, and what it demands, (D,) bool."""
        return self.scores(query, "bm25").found

    def _asked(
        self, query: str, parsed: Query, mode: str, question: str | None
    ) -> tuple[Asked | None, list[str]]:
        """A question in the encoder's space, and what there is to say about it."""
        part = self.encoder_part
        if question is not None:
            if question not in QUESTIONS:
                raise OptionError.one_of(question, QUESTIONS, field="question")
            if part is None or mode == "bm25":
                why = "a run with an encoder" if part is None else "the modes hybrid and dense"
                raise OptionError(f"is an option of {why}", field="question", remedy="leave it out")
        if part is None or mode == "bm25":
            return None, []
        notes = [_DOUBT.format(part=part)] if part.weight < DOUBTED else []
        encoder = None if question == ROWS else self.find_encoder()
        if encoder is not None:
            return part.asked(encoder, query), notes
        lacking = f"the encoder {part.name!r} is not here, or onnxruntime is not installed"
        if question == ENCODER:
            remedy = f"fetch it, and: {install_command('encoder')}; or ask with question rows"
            raise InputError(lacking, remedy=remedy)
        asked = part.asked_by_rows(parsed, self.vocabulary.preprocessing.language)
        if not question:
            notes.append(f"{lacking}: the question is compared by the rows of its words")
        return asked, notes

    def text(self, name: str) -> str:
        """A document by its id, as it came; raises `NotFound` for an unknown id."""
        self._check_state()
        return self.documents.as_given(self.number(name))

    def _check_state(self) -> None:
        if self.folder is not None and is_outdated(self.folder):
            rule = "belongs to another state of the run than the present one"
            raise InputError(rule, path=self.folder, remedy="search the run itself")

    def number(self, name: str) -> int:
        """The number of a document by its id; `NotFound`, with ids of similar spelling, if there is none."""
        number = self.documents.number(name)
        if number is None:
            raise unknown_document(name, self.documents.ids)
        return number


def unknown_document(name: str, ids: Iterable[str]) -> NotFound:
    """The error for an id that no document has; it names ids of similar spelling."""
    near = did_you_mean(name, islice(_sharing_half(name, ids), _COMPARED))
    return NotFound(f"the document {name!r} does not occur in this run", remedy=near or "check the id")


def _sharing_half(name: str, ids: Iterable[str]) -> Iterator[str]:
    """The ids that begin or end as a name does: a single mistake is in one of its halves.

    >>> list(_sharing_half("repotr-1", ["Report-1", "note-7", "report-2"]))
    ['Report-1', 'report-2']
    """
    middle = len(name) // 2
    first, last = name[:middle].lower(), name[middle:].lower()
    return (id for id in ids if (low := id.lower()).startswith(first) or low.endswith(last))
