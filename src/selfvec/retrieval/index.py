"""`Index`: documents that are searched by words and by vectors; `run_index`: that of a run.

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

from selfvec.base.arrays import AnyFloats, Array, Ints, Mask
from selfvec.base.checks import StrPath, check_path, check_text, check_whole
from selfvec.base.declarations import Kind, checked
from selfvec.base.errors import FormatError, InputError, NotFound, OptionError, did_you_mean
from selfvec.base.installed import install_command
from selfvec.base.progress import GivenProgress, shown
from selfvec.corpus.given_filters import GivenFilter, filter_names, given_filters
from selfvec.data.run import BASE, AnyRun, Part, Run
from selfvec.data.vectors import Vectors
from selfvec.encoders import SentenceEncoder
from selfvec.encoders.encoded_texts import EncodedTexts, encoded_texts_of, encoded_texts_of_segment
from selfvec.encoders.run_encoder import encoder_of
from selfvec.files.atomic_files import atomic_folder
from selfvec.files.checksums import file_state, read_description, unchanged, write_sealed
from selfvec.files.tensors import write_tensors
from selfvec.files.text_files import Schema, check, read_json, read_vocabulary, write_vocabulary
from selfvec.files.untrusted import decoding
from selfvec.numerics.rows import unit_rows
from selfvec.storage.cache import cached, is_outdated
from selfvec.storage.folder_kinds import INDEX
from selfvec.storage.opened import GivenRun, as_run
from selfvec.text.document_vectors import bm25_weight
from selfvec.text.passages import CUT, Cut, check_cut
from selfvec.text.preprocessing import Preprocessing
from selfvec.text.tokenizers import find_words
from selfvec.text.vocabulary import Query, Vocabulary

from .build import POOL, PoolOfTexts, build_index, build_like, build_words_only
from .dense_space import SPACE, TABLES, DenseSpace, general_rows, with_general_row
from .documents import ENCODED, GatheredDocuments, IndexedDocuments, gather, gathered_text
from .encoder_part import DOUBTED, ENCODER, PART, QUESTIONS, ROWS, EncodedQuestion, EncoderPart
from .question import Question, by_signs, count_written, prefer_written, with_types, within_reach, words_of
from .scoring import Scored, Scorer, check_mode, saturated_counts
from .segments import IndexedPart, SearchedDocuments
from .snippets import Found, describe, different_texts, text_key

_COMPARED = 10_000  # ids that are compared with an unknown one
_TELLING = 16  # words of a document that are looked for in those found near it
_FEW = 256  # documents of a segment that are indexed again whenever the run is opened: it takes a moment
_MOST = 16  # indexes of segments that are kept
_HELD = "index"  # in `Run.derived`

_DOUBT = (
    "the encoder {part.name!r} counts little, {part.weight:.2g} where 1 to 1.75 is usual: documents that it "
    "finds alike are seldom alike by the words of this text"
)
VERSION = 22  # of index folders: raise it when arrays or their meaning change. A cache knows its code
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


class _Answered(NamedTuple):
    """How D documents answer a question."""

    parsed: Query
    scorer: Scorer
    scored: Scored
    asked: EncodedQuestion | None
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
        progress: GivenProgress = None,
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
        progress : Progress or bool, optional
        seed : int
            For the sample of 20,000 documents, if there are more.

        Raises
        ------
        InputError
            If there is no document.
        """
        gathered = documents if isinstance(documents, GatheredDocuments) else GatheredDocuments.of(documents)
        run = run.present
        with shown(progress):
            parts = build_index(run, gathered, tables=tables, encoded=encoded, seed=seed)
        return cls(*parts).asking(run)

    def asking(self, run: Run) -> Index:
        """This index, whose questions are read by the encoder of a run, if it has one and it can be had."""
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
        return build_like(run.fitted_run, gathered, *like, later, encoded)

    @property
    def _first_types(self) -> Vocabulary:
        first = self.vocabulary.types[: len(self.space.rows)]
        is_whole = len(first) == len(self.vocabulary)
        return self.vocabulary if is_whole else Vocabulary(self.vocabulary.preprocessing, first)

    def of_parts(self, parts: Sequence[IndexedPart]) -> Index:
        """An index of other documents in the space of this one."""
        documents = SearchedDocuments(parts, self.documents.dated)
        vocabulary = self._first_types.grown(documents.new_types)
        space = self.space.with_later(documents.new_rows)
        return replace(self, vocabulary=vocabulary, space=space, documents=documents, folder=None)

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
        if not self.documents.is_one_index:
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
        tensors: dict[str, Array] = {
            name: rows for name in SPACE if (rows := getattr(self.space, name)) is not None
        }
        tensors |= self.documents.parts[0].arrays
        tensors |= {} if part is None else part.arrays
        if self.pool is not None:
            tensors |= zip(POOL, (self.pool.rows, self.pool.keys), strict=True)
        write_tensors(folder / _ARRAYS, tensors)
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
        others = {**SPACE, **POOL, **({} if encoder is None else {**ENCODED, **PART})}
        sizes = {"V": len(vocabulary)} | ({} if width is None else {"r": width})
        indexed = IndexedDocuments.read(folder / _ARRAYS, head["fields"], others, _AGAIN, **sizes)
        arrays = indexed.arrays
        of_space: dict[str, Any] = {name: arrays[name] for name in SPACE if name in arrays}
        space = DenseSpace(**of_space, share=float(head["dense_share"]))
        part = None if encoder is None else EncoderPart.read(arrays, **encoder)
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
        return Scorer(self.documents, self.space)

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
        query: str | AnyFloats,
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
        check_whole("top", top)
        check_whole("offset", offset, 0)
        # Before anything is answered: another process may have withdrawn documents that this index has.
        self._check_state()
        check_mode(mode)
        filters = given_filters(filter)
        if isinstance(query, np.ndarray):
            if mode == "bm25" or question is not None:
                rule = "a vector has no words"
                raise OptionError(rule, field="query", remedy="leave mode and question out")
            return self._near_vector(query, top, offset, filters)
        check_text("query", query, empty=True)
        answer = self._answer(query, mode, filters, question)
        found = self._found(query, mode, answer.parsed, answer.scored, top, offset, answer.scorer)
        notes = [*answer.notes, *([why] if len(found) < top and (why := answer.why_few()) else [])]
        by = None if answer.asked is None else answer.asked.by
        return replace(found, filters=filters, notes=notes, question=by)

    def _near_vector(self, vector: AnyFloats, top: int, offset: int, filters: list[str]) -> Found:
        """The documents nearest to a vector in the space of the run's words; `OptionError` if it is none."""
        width = len(self.space.turn)
        if vector.shape != (width,) or vector.dtype.kind not in "fiu" or not np.isfinite(vector).all():
            rule = f"is a text, or a vector of {width} finite numbers, as those of the run's words"
            raise OptionError(f"{rule}, not {vector.dtype} of shape {vector.shape}", field="query")
        notes: list[str] = []
        passing = self.documents.passing(filters, notes)
        asked = unit_rows(self.space.turned(vector[None].astype(np.float32)))[0]
        scored = self.scorer.near(asked).among(passing)
        name = f"a vector of {width} numbers"
        found = self._found(name, "dense", self.vocabulary.parse(""), scored, top, offset)
        return replace(found, filters=filters, notes=notes)

    def near_document(self, document: str, top: int = 10, filters: Sequence[str] = ()) -> Found:
        """The documents that are nearest to one of them, see `selfvec.similar_documents`."""
        number = self.number(document)
        notes: list[str] = []
        passing = self.documents.passing(filters, notes)
        vector = unit_rows(self.documents.dense.at(np.array([number])))[0]
        asked = None
        if self.encoder_part is not None and self.documents.encoded is not None:
            asked = self.encoder_part.asked_by_vector(self.documents.encoded.at(np.array([number]))[0])
        if not vector.any() and asked is None:
            rule = f"no word of the document {document!r} has a vector, so no document is near it by meaning"
            raise InputError(rule, remedy="search for some of its words, or choose another document")
        same = list(_same_texts(self.documents, number))
        passing[[number, *same]] = False
        scored = self.scorer.near(vector, asked).among(passing)
        found = self._found(document, "dense", self._telling_words(number), scored, top)
        return replace(found, alike=list(map(self.documents.name, same)), notes=notes)

    def _found(
        self,
        asked: str,
        mode: str,
        query: Query,  # whose words are marked
        scored: Scored,
        top: int,
        offset: int = 0,
        scorer: Scorer | None = None,
    ) -> Found:
        """The best documents by some scores."""
        best = different_texts(self.documents, scored, offset + top)[offset:]
        hits = describe(self.vocabulary, scorer or self.scorer, query, scored, best, mode)
        return Found(asked, mode, len(self), query.words, query.unknown, hits)

    def _telling_words(self, document: int) -> Query:
        """The words of a document that tell most about it, of those that others have, too; as a query."""
        query = self.vocabulary.parse(self.documents.text(document))
        idf = self.scorer.weights[query.types]
        weights = idf * saturated_counts(query.counts)
        # A word that no other document has tells most about this one, but nothing about what is near it.
        weights[idf > bm25_weight(len(self), np.array(1.5))] = 0
        best = [i for i in np.argsort(-weights, kind="stable")[:_TELLING].tolist() if weights[i] > 0]
        words = [query.words[i] for i in best]
        return replace(query, types=query.types[best], counts=query.counts[best], words=words)

    def _answer(self, query: str, mode: str, filters: Sequence[str], question: str | None) -> _Answered:
        """How all documents answer a question: the one way by which questions are answered."""
        read = Question.of(query)
        parsed = self.vocabulary.parse(read.text)
        lacking: list[str] = []
        passing = self.documents.passing(filters, lacking)
        wanted, higher, last, signed = by_signs(self.vocabulary, self.documents, read, passing)
        code = self.vocabulary.preprocessing.language
        words = words_of(read.text)
        notes = [*lacking, *read.notes, *signed]
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
        return _Answered(parsed, scorer, scored, asked, passing, wanted, notes)

    def _nearest_word(self, unknown: str) -> str:
        """A question that suggests the nearest word of the documents by spelling; empty without one."""

        def written(stem: str) -> str:
            number = self.vocabulary.index[stem]
            having = np.flatnonzero(with_types(self.documents, [number]))[:1].tolist()
            names = find_words(list(map(self.documents.text, having))).names
            types = self.vocabulary.types_of(names)
            return next((name for name, of_name in zip(names, types, strict=True) if number in of_name), stem)

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
    ) -> tuple[EncodedQuestion | None, list[str]]:
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


def _same_texts(documents: SearchedDocuments, number: int) -> Iterator[int]:
    """The other documents with the same text, but for case and white space."""
    # The same text has as many tokens; few others have, so that few texts are read.
    lengths = documents.lengths[: len(documents)]
    key = text_key(documents.text(number))
    for other in np.flatnonzero(lengths == lengths[number]).tolist():
        if other != number and text_key(documents.text(other)) == key:
            yield other


# ---- The index of a run


@checked
def run_index(
    run: GivenRun,
    progress: GivenProgress = None,
    *,
    cut: Cut = CUT,
) -> Index:
    """The index of a run's documents.

    It is kept in the run's cache, and built again if the run or the version have changed. If several
    processes need it, one builds it and the others wait. The run holds it until it gets another state.

    Parameters
    ----------
    run : Run or path
    progress : Progress or bool, optional
    cut : tuple of int
        Words of a passage, and how many of them are repeated from the passage before.

    Returns
    -------
    Index

    Raises
    ------
    InputError
        If the run has not kept its text.

    Examples
    --------
    >>> run = selfvec.refine(selfvec.example("weather.jsonl"), method="decorrelated")
    >>> selfvec.run_index(run)
    <Index: 2,000 documents>
    """
    run = as_run(run)
    base = run.fitted_run
    check_cut(cut)

    def make() -> Index:
        gathered = replace(gather(base), cut=cut)
        return Index(*build_index(base, gathered))

    def read(folder: Path) -> Index:
        return Index.read(folder, base.vectors.vector_size)

    def opened() -> Index:
        index = cached(base, "search", list(cut), make, Index.write, read)
        index.documents.dated = base.provenance.corpus.get("date_field")
        return index.asking(run)

    index = base.held(_HELD, opened, tuple(cut))
    if base is run:
        return index
    return run.held(_HELD, partial(_with_segments, index, run, cut), tuple(cut))


def _with_segments(index: Index, run: Run, cut: Cut) -> Index:
    """The index of the documents that a run has now."""

    def whole(part: Part) -> IndexedPart:
        if part.segment.name == BASE:
            return index.documents.indexed[0]
        text = part.segment.text

        def make() -> IndexedPart:
            gathered = replace(gathered_text(text), cut=cut)
            return index.indexed(run, gathered, part.segment.later, encoded_texts_of_segment(part.segment))

        if len(text) < _FEW or not isinstance(text.source, Path):
            return make()
        # A number may come again after an undo, in a file of another time.
        of = [*cut, *file_state(text.source)[1:]]
        return cached(run.fitted_run, "segment", of, make, IndexedPart.write, index.read_part, most=_MOST)

    def of_part(part: Part) -> IndexedPart:
        """That of the state before if no further document of the segment is gone since."""
        held: tuple[Ints, IndexedPart] | None = part.segment.derived.get(("indexed", *cut))
        if held is None or not np.array_equal(held[0], part.gone):
            of_all = part.segment.held(("index", *cut), lambda: whole(part))
            held = part.gone, replace(of_all, present=part.present)
            part.segment.derived["indexed", *cut] = held
        return held[1]

    return index.of_parts([of_part(part) for part in run.segments])
