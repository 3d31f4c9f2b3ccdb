"""`export`: write a run in the format of another tool, completely or not at all.

`TARGETS` is the table: vectors files, encoders, and the stores of `selfvec.stores.databases`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import compress
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from selfvec.base.answer import Answer, Json
from selfvec.base.casing import DOTTED, letters_of
from selfvec.base.characters import APOSTROPHES, REMOVED
from selfvec.base.declarations import Bounds, Natural, checked
from selfvec.base.errors import OptionError, SelfvecError
from selfvec.base.progress import GivenProgress, stage
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.files.atomic_files import writing
from selfvec.refinement.inputs import general_words
from selfvec.refinement.update import source_vectors
from selfvec.retrieval.encoder import Encoder
from selfvec.retrieval.encoder.model import taught_encoder
from selfvec.retrieval.encoder.word_lookup import FINAL_SIGMA, signs
from selfvec.retrieval.encoder_part import stop_words_of, student_of
from selfvec.retrieval.inverse_cloze import learn
from selfvec.storage.formats import FORMATS, save
from selfvec.storage.formats.model2vec import with_unknown, word_level_tokenizer, write_encoder_folder
from selfvec.storage.formats.subwords import load_tokenizer
from selfvec.storage.opened import GivenRun, as_run
from selfvec.stores.databases import STORES, LanceDB, Store, StoreRows, library_errors, passage_rows, replaced
from selfvec.text.document_vectors import inverse_document_frequency
from selfvec.text.kernels import APOSTROPHE, DIGIT, POINT, SPACE, STRONG, WORD, table
from selfvec.text.languages import elision
from selfvec.text.passages import CUT, check_cut
from selfvec.text.preprocessing import Preprocessing
from selfvec.text.segmentation import is_unspaced
from selfvec.text.tokenizers import SPLITS, WORDS

Library = Literal["model2vec", "sentence-transformers"]
UNKNOWN = "[UNK]"  # never a word: brackets separate words, and words have no capitals


@checked
def export(
    run: GivenRun,
    to: str,
    output: str | os.PathLike[str] | None = None,
    *,
    rows: Literal["run", "encoder"] = "run",
    passage_words: Annotated[int, Bounds(at_least=20)] = 200,
    overlap: Natural = 40,
    overwrite: bool = False,
    update: bool = False,
    progress: GivenProgress = None,
) -> Answer:
    """Write a run for another tool: an encoder, vectors, a vector store.

    Parameters
    ----------
    run : Run or path
    to : str
        What to write: encoder, model2vec, sentence-transformers, projector, word2vec, lancedb, … An unknown
        name lists all.
    output : path, optional
        The file or folder to write; by default RUN-TARGET next to the run.
    rows : {"run", "encoder"}
        encoder: rows in the space of the run's sentence encoder, to ask a store of its vectors. For encoder,
        model2vec and sentence-transformers.
    update : bool
        Write what is new or changed, delete what is gone (lancedb only). The others keep their vectors.
        All passages are written if the run's vectors have changed.
    overwrite : bool
        Replace an earlier export: a file, or a folder without other files.
    progress : Progress or bool, optional

    Other Parameters
    ----------------
    passage_words : int, at least 20
        Words of the passages that a long document is cut into.
    overlap : int, at least 0
        Words that a passage repeats from the one before.

    Returns
    -------
    Answer
        ``to``, ``target`` and a description by the target.

    Raises
    ------
    TargetError
        If the target exists or cannot be written; it is not changed. `OptionError` if the target is unknown
        or does not support this run.

    Examples
    --------
    >>> run = selfvec.refine(selfvec.example("weather.jsonl"), method="decorrelated")
    >>> selfvec.export(run, "word2vec", "weather.bin")
    Exported
      to word2vec, target weather.bin, words 1,969, dimensions 256
    """
    if to not in TARGETS:
        raise OptionError.one_of(to, sorted(TARGETS), field="to")
    target = TARGETS[to]
    if (cut := check_cut((passage_words, overlap))) != CUT and isinstance(target, Target):
        raise OptionError(f"{to} holds no passages", field="passage_words", remedy="leave it out")
    if rows == "encoder" and not (isinstance(target, Target) and target.by_rows):
        named = ", ".join(name for name, one in _ENCODERS.items() if one.by_rows)
        raise OptionError(f"is encoder only for {named}, not for {to}", field="rows", remedy="leave it out")
    run = as_run(run)
    if update and not isinstance(target, LanceDB):
        raise OptionError(f"{to} cannot be updated", field="update", remedy="use --overwrite")
    path = _default(run, to) if output is None else Path(output)
    read_passages = partial(passage_rows, run, cut=cut)
    if isinstance(target, LanceDB) and update and os.path.lexists(path):
        details = _update_passages(target, read_passages, path)
    else:
        with replaced(path, overwrite) as fresh:
            if isinstance(target, Target):
                details = target.write(run, fresh, rows)
            else:
                target.require()
                passages = read_passages()
                with stage("Storing", None, "passages"):
                    target.put(passages, fresh)
                details = _counted(passages)
    return _exported(target, {"to": to, "target": str(path), **details})


def _exported(target: Target | Store, figures: Json) -> Answer:
    """What was written, and how the other tool opens it."""
    messages = list(figures.get("left_out", ()))
    if "unchanged" in figures:
        counts = (f"{figures[name]:,} {name}" for name in ("added", "changed", "removed", "unchanged"))
        passages = f"passages: {', '.join(counts)}"
        messages.append("all passages were rewritten" if figures.get("rewritten") else passages)
    messages.append(f"exported as {figures['to']}")
    if target.opened_by:
        opened = target.opened_by.format(repr(figures["target"]))
        messages.append(f"next, in Python: {opened}")
    return Answer("Exported", figures, messages=messages)


def _default(run: Run, to: str) -> Path:
    if run.folder is None:
        raise OptionError("this run is in memory, so there is no folder to write next to", field="output")
    folder = run.folder.resolve() if not run.folder.name else run.folder
    return folder.with_name(f"{folder.name}-{to}{TARGETS[to].suffix}")


Writer = Callable[[Run, Path, str], Json]
"""Writes a run to a path in an empty folder, an encoder by its ``rows``; returns what was written."""


@dataclass(frozen=True)
class Target:
    """A format in which a run can be written."""

    write: Writer
    suffix: str = ""  # of the default file name; empty for folders
    opened_by: str = ""  # Python that opens the result, with {} for its path
    by_rows: bool = False  # whether it is an encoder that has a row for each word


# ---- Vectors files and encoders


def _write_words(run: Run, path: Path, *_: object, format: str) -> Json:
    left_out = save(run.vectors, path, format=format)
    return {"words": len(run.vectors), "dimensions": run.vectors.vector_size, "left_out": left_out}


def _write_encoder(run: Run, path: Path, rows: str, *, library: Library | None = None) -> Json:
    """Our encoder, or one for another library. For those, a run of pieces keeps its tokenizer."""
    if library is not None and rows == "run" and _of_pieces(run):
        tokens = write_piece_encoder(run, path, library)
        return {"tokens": tokens, "dimensions": run.vectors.vector_size}
    notes: list[str] = []
    with stage("Folding", None, "words"):
        if rows == "encoder":
            encoder, notes = _taught_encoder(run)
        else:
            encoder = Encoder.of(run)
    described = {"words": len(encoder), "dimensions": encoder.dimensions, "left_out": notes}
    if library is None:
        encoder.save(path)
        return described
    write_encoder(encoder, path, library)
    return {**described, "learned": encoder.about.get("learned")}


def _taught_encoder(run: Run) -> tuple[Encoder, list[str]]:
    """The rows that a run's sentence encoder taught its words, each times the weight of the word; and notes.

    Stop words are known, too, and words of the initial vectors that the run lacks, if they were encoded with
    the run.

    A store may hold the encoder's vectors of passages, p. The rows that it taught to the words
    (`selfvec.retrieval.encoder_part`) put a question near its vector less the mean of the passages, μ. The
    store ranks by q · p as by q · (p − μ), because q · μ is the same for all passages.
    """
    taught = student_of(run)
    described = run.provenance.encoder
    if taught is None or described is None:
        rule = "is encoder only for a run with a sentence encoder that read some of its texts"
        raise OptionError(rule, field="rows", remedy="refine with --encoder")
    initial, notes = _initial_words(run)
    others = list(dict.fromkeys([*initial, *stop_words_of(run)]))
    numbers = taught.unseen.find(others)
    others = list(compress(others, numbers >= 0))
    numbers = numbers[numbers >= 0]
    unseen = taught.unseen.rows[numbers] * taught.unseen_weights[numbers, None]
    rows = np.concatenate([taught.student.rows * taught.student.weights[:, None], unseen])
    encoder = taught_encoder(run, taught.words, rows, others)
    student = taught.student
    learned = {"passages": taught.passages, "ridge": student.ridge, "explained": student.explained}
    made = {"encoder": described["name"], "digest": described["digest"], "student": learned}
    return replace(encoder, about=encoder.about | made), notes


def _initial_words(run: Run) -> tuple[Sequence[str], list[str]]:
    try:
        vectors = source_vectors(run)
    except SelfvecError as error:
        return (), [f"questions are read by words of the texts only: {error}"]
    return general_words(vectors.index_to_key) if isinstance(vectors, Vectors) else (), []


def _of_pieces(run: Run) -> bool:
    return Preprocessing.of(run.provenance).tokenizer not in SPLITS


def _write_model(run: Run, path: Path, *_: object) -> Json:
    from selfvec.storage.formats.language_model import write_back

    name = str(run.provenance.vectors.get("name", ""))
    beside = [] if run.folder is None else [run.folder.parent / name]
    model = next((place for place in (Path(name), *beside) if (place / "tokenizer.json").is_file()), None)
    if model is None or not _of_pieces(run):
        rule = "needs a run with the tokenizer and the token vectors of a language model whose folder exists"
        remedy = "refine with --tokenizer MODEL --vectors MODEL, the folder of a model"
        raise OptionError(rule, field="to", remedy=remedy)
    vectors = run.vectors
    changed = write_back(model, path, vectors.index_to_key, vectors.unit)
    return {"model": str(model), "rows": changed, "dimensions": vectors.vector_size}


# ---- Encoders of model2vec and sentence-transformers, with a ``tokenizer.json``
#
# Both libraries take the mean of a text's token rows at length 1, which is the direction of the encoder's
# sum. The ``tokenizers`` library first normalises a whole text and then cuts it by a regular expression. Both
# steps are written, so that the words are exactly those of Selfvec. Characters are listed by code point from
# our own table, because the meaning of ``\p{L}`` depends on the Unicode version of a library.


def write_encoder(encoder: Encoder, folder: Path, library: Library) -> None:
    """Write a new folder that the library loads."""
    if 2 * sum(map(is_unspaced, encoder.words)) > len(encoder.words):
        rule = f"{library} has no tokenizer that cuts text without spaces into words"
        raise OptionError(rule, field="to", remedy="export --to encoder, or refine with a tokenizer.json")
    folder.mkdir()
    rows = with_unknown(encoder.rows[encoder.places])
    write_encoder_folder(folder, rows, tokenizer_json(encoder), normalize=True, library=library)


def write_piece_encoder(run: Run, folder: Path, library: Library) -> int:
    """Write an encoder of a run of pieces, with the run's tokenizer; return its number of tokens.

    A piece's row is its refined vector, learned further from the run's texts
    (`selfvec.retrieval.inverse_cloze`), times its inverse document frequency; unseen pieces have weight 0.
    """
    path = Path(Preprocessing.of(run.provenance).tokenizer)
    tokenizer = load_tokenizer(path / "tokenizer.json" if path.is_dir() else path)
    batch = run.require_tokens("which an encoder of pieces needs")
    weights = inverse_document_frequency(batch)
    learned, _ = learn(batch, np.asarray(run.vectors.unit), weights)
    rows = np.zeros((tokenizer.get_vocab_size(), run.vectors.vector_size), np.float32)
    places = [tokenizer.token_to_id(token) for token in batch.types]
    kept = np.array([place is not None for place in places], bool)
    rows[[place for place in places if place is not None]] = (learned * weights[:, None])[kept]
    folder.mkdir()
    write_encoder_folder(folder, rows, tokenizer.to_str(), normalize=True, library=library)
    return len(rows)


def tokenizer_json(encoder: Encoder) -> str:
    """The JSON of a tokeniser that maps every word of an encoder to its number, and all others to V.

    It finds the same words as an `Encoder` in every text whose characters are known to this Python's Unicode.
    """
    dotted = {"İ": "i", "I": "ı"} if encoder.language in DOTTED else {}
    letters = dotted | letters_of(encoder.language)
    elided = elision(encoder.language, f"[{_listed('words', WORD)}]")
    normalizers = [
        _replaced(f"[{APOSTROPHES}]", "'"),
        *(_replaced(one.pattern, " ") for one in signs()),
        {"type": "NFKC"},
        *(_replaced(old, new, "String") for old, new in letters.items()),
        {"type": "Lowercase"},
        _replaced(*FINAL_SIGMA, "String"),
        _replaced(REMOVED.pattern, ""),
        {"type": "NFC"},
        *([_replaced(elided, "")] if elided else []),
        *([_replaced(possessive(), "")] if encoder.split in WORDS else []),
    ]
    return word_level_tokenizer(
        encoder.words,
        UNKNOWN,
        {"type": "Sequence", "normalizers": normalizers},
        {
            "type": "Split",
            "pattern": {"Regex": token(encoder.split)},
            "behavior": "Removed",
            "invert": True,
        },
    )


def token(split: str) -> str:
    """A regular expression that finds the tokens of `selfvec.text.kernels.spans`.

    It also finds runs without a letter or number, which no vocabulary contains.
    """
    if split == "whitespace":
        return f"[^{_listed(split, SPACE)}]+"
    word = f"[{_listed(split, WORD)}]"
    first = f"[{_listed(split, STRONG)}_]"
    digit = f"[{_listed(split, DIGIT)}]"
    apostrophe = f"[{_listed(split, APOSTROPHE)}]"
    point = f"[{_listed(split, POINT)}]"
    return f"{first}{word}*(?:(?:{apostrophe}|(?<={digit}){point}(?={digit})){word}+)*"


def possessive() -> str:
    """A regular expression that finds *'s* at the end of a word."""
    word = f"[{_listed('words', WORD)}]"
    return f"(?<={word})'s(?!{word}|[{_listed('words', APOSTROPHE)}]{word})"


def _replaced(pattern: str, content: str, kind: str = "Regex") -> Json:
    return {"type": "Replace", "pattern": {kind: pattern}, "content": content}


def _listed(split: str, flag: int) -> str:
    """The characters that have a flag, as the inside of a bracket expression."""
    listed = np.concatenate(([False], table(split) & flag != 0, [False]))
    edges = np.flatnonzero(listed[1:] != listed[:-1]).reshape(-1, 2).tolist()
    return "".join(
        rf"\x{{{first:X}}}" + (rf"-\x{{{last - 1:X}}}" if last - first > 1 else "") for first, last in edges
    )


# ---- Passages in stores


def _update_passages(store: LanceDB, read_passages: Callable[[], StoreRows], path: Path) -> Json:
    """Update a database; it is completely rewritten if its vectors are of another encoder."""
    store.require()
    store.about(path)  # raises an error for other folders
    rows = read_passages()
    with stage("Storing", None, "passages"), writing(path), library_errors(path):
        changes = store.update(rows, path)
        if changes is None:
            with replaced(path, overwrite=True) as fresh:
                store.put(rows, fresh)
            changes = {"added": len(rows), "changed": 0, "removed": 0, "unchanged": 0, "rewritten": True}
    return {**_counted(rows), **changes}


def _counted(rows: StoreRows) -> Json:
    left_out = [*rows.notes]
    unknown = int(rows.empty.sum())
    if unknown:
        left_out.append(f"{unknown:,} of {len(rows):,} passages have no known word and no vector")
    documents = rows.table["document"].n_unique()
    size = {"documents": documents, "passages": len(rows), "dimensions": rows.vectors.shape[1]}
    return {**size, "unknown": unknown, "left_out": left_out}


# ---- The table of targets


_FORMATS_OPENED_BY = {
    "parquet": "polars.read_parquet({})",
    "word2vec": "gensim.models.KeyedVectors.load_word2vec_format({}, binary=True)",
}
_VECTORS_FILES = {
    form.name: Target(
        partial(_write_words, format=form.name),
        "" if form.folder else form.suffixes[0],
        _FORMATS_OPENED_BY.get(form.name, ""),
    )
    for form in FORMATS
    if form.write
}
_ENCODERS = {
    "encoder": Target(_write_encoder, opened_by="selfvec.Encoder.open({})", by_rows=True),
    "model2vec": Target(
        partial(_write_encoder, library="model2vec"),
        opened_by="model2vec.StaticModel.from_pretrained({})",
        by_rows=True,
    ),
    "sentence-transformers": Target(
        partial(_write_encoder, library="sentence-transformers"),
        opened_by="sentence_transformers.SentenceTransformer({})",
        by_rows=True,
    ),
    "language-model": Target(_write_model),
}
TARGETS: dict[str, Target | Store] = {**_VECTORS_FILES, **_ENCODERS, **STORES}
"""Targets by name: files of a run's word vectors, encoders of texts, stores of its documents' passages."""
