"""What was read, which method was used, and what it gained: for `refine`; in full for `info`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from selfvec.base.display import count_of, printable
from selfvec.base.progress import BESIDE
from selfvec.base.view import Row
from selfvec.data.provenance import Provenance
from selfvec.data.settings import METHODS
from selfvec.text.encoding import RARE
from selfvec.text.languages import language_name
from selfvec.text.tokenizers import LONG

_TESTS = {"self_retrieval": "self-retrieval", "context": "context"}  # on held-out text, and their names
_SUBWORDS = "built from subwords"


def run_summary(provenance: Provenance) -> list[str]:
    """Sentences: the text, its words and notes; words left out; the method and its gain on held-out text."""
    types = provenance.coverage["types"]
    words = provenance.types or 0
    kinds = {"composed": _SUBWORDS, "unknown": "without an initial vector", "random": _made(provenance)}
    shares = [f"{types[kind] / words:.0%} of them {how}" for kind, how in kinds.items() if types[kind]]
    language = provenance.text.get("language")
    of = f" of {language_name(language)}" if language else ""
    text = f"read {provenance.corpus['description']}. {count_of(provenance.tokens or 0, 'word')}{of}"
    about = f", {', '.join(shares)}" if shares else ""
    dropped = provenance.text.get("dropped", {})
    rare = dropped.get(RARE, 0)
    limit = provenance.options.get("max_types", 0)
    left_out = []
    if LONG in dropped:
        left_out.append(_too_long(dropped))
    if rare and provenance.text.get("kept_from", 1) > provenance.options.get("min_count", 1):
        share = rare / max(rare + (provenance.tokens or 0), 1)
        left_out.append(
            f"left out words that occur fewer than {provenance.text['kept_from']} times, {share:.1%} of the "
            f"text, to keep at most {limit:,} different words (max_types in Python)"
        )
    chosen = provenance.table_decision
    vectors = [f"chose the vectors {chosen['chosen']}: {chosen['reason']}"] if chosen else []
    if provenance.encoder is not None:
        vectors.append(_encoder(provenance.encoder))
    notes = (*provenance.corpus.get("notes", ()), *provenance.notes_on_vectors)
    return [f"{text}, {words:,} different{about}", *notes, *left_out, *vectors, _method(provenance)]


def fields_sentence(fields: Sequence[Row]) -> str:
    """The fields that documents keep, with the type of each and how many have none; empty without any.

    >>> fields_sentence([{"name": "year", "type": "integer", "empty": 2}])
    'fields: year (integer, 2 have none)'
    """
    told = []
    for row in fields:
        lacking = f", {row['empty']:,} have none" if row["empty"] else ""
        told.append(f"{printable(row['name'])} ({row['type'].replace('moment', 'moment in UTC')}{lacking})")
    return f"fields: {', '.join(told)}" if told else ""


def _encoder(described: Row) -> str:
    """Whether the encoder's words are in the initial vectors, and how these compare on held-out text."""
    name, reason = described["name"], described["reason"]
    scores = described.get("scores")
    how = "joined to" if described["initial"] else "left out of"
    figures = f": self-retrieval {scores['usual']:.3f} → {scores['joined']:.3f}" if scores else f": {reason}"
    return f"the words of the encoder {name} are {how} the initial vectors{figures}"


def _method(provenance: Provenance) -> str:
    decision = provenance.decision
    method = provenance.method
    if method == "original":
        reason = f": {decision['reason']}" if decision else ", as asked for"
        return f"kept the vectors as they are{reason}"
    if decision is None:
        return f"adapted with the method {method} ({_how(provenance)})"
    gain = ""
    if scores := self_retrieval_gain(provenance):
        before, after = scores
        match = "the two halves of an unseen document now match better than"
        gain = f": {match} {after:.0%} of mismatched halves (before: {before:.0%}, chance: 50%)"
    reason = "which scored best on held-out text" if gain else decision["reason"]
    return f"adapted with the method {method}, {reason}{gain}"


def self_retrieval_gain(provenance: Provenance) -> tuple[float, float] | None:
    """The share of mismatched halves that match worse than a text's own, by original and refined vectors."""
    rows = {row["name"]: row for row in (provenance.decision or {}).get("candidates", ())}
    scores = [rows.get(name, {}).get("self_retrieval") for name in ("original", provenance.method)]
    before, after = scores
    return None if before is None or after is None else (float(before), float(after))


def _how(provenance: Provenance) -> str:
    """The window and the passes."""
    window = f"window {provenance.window}"
    passes = count_of(provenance.epochs or 0, "pass", "passes")
    if METHODS[provenance.method or "original"].learning_rate:
        return f"{window}, learning rate {provenance.learning_rate}, {passes}"
    return f"{window}, {passes}"


def _made(provenance: Provenance) -> str:
    """How initial vectors were made of the text alone."""
    name = provenance.vectors["name"]
    return "with random initial vectors" if name == "none" else f"with vectors of {name} on the text"


def text_details(provenance: Provenance) -> str:
    """How many words have which kind of initial vector, and how many tokens were too long to be words."""
    types = provenance.coverage["types"]
    kinds = {
        "known": "in the initial vectors",
        "composed": _SUBWORDS,
        "random": _made(provenance),
        "unknown": "without a vector",
    }
    vectors = ", ".join(f"{types[kind]:,} {how}" for kind, how in kinds.items() if types[kind])
    dropped = provenance.text.get("dropped", {})
    return f"{vectors}; {_too_long(dropped)}" if LONG in dropped else vectors


def _too_long(dropped: Mapping[str, int]) -> str:
    return f"left out {count_of(dropped[LONG], 'word')} {LONG}"


def method_details(provenance: Provenance) -> Iterator[str]:
    """The method, its time, and what every candidate scored on held-out text, a line each."""
    timings = provenance.timings
    total = sum(seconds for stage, seconds in timings.items() if not stage.startswith(BESIDE))
    how = "the vectors stay as they are" if provenance.method == "original" else _how(provenance)
    took = f", {timings['refine']:.2f} s of {total:.1f} s in all" if "refine" in timings else ""
    yield f"{provenance.method}: {how}{took}"
    if decision := provenance.table_decision:
        yield f"chose the vectors {decision['chosen']}: {decision['reason']}"
        for row in decision["tables"]:
            covered = f"{row['known_tokens']:.0%} of the text"
            yield f"  {row['name']}: {row['method']}, {_scores(row)}, {covered}"
    if decision := provenance.decision:
        tested = ""
        if decision.get("held_out_texts"):
            texts = count_of(decision["held_out_texts"], "text")
            tested = f" ({texts} of {count_of(decision['held_out_documents'], 'document')})"
        yield f"chose {decision['chosen']}: {decision['reason']}{tested}"
        for row in decision["candidates"]:
            worse = " and ".join(_TESTS.get(test, test) for test in row["worse"])
            worse = f", significantly worse by {worse}" if worse else ""
            yield f"  {row['name']:<13} {_scores(row)}{worse}{', collapsed' if row['collapsed'] else ''}"


def _scores(row: Row) -> str:
    return ", ".join(f"{name} {row[test]:.3f}" for test, name in _TESTS.items() if test in row)
