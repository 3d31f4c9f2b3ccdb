"""Checks of a refined space that need no labels: collapse, no change, oscillation.

The paper's measure, the mean cosine to the original, peaks shortly before the vectors become useless. Every
update pulls a word toward the mean of its neighbours, so all vectors drift to one shared direction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from selfvec.base.arrays import Dates, Floats, Ints
from selfvec.base.display import count_of
from selfvec.base.finding import Finding
from selfvec.base.threads import one_core
from selfvec.data.run_text import GROUP, TEXT, RunText
from selfvec.data.settings import METHODS, Method
from selfvec.data.token_batch import TokenBatch
from selfvec.data.trajectory import History
from selfvec.data.vectors import KNOWN_TEXT, Source, Vectors, coverage
from selfvec.files.memory import release
from selfvec.numerics.rows import anisotropy, filled_rows, row_blocks, top_indices, unit_rows
from selfvec.numerics.whitening import second_moment
from selfvec.text.language_recognition import IN_PART, other_languages, vectors_of
from selfvec.text.languages import language_name
from selfvec.text.odd_words import garbled

# Limits of the findings. Measured on NOAA narratives with GoogleNews vectors (see docs/results/paper.md): the
# anisotropy is .07 for the original vectors, .66 after one pass of the paper's rule and .88 after five.
COLLAPSED_ANISOTROPY = 0.5
SATURATED_COSINE = 0.99
SATURATED_SHARE = 0.5
UNMOVED_COSINE = 0.99
RUNAWAY_COSINE = 0.1
EMPTY_SHARE = 0.05
UNKNOWN_TOKENS = 0.5
SUBWORD_TYPES = 0.5  # words built from subwords and unknown words, as shares of the words and of the text
SUBWORD_TOKENS = 0.1
_FAILURES = {  # by name: what was measured, remedies for methods with and without a learning rate, and more
    "collapsed": (
        "{saturated:.0%} of the nearest neighbours of frequent words are at a cosine of {limit} or more, two "
        "random words at {anisotropy:.2f} (before: {anisotropy_original:.2f}), and {effective_rank:.0f} of "
        "{effective_rank_original:.0f} dimensions are in use: words point the same way, so similarities mean "
        "little",
        "lower the learning rate, the passes or",
        "raise the anchor or lower",
        " the window, and keep the original for search",
    ),
    "unmoved": (
        "the mean cosine to the original is {mean_cosine_to_original:.3f}: hardly any word moved",
        "raise the learning rate or the passes",
        "lower the anchor",
        ", check the window, or add more text",
    ),
    "runaway": (
        "the mean cosine to the original is {mean_cosine_to_original:.2f}: the words have lost their "
        "original meaning",
        "lower the learning rate or the passes",
        "raise the anchor",
        "",
    ),
    "oscillating": (
        "the last states of frequent words scatter by {wander:.1%} of the distance between two words: their "
        "final positions are partly chance",
        "lower the learning rate (0.01 is steady)",
        "raise the anchor",
        "",
    ),
}
_EXAMPLES = 5  # of words in a finding
REPEATED_SHARE = 0.001  # of the text, further occurrences of repeated passages
_FREQUENT = 200  # words whose neighbours are measured
_NEIGHBOURS = 10
_SAMPLE = 20_000  # words that are measured if there are more


@dataclass(frozen=True)
class Health:
    """Result of `check_health`. All cosines are means over words; each word counts once.

    If there are more than 20,000 words, 20,000 evenly spaced ones are measured, and neighbours are searched
    among the 20,000 most frequent ones.
    """

    types: int
    tokens: int
    mean_cosine_to_original: float  # over words with an original vector, nan without; the paper reports 0.56
    # Over the 200 most frequent words that have one: most words are rare, and methods that weight words by
    # their number of occurrences hardly change rare words.
    mean_cosine_frequent: float
    anisotropy: float  # mean cosine of two words: 0 if all directions are used, 1 if the space has collapsed
    anisotropy_original: float
    effective_rank: float  # dimensions in use: exp of the entropy of the second moment's eigenvalues
    effective_rank_original: float
    saturated: float  # share of the frequent words' ten nearest neighbours with a cosine of .99 or more
    known: int  # words with a row in the initial vectors
    composed: int  # words whose vector was built from subwords
    composed_tokens: float  # share of the text that is such words
    oov: int  # words without an initial vector
    oov_empty: int  # those of them that have none after refining
    oov_tokens: float  # share of the text that is words without an initial vector
    # Mean cosine of successive recorded steps of frequent words: 1 on a straight path, -0.5 for independent
    # positions around a point. Depends on the number of updates between two records.
    turning: float | None = None
    # Variance of the last twelve recorded states of frequent words around a linear trend, as a share of the
    # mean cosine distance between two words. Hardly depends on the number of updates between two records.
    wander: float | None = None
    mojibake: int = 0  # words that look like text read in the wrong encoding
    mojibake_tokens: float = 0.0  # share of the text that is such words
    repeated: float = 0.0  # share of the text that repeats passages once more, counted or not
    findings: list[Finding] = field(default_factory=list)

    @property
    def verdicts(self) -> list[str]:
        """Names of the checks that failed."""
        return [finding.kind for finding in self.findings if finding.level == "fail"]

    def as_dict(self) -> dict[str, Any]:
        """The values as JSON-serialisable data; missing numbers are null."""
        data = {"verdicts": self.verdicts, **asdict(self)}
        return {k: None if isinstance(v, float) and np.isnan(v) else v for k, v in data.items()}


def effective_rank(unit: Floats) -> float:
    """Dimensions in use: exp of the entropy of the second moment's eigenvalues (Roy & Vetterli, 2007).

    ``unit`` is (V, d) float32. It is not centred: a direction that all words share counts as one dimension.
    """
    few = len(unit) < unit.shape[1]
    moment = unit @ unit.T if few else second_moment(unit.shape, lambda part: unit[part])
    with one_core():  # the eigenvalues of U Uᵀ are those of Uᵀ U, besides zeros
        values = np.clip(np.linalg.eigvalsh(moment.astype(np.float64)), 0, None)
    if values.sum() == 0:
        return 0.0
    shares = values[values > 0] / values.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


def check_health(
    original: Vectors,
    refined: Vectors,
    history: History | None = None,
    *,
    method: str = "",
    repeats: Mapping[str, Any] | None = None,
    language: str | None = None,
    batch: TokenBatch | None = None,
    text: RunText | None = None,
) -> Health:
    """Compare refined vectors with the original ones, which have the same words in the same order.

    ``history`` is needed to detect oscillation. ``method`` decides how much words may scatter
    (`selfvec.data.settings.Method.steady`) and what a finding recommends; with ``original`` no word is
    expected to move. ``repeats`` describes the repeated passages of the text, ``language`` is its code, as in
    ``run.json``; ``batch`` has its documents, ``text`` as they are written.
    """
    before, after = original.unit, refined.unit
    counts = np.ones(len(refined), np.int64) if refined.counts is None else refined.counts
    filled_before = filled_rows(before)
    filled = filled_rows(after)
    # Evenly spaced, so that all frequencies are represented.
    rows = np.linspace(0, len(after) - 1, min(len(after), _SAMPLE)).astype(np.int64)
    old, new = _rows_of(before, rows), _rows_of(after, rows)
    frequent = top_indices((counts * filled).astype(np.float64), min(_FREQUENT, int(filled.sum())))
    turning, scatter = _steps(history, frequent)
    moved = [i for i in frequent if filled_before[i]]
    spread = anisotropy(new)
    tokens = int(counts.sum())
    covered = coverage(original, counts)
    share = {kind: number / max(tokens, 1) for kind, number in covered["tokens"].items()}
    broken = garbled(refined.index_to_key)
    health = Health(
        types=len(refined),
        tokens=tokens,
        mean_cosine_to_original=_mean(np.einsum("ij,ij->i", old, new)[filled_before[rows]]),
        mean_cosine_frequent=_mean(np.einsum("ij,ij->i", before[moved], after[moved])),
        anisotropy=spread,
        anisotropy_original=anisotropy(old),
        effective_rank=effective_rank(new),
        effective_rank_original=effective_rank(old),
        saturated=_saturated(after, frequent, counts),
        known=covered["types"]["known"],
        composed=covered["types"]["composed"],
        composed_tokens=share["composed"],
        oov=covered["types"]["unknown"],
        oov_empty=int(((original.sources == Source.NONE) & ~filled).sum()),
        oov_tokens=share["unknown"],
        turning=turning,
        # Where all words look alike, a short way is a long one.
        wander=None if scatter is None else scatter / max(1 - spread, 1e-6),
        mojibake=len(broken),
        mojibake_tokens=float(counts[broken].sum() / max(tokens, 1)),
        repeated=float((repeats or {}).get("share", 0)),
    )
    found = health.findings
    found += _findings(health, METHODS[method or "paper"])
    found += _subword_findings(health, language)
    found += _repeats_findings(repeats or {})
    if broken:
        often = sorted(broken, key=lambda i: (-counts[i], i))[:_EXAMPLES]
        names = ", ".join(refined.index_to_key[i] for i in often)
        found.append(_mojibake_finding(len(broken), int(counts[broken].sum()), names))
    if batch is not None:
        found += _language_findings(batch, language)
        if batch.dates is not None:
            found += _date_findings(batch.dates[~np.isnat(batch.dates)])
    if text is not None:
        found += _cut_findings(text)
    return health


def _rows_of(table: Floats, rows: Ints) -> Floats:
    """Some rows of a matrix, (n, d); ``rows`` ascend. Pages of a memory-mapped matrix are released."""
    out = np.empty((len(rows), table.shape[1]), np.float32)
    for part in row_blocks(len(rows), 256):
        some = rows[part]
        out[part] = table[some]
        release(table[some[0] : some[-1] + 1])
    return out


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _saturated(unit: Floats, frequent: list[int], counts: Ints) -> float:
    if len(unit) <= _NEIGHBOURS or not frequent:
        return 0.0
    own = np.array(frequent)
    queries = unit[frequent].T
    rivals = np.argsort(-counts, kind="stable")[:_SAMPLE]
    near = np.zeros(len(frequent), np.int64)
    for rows in row_blocks(len(rivals)):
        cosines = unit[rivals[rows]] @ queries
        cosines[rivals[rows, None] == own] = -1
        near += np.count_nonzero(cosines >= SATURATED_COSINE, axis=0)
    return float(np.minimum(near, _NEIGHBOURS).sum() / (len(frequent) * _NEIGHBOURS))


def _steps(history: History | None, frequent: list[int]) -> tuple[float | None, float | None]:
    """Mean cosine of successive steps and scatter, from the last recorded states of frequent words."""
    cosines = []
    scatters = []
    for index in frequent if history is not None else []:
        assert history is not None
        rows = unit_rows(history.vectors[history.starts[index] : history.starts[index + 1]][-12:])
        if len(rows) < 6:
            continue
        moves = unit_rows(np.diff(rows, axis=0))
        cosines.append(float(np.einsum("td,td->t", moves[:-1], moves[1:]).mean()))
        when = np.arange(len(rows)) - (len(rows) - 1) / 2
        trend = np.outer(when, when @ rows / (when @ when))  # steady movement is no scatter
        scatters.append(float(np.square(rows - rows.mean(axis=0) - trend).sum() / (len(rows) - 2)))
    if not cosines:
        return None, None
    return float(np.mean(cosines)), float(np.mean(scatters))


def _finding(name: str, level: str, says: str, remedy: str = "") -> Finding:
    return Finding(name, says, level=level, remedy=remedy or None)


def _findings(health: Health, method: Method) -> list[Finding]:
    if method.passes is None:
        kept = "the vectors stay as they are; name a --method to refine them anyway"
        return [_finding("original", "ok", kept), *_oov_findings(health)]
    healthy = _finding("healthy", "ok", "the words moved, and the space kept its shape")
    return [*_movement_findings(health, method), *_oov_findings(health)] or [healthy]


def _movement_findings(health: Health, method: Method) -> Iterator[Finding]:
    """How the space and its words failed, each with a remedy by a learning rate, and one by an anchor."""
    # If most words are rare and hardly move, the mean over all words misses a collapse of the frequent ones.
    grew = health.anisotropy > health.anisotropy_original + 0.1
    cosine = health.mean_cosine_to_original
    failed = {
        "collapsed": (health.anisotropy >= COLLAPSED_ANISOTROPY and grew)
        or health.saturated >= SATURATED_SHARE,
        "unmoved": min(cosine, health.mean_cosine_frequent) > UNMOVED_COSINE,
        "runaway": cosine < RUNAWAY_COSINE,
        "oscillating": (health.wander or 0.0) > method.steady,
    }
    by_rate = "learning_rate" in method.options
    for name, (message, rate, anchor, more) in _FAILURES.items():
        if failed[name]:
            said = message.format(**vars(health), limit=SATURATED_COSINE)
            yield _finding(name, "fail", said, (rate if by_rate else anchor) + more)


def _oov_findings(health: Health) -> Iterator[Finding]:
    empty = health.oov_empty / max(health.types, 1)
    if empty <= EMPTY_SHARE and health.oov_tokens <= UNKNOWN_TOKENS:
        return
    message = (
        f"{health.oov:,} words had no vector, {health.oov_tokens:.0%} of the text, and "
        f"{health.oov_empty:,} still have none: the vectors found from the text rest on few known words"
    )
    remedy = (
        "choose vectors that have more of these words, or that build them from subwords; or set --min-count"
    )
    yield _finding("OOV cascade", "fail", message, remedy)


def _subword_findings(health: Health, language: str | None) -> Iterator[Finding]:
    """A warning if the initial vectors lack most of the words; what helps depends on the text's language."""
    composed = health.composed / max(health.types, 1)
    unknown = health.oov / max(health.types, 1)
    tokens = health.composed_tokens + health.oov_tokens
    if composed + unknown < SUBWORD_TYPES or tokens < SUBWORD_TOKENS:
        return
    parts = [
        (health.composed, health.composed_tokens, "built from subwords"),
        (health.oov, health.oov_tokens, "not in the initial vectors"),
    ]
    better = "whole words" if composed > unknown else "more words"
    shares = " and ".join(
        f"{number:,} words ({number / health.types:.0%}, and {share:.0%} of the text) are {how}"
        for number, share, how in parts
        if number
    )
    if health.composed_tokens > 1 - KNOWN_TEXT:
        shares += "; spelling says little here, so neighbours come from your text"
    name = f"vectors of {better}" if language == "en" else "vectors of its language"
    fetched = "glove-6b-300" if language == "en" else vectors_of(language)
    fetch = f"fetch {fetched}" if fetched else "fetch names them"
    remedy = f"{name} do better: selfvec vectors {fetch}"
    yield _finding("built from subwords", "warn", shares, remedy)


def _mojibake_finding(words: int, times: int, examples: str) -> Finding:
    message = f"{words:,} words ({times:,} times) look like text read in the wrong encoding: {examples}"
    remedy = (
        "UTF-8 was read as Windows-1252 and saved again: recreate the files from their source, or repair "
    )
    return _finding("mojibake", "warn", message, remedy + "them with the package ftfy, then refine again")


_FEWEST_IN_PART = 5  # documents: of two texts, one is a quotation


def _language_findings(batch: TokenBatch, language: str | None) -> Iterator[Finding]:
    """Documents in another language than that of the text."""
    others, size = other_languages(batch, language)
    for code, number in ((code, len(documents)) for code, documents in others.items()):
        if number >= max(IN_PART * size, _FEWEST_IN_PART):
            message = f"{number / size:.0%} of the documents are in {language_name(code)}"
            better = vectors_of(code)
            own = f", with --vectors {better} (selfvec vectors fetch {better})" if better else ""
            yield _finding("another language", "warn", message, f"refine them by themselves{own}")


_SHORTEST_CUT = 40  # characters: numbers and codes are as long as each other without being cut
_FEWEST_CUT = 20  # documents that end at one length
_SHARE_CUT = 0.05  # of them
_TIMES_CUT = 5  # as many as end at any of the lengths just below; lengths of whole documents taper off
_BELOW = 20  # characters
_LONG = 1 << 14  # bytes of a document in Parquet, in the mean: two row groups of such would fill the memory
_COMPLETE = r"[^.][.!?。！？][\"'”’)\]]*$"


def _cut_findings(text: RunText) -> Iterator[Finding]:
    """Documents that end in the middle of a sentence where no longer ones are, as a database cuts them."""
    import polars as pl

    if text.bytes > _LONG * len(text):
        return
    # The first and the last row group of many: to read a document, its group is decoded.
    numbers = np.unique([*range(len(text))[:GROUP], *range(len(text))[-GROUP:]])
    texts = text.read((TEXT,), numbers.tolist())[TEXT].drop_nulls()
    for what, part in (("", texts), ("after the title ", texts.str.replace(r"^[^\n]*\n\n", ""))):
        whole = part.unique()
        lengths = whole.str.len_chars()
        longest = int(lengths.cast(pl.Int64).max() or 0)  # type: ignore[arg-type]
        # A blank at the end has been stripped.
        ends = whole.filter((lengths >= longest - 1) & ~whole.str.contains(_COMPLETE))
        below = ((lengths < longest - 1) & (lengths + _BELOW >= longest - 1)).sum() / _BELOW
        number, share = len(ends), len(ends) / max(len(whole), 1)
        many = number >= _FEWEST_CUT and share >= _SHARE_CUT and number >= _TIMES_CUT * below
        if many and longest >= _SHORTEST_CUT:
            message = (
                f"{share:.0%} of the documents stop {what}at {longest:,} characters in the middle of a "
                "sentence, and none is longer"
            )
            remedy = "if an export or a column of a database cut them, export them whole and refine again"
            yield _finding("texts cut off", "warn", message, remedy)
            return


_FEWEST_DAYS = 10  # different ones, among which one stands out
_CROWD = 20  # documents of a day, at least
_TIMES = 10  # as many documents as of any other day
_YEAR = 365  # days


def _date_findings(days: Dates) -> Iterator[Finding]:
    """The first and the last day, if it may stand for no date, such as 1970-01-01, or be an error."""
    distinct, counts = np.unique(days, return_counts=True)
    if len(distinct) <= _FEWEST_DAYS:
        return
    span = int((distinct[-2] - distinct[1]).astype(int))  # both ends may be errors
    for day, number, next_day, most in (
        (distinct[0], counts[0], distinct[1], counts[1:].max()),
        (distinct[-1], counts[-1], distinct[-2], counts[:-1].max()),
    ):
        away = abs(int((next_day - day).astype(int)))
        told = f"{count_of(int(number), 'document is', 'documents are')} dated {day}"
        if number >= _CROWD and number >= _TIMES * most:
            message = f"{told}, {number / len(days):.0%} of all, and at most {most:,} any other day"
            remedy = "if that stands for no date, leave the field empty and refine again"
        elif away >= max(span, _YEAR):
            message = f"{told}, {away // _YEAR:,} years from all others"
            remedy = "if that is an error, correct it and refine again"
        else:
            continue
        yield _finding("a date that stands out", "warn", message, remedy)


def _repeats_findings(repeats: Mapping[str, Any]) -> list[Finding]:
    """The finding about repeated passages: a warning if every occurrence is counted."""
    share = float(repeats.get("share", 0))
    if share < REPEATED_SHARE:
        return []
    message = f"{share:.1%} of the text repeats passages that occur in ten documents or more"
    if example := " ".join(str(repeats["example"]).split()[:12]):
        message += f", such as {example!r} in {repeats['example_documents']:,}"
    if repeats["counted"] == "once":
        return [_finding("repeated passages", "ok", f"{message}; each was counted once")]
    if repeats.get("templates"):
        message += "; many documents consist of them, so every occurrence was counted"
    else:
        message += "; every occurrence was counted, so words of one passage look alike"
    return [_finding("repeated passages", "warn", message, "refine with --repeats once")]
