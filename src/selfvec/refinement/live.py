"""Documents are added, replaced and deleted while the vectors of a run stay: `added` and `deleted`.

Refining again, as `selfvec.refinement.update` does, takes them in as if they had always been there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Any

import numpy as np
import polars as pl

from selfvec.base.arrays import Doubles, Ints, Mask, Rows
from selfvec.base.compiled import read_only
from selfvec.base.errors import CorpusError, NotFound, OptionError
from selfvec.base.progress import stage
from selfvec.corpus import Corpus
from selfvec.corpus.kept_documents import KEEP, NAMED, REPLACE, RunDocuments, told_apart
from selfvec.corpus.summary import FROM_MEMORY, joined_corpora
from selfvec.data.documents import Documents
from selfvec.data.field_types import all_written
from selfvec.data.live_run import LiveRun, PresentText
from selfvec.data.provenance import Provenance
from selfvec.data.run import BASE, Part, Run, Segment
from selfvec.data.run_text import (
    DATE,
    FINGERPRINT,
    ID,
    NAME,
    SLICE,
    TEXT,
    RunText,
    column_or_nulls,
    fields_among,
    numbered,
    schema_of,
)
from selfvec.data.token_batch import TokenBatch, concatenated, over_one_vocabulary
from selfvec.data.vectors import Vectors
from selfvec.encoders.encoded_texts import EncodedTexts, encoded_texts_of, encoded_texts_of_segment
from selfvec.encoders.run_encoder import encoder_of, keep_encoder, passages_of
from selfvec.numerics.ridge import affine, affine_ridge
from selfvec.numerics.rows import add_rows, filled_rows, unit_in_place, unit_rows
from selfvec.storage.formats import load
from selfvec.storage.public_vectors import BUILT_IN
from selfvec.storage.text_file import text_in_memory, text_of
from selfvec.text import Rules, encode, tokenizer
from selfvec.text.document_vectors import weighted_sums
from selfvec.text.phrases import units_of
from selfvec.text.preprocessing import Preprocessing, mean_rows_by_stem
from selfvec.text.rules import first_of_stems, stems

from .decorrelation import GAMMA
from .inputs import Execution, by_token, refuse_tokens, with_tags
from .teacher import Teacher
from .update import Change, Taken, as_kept

MOST = 8
"""Segments beside that of the vectors: each costs a search some time, and joining them an addition."""

_LARGER = 4  # times the documents after it: a segment that is not written again with them


_NEW = "\0"  # after the name of a column that replaces another; no field has one


def added(
    run: Run, corpus: Corpus, execution: Execution, duplicates: str = REPLACE, number: int = 0
) -> tuple[Run, Change]:
    """A run with further documents, and what has changed; the run itself if nothing has.

    A document with the id of an earlier one replaces it, also within ``corpus``; the same document again is
    skipped, as is one without an id whose text the run has. ``number`` names the new segment, by default the
    next one.
    """
    refuse_tokens(corpus, run.settings)
    rows = _read(run, corpus)
    read = len(rows)
    segments = run.segments
    rows, gone = RunDocuments(segments).new_of(rows, duplicates)
    replaced = int(sum(mask.sum() for mask in gone))
    change = Change(added=len(rows), changed=replaced, skipped=read - len(rows))
    if not (len(rows) or replaced):
        return run, change
    parts = [part.without(mask) for part, mask in zip(segments, gone, strict=True)]
    number = number or _next(segments)
    provenance = run.provenance
    if len(rows):
        text = text_of(with_tags(_with_names(rows, run, segments), run.settings), run.require_text().kinds)
        encoded, provenance = _encoded(run, text, execution)
        tokens = tokens_of([Documents(rows)], run.fitted_run)
        new = Segment(str(number), text, tokens, _later_words(tokens, run.fitted_run, parts), encoded)
        parts.append(Part(new))
    provenance = provenance.replace(corpus=_summary_with(run, corpus.summary.as_dict(), replaced))
    return _changed(run, parts, change, provenance, number), change


def _read(run: Run, corpus: Corpus) -> pl.DataFrame:
    with stage("New documents", corpus.total_bytes, "bytes") as advance:
        batches = [batch.rows for batch in corpus.batches(advance, select=partial(as_kept, run, corpus))]
    read = corpus.dated(pl.concat(batches, how="diagonal")) if batches else pl.DataFrame(schema=schema_of(()))
    if (places := corpus.summary.unread_date_places) and not corpus.skip_bad_rows:
        raise CorpusError(f"{places[0]} is no date", field="documents", remedy="correct it, or leave it out")
    return read


def with_fields(run: Run, corpus: Corpus, number: int) -> tuple[Run, Change]:
    """A run in which the documents of a corpus have its fields, and what has changed.

    Their texts, words and vectors stay, as do fields without a value in the corpus. `NotFound` if an id is
    missing.
    """
    rows = _read(run, corpus).drop(TEXT, FINGERPRINT)
    for name in (DATE, SLICE):
        if name in rows:
            remedy = "send the text, too, or leave it out"
            raise OptionError(f"the {name} changes only with the text", field="documents", remedy=remedy)
    if not fields_among(rows.columns):
        raise OptionError("there are neither texts nor fields", field="documents")
    segments = run.segments
    ids = column_or_nulls(rows, ID)
    if ids.null_count():
        remedy = "name the document whose fields they are"
        raise OptionError("without a text an id is needed", field="documents", remedy=remedy)
    changed = _with_ids(segments, ids.to_list(), "documents")
    parts = [part.without(mask) for part, mask in zip(segments, changed, strict=True)]
    chosen = [part.without(~mask) for part, mask in zip(segments, changed, strict=True) if mask.any()]
    former = PresentText.of_parts(chosen)
    documents = former.read(former.columns)
    names = documents[NAME]
    new = all_written(rows, rows.columns).unique(ID, keep="last").rename({ID: NAME})
    documents = documents.with_columns(pl.coalesce(ID, NAME).alias(NAME))
    documents = documents.join(new, on=NAME, how="left", suffix=_NEW, maintain_order="left")
    newer = {name: f"{name}{_NEW}" for name in former.columns if f"{name}{_NEW}" in documents}
    either = [pl.coalesce(new, name).alias(name) for name, new in newer.items()]
    documents = documents.with_columns(names, *either).drop(newer.values())
    text = text_of(documents, run.require_text().kinds)
    number = number or _next(segments)
    parts.append(Part(_segment(chosen, text, number, run.fitted_run)))
    made = _changed(run, parts, Change(), run.provenance, number)
    return made, Change(added=len(text), changed=len(text))


def _with_ids(segments: Sequence[Part], ids: Sequence[str], field: str = "ids") -> list[Mask]:
    """Which documents of each part have one of these ids; `NotFound` if none has one of them."""
    having, missing = RunDocuments(segments).with_ids(ids)
    if missing and field:
        names = ", ".join(map(repr, missing[:NAMED]))
        more = f" and {len(missing) - NAMED:,} more" * (len(missing) > NAMED)
        raise NotFound(
            f"no document of the run has the id {names}{more}", field=field, remedy="check the ids"
        )
    return having


def deleted(run: Run, which: Sequence[str] | Mask, number: int = 0, field: str = "ids") -> tuple[Run, Change]:
    """A run without the documents of these ids, or those that are selected, (D,) bool; and what has changed.

    `NotFound` if an id is missing; ``field`` is what it calls the ids. Without one such are ignored.
    """
    segments = run.segments
    if isinstance(which, np.ndarray):
        gone = [part.present.copy() for part in segments]
        for mask, own in zip(
            gone, np.split(which, np.cumsum([len(part) for part in segments[:-1]])), strict=True
        ):
            mask[mask] = own
    else:
        gone = _with_ids(segments, which, field)
    change = Change(withdrawn=int(sum(mask.sum() for mask in gone)))
    if not change.withdrawn:
        return run, change
    parts = [part.without(mask) for part, mask in zip(segments, gone, strict=True)]
    if not any(map(len, parts)):
        remedy = "keep one, or remove the folder of the run"
        raise OptionError("no document would be left", field=field or None, remedy=remedy)
    summary = joined_corpora([run.provenance.corpus], left_out=change.withdrawn)
    provenance = run.provenance.replace(corpus=summary)
    return _changed(run, parts, change, provenance, number or _next(segments)), change


def exchanged(run: Run, taken: Taken, execution: Execution, number: int = 0) -> tuple[Run, Change]:
    """A run without some documents and with others, and what has changed; see `deleted` and `added`.

    An id that holds commas itself counts before several ids with commas between them.
    """
    made, change = run, Change()
    if taken.withdraw:
        ids = told_apart(list(map(str, taken.withdraw)), RunDocuments(run.segments).ids)
        made, change = deleted(made, list(map(str, ids)), number, "withdraw")
    if taken.corpus is None:
        return made, change
    duplicates = KEEP if taken.allow_duplicates else REPLACE
    made, more = added(made, taken.corpus, execution, duplicates, number)
    return made, replace(more, withdrawn=change.withdrawn)


def _summary_with(run: Run, new: Mapping[str, Any], left_out: int) -> dict[str, Any]:
    """The summary of a run's text and of documents that are added.

    What came from memory, one addition after the other, is one source: ``run.json`` is read and written with
    each addition, so it must not grow with their number.
    """
    summary = joined_corpora([run.provenance.corpus, new], left_out=left_out)
    files = summary["files"]
    came_from = ("path", "kind", "text_fields", "date_field")
    if len(new["files"]) == 1 and _is_live(run) and run.provenance.grown[-1]["added"]:
        before, last = files[-2:]
        if last["kind"] in FROM_MEMORY and all(before[name] == last[name] for name in came_from):
            digest = sha256((before["sha256"] + last["sha256"]).encode()).hexdigest()
            files[-2:] = [{**last, "bytes": before["bytes"] + last["bytes"], "sha256": digest}]
    # Where the run has its text from, which tells how later documents are read.
    return summary | {name: run.provenance.corpus.get(name) for name in ("text_fields", "text_given")}


def _next(segments: Sequence[Part]) -> int:
    """The number of a new segment of a run in memory."""
    return 1 + max((int(part.segment.name) for part in segments[1:]), default=1)


def _with_names(rows: pl.DataFrame, run: Run, segments: Sequence[Part]) -> pl.DataFrame:
    """New documents, of which those without an id are called by a number that none has had.

    It is how many documents came before, those that are gone included.
    """
    ids = column_or_nulls(rows, ID)
    if not ids.null_count():
        return rows
    came = len(run.require_text())
    if _is_live(run):
        came += run.provenance.grown[-1]["changed"] + run.provenance.grown[-1]["withdrawn"]
    taken = set(ids.drop_nulls()).union(*(part.segment.text.taken for part in segments))
    return rows.with_columns(numbered(ids, came, taken))


def _is_live(run: Run) -> bool:
    """Whether documents have changed since the vectors were made; many small changes are one step."""
    return bool(run.provenance.grown) and run.provenance.grown[-1]["by"] == "live"


def tokens_of(batches: Iterable[Documents], base: Run) -> TokenBatch:
    """Documents as words of a run, and as words that it lacks: by its rules, but for those on rare words."""
    settings = base.settings
    rules = replace(Rules.of(settings), min_count=1, max_types=None)
    cut = tokenizer(base.provenance.tokenizer)
    return encode(batches, cut, rules, base.vectors, phrases=units_of(base.provenance))[0]


def _later_words(tokens: TokenBatch, base: Run, before: Sequence[Part]) -> Vectors:
    """The words of new documents that the vectors lack, with their rows.

    A word has the row that it has in the segments before. So have words of one stem, which are one in search.
    Otherwise it is the unit mean of its documents, as the sums of their other words, in which frequent words
    count as little as they do while refining. If the initial vectors come with Selfvec, what is expected of
    its initial row is added, and the mean counts as much as such means of the run's words resemble their
    rows. Either alone loses more: the mean in texts of another kind, the initial row in those of the same.
    """
    numbers = np.array([base.vectors.get_index(word, -1) for word in tokens.types], np.int64)
    lacking = np.flatnonzero(numbers < 0)
    names = [tokens.types[place] for place in lacking.tolist()]
    stem = Preprocessing.of(base.provenance).stem
    groups, group_of = np.unique(stems(names, stem), return_inverse=True)
    rows = np.zeros((len(groups), base.vectors.vector_size), np.float32)
    new = np.ones(len(groups), bool)
    for part in before:
        if (later := part.segment.later) is not None:
            own = part.segment.held(("stems", stem), partial(first_of_stems, later.index_to_key, stem))
            for number, name in enumerate(groups.tolist()):
                if name in own:
                    rows[number], new[number] = later.vectors[own[name]], False
    if new.any():
        group = len(groups) + np.arange(len(numbers))
        group[lacking] = group_of
        contexts = _context_rows(tokens, base.vectors, numbers, group, len(groups) + len(numbers))
        guessed, of_types = contexts[: len(groups)], contexts[len(groups) :]
        expected = _expected_rows(base, names, group_of, tokens.counts[lacking], len(groups))
        if expected is not None:
            there = np.flatnonzero(numbers >= 0)
            cosines = (of_types[there] * base.vectors.unit[numbers[there]]).sum(axis=1)
            alike = cosines.sum(dtype=np.float64) / max(len(cosines), 1)
            guessed = unit_in_place(np.float32(max(alike, 0)) * guessed + expected)
        rows[new] = guessed[new]
    return Vectors(names, rows[group_of], normalized=True)


def _expected_rows(
    base: Run,
    words: Sequence[str],
    group_of: Ints,  # (n,) of the words
    counts: Ints,  # (n,)
    groups: int,
) -> Rows | None:
    """What refining is expected to make of the initial rows of groups of words, (G, d), at most of length 1.

    Zeros for a group without an initial row. None if the initial vectors of the run do not come with Selfvec.
    """
    name = base.provenance.vectors.get("name")
    if name not in BUILT_IN:
        return None
    initial, change = base.held("what refining does", partial(_refining, base, name))
    found, _ = initial.lookup(words, compose=base.settings.oov == "subwords")
    rows = mean_rows_by_stem(unit_rows(found), group_of, counts, groups)
    expected = affine(rows, change)
    expected[~filled_rows(rows)] = 0
    return expected


def _refining(base: Run, name: str) -> tuple[Vectors, Doubles]:
    """Initial vectors by their name, and refining as a map of their rows, see `affine`.

    It is learned by ridge regression from the words of the run that have a row.
    """
    initial = by_token(load(name), base.settings)
    places = [place for place, word in enumerate(base.vectors) if word in initial]
    words = [base.vectors.index_to_key[place] for place in places]
    before, after = unit_rows(initial[words]), base.vectors.unit[places]
    return initial, affine_ridge(before, after, 1.0)


def _context_rows(
    tokens: TokenBatch,
    vectors: Vectors,
    numbers: Ints,  # (T,) of the types among the vectors, -1 for those that they lack
    group: Ints,  # (T,) of the types
    groups: int,
) -> Rows:
    """The unit means of the documents of groups of types, (G, d)."""
    counts = vectors.counts if vectors.counts is not None else np.ones(len(vectors), np.int64)
    has_row = numbers >= 0
    rows = np.zeros((len(numbers), vectors.vector_size), np.float32)
    rows[has_row] = vectors.unit[numbers[has_row]]
    weights = np.zeros(len(numbers), np.float32)
    weights[has_row] = np.maximum(counts[numbers[has_row]], 1) ** -GAMMA
    documents = unit_in_place(weighted_sums(tokens, rows, weights))
    own = group[tokens.ids]
    order = np.argsort(own, kind="stable")
    of_occurrences = np.repeat(np.arange(tokens.documents, dtype=np.int32), tokens.lengths)[order]
    bounds = np.searchsorted(own[order], np.arange(groups + 1))
    out = np.zeros((groups, vectors.vector_size), np.float32)
    add_rows(
        read_only(of_occurrences), read_only(bounds), documents, np.ones(len(documents), np.float32), out
    )
    return unit_in_place(out)


def _encoded(run: Run, text: RunText, execution: Execution) -> tuple[EncodedTexts | None, Provenance]:
    """The vectors of new texts by the encoder of a run, and what its ``run.json`` says then."""
    made = run.provenance
    if made.encoder is None:
        return None, made
    teacher = Teacher.of_runs([run.fitted_run], encoder_of(run), needed=False)
    assert teacher is not None
    most = None if run.settings.encode is None else max(run.settings.encode - made.encoder["passages"], 0)
    encoded, numbers = teacher.encode_added(text, most, execution)
    described = {**made.encoder, **{name: made.encoder[name] + numbers[name] for name in ("passages", "of")}}
    live = made.live
    lacking = live.get("not_encoded", 0) + numbers["lacking"]
    return encoded, made.replace(encoder=described, live={**live, "not_encoded": lacking})


def _changed(run: Run, parts: Sequence[Part], change: Change, provenance: Provenance, number: int) -> LiveRun:
    """A run of other parts, of which small ones are joined."""
    base = run.fitted_run
    first, *others = parts
    came = _joined([part for part in others if len(part)], number, base)
    steps = [*run.provenance.grown]
    counts = {name: getattr(change, name) for name in ("added", "changed", "withdrawn")}
    if _is_live(run):
        before = steps.pop()
        counts = {name: value + before[name] for name, value in counts.items()}
    steps.append({"by": "live", **counts})
    tokens = [int(part.segment.tokens.lengths[part.present].sum()) for part in (first, *came)]
    since = {
        "documents": sum(map(len, came)),
        "tokens": sum(tokens[1:]),
        "without_vector": sum(_without_vector(part.segment, base.vectors) for part in came),
        "gone": len(first.gone),
    }
    earlier = base.provenance.live
    provenance = provenance.replace(
        documents=len(first) + since["documents"],
        tokens=sum(tokens),
        grown=steps,
        live={**provenance.live, **{name: count + earlier.get(name, 0) for name, count in since.items()}},
    )
    made = LiveRun(base, [first, *came], provenance)
    made.topic_names = run.topic_names
    keep_encoder(run, made)
    return made


def _without_vector(segment: Segment, vectors: Vectors) -> int:
    """How many tokens of a segment, documents that are gone included, are of words that the vectors lack."""

    def count() -> int:
        rows, _ = vectors.lookup(segment.tokens.types, compose=False)
        return int(segment.tokens.counts[~rows.any(axis=1)].sum())

    return segment.held("without vector", count)


def _joined(parts: list[Part], number: int, base: Run) -> list[Part]:
    """The same documents in at most `MOST` segments: if there are more, the last ones become one.

    Half of them may stay, each much larger than all that follow: so most additions join nothing, and each
    document is written again a few times at most, however many are added one by one.
    """
    if len(parts) <= MOST:
        return parts
    joined = parts[-2:]
    rest = parts[:-2]
    while rest and (len(rest[-1]) <= _LARGER * sum(map(len, joined)) or len(rest) > MOST // 2):
        joined.insert(0, rest.pop())
    return [*rest, Part(_segment(joined, text_in_memory(PresentText.of_parts(joined)), number, base))]


def _segment(parts: Sequence[Part], text: RunText, number: int, base: Run) -> Segment:
    """A segment of the documents of others, whose texts, words and vectors are those that they had."""
    batches, encoded = [], []
    for part in parts:
        tokens, vectors = part.segment.tokens.part(part.present), encoded_texts_of_segment(part.segment)
        if part.segment.name == BASE:
            tokens = tokens.with_types(tokens.counts > 0)
            if (every := encoded_texts_of(base)) is not None:
                texts = text.texts()
                vectors = every.kept([*texts, *passages_of(texts)])
        batches.append(tokens)
        encoded += [] if vectors is None else [vectors]
    tokens = concatenated(over_one_vocabulary(batches))
    own = encoded[0].merged(*encoded[1:]) if encoded else None
    return Segment(str(number), text, tokens, _later_words(tokens, base, parts), own)
