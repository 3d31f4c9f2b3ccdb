"""What was read, which method was used, and what it gained: sentences for `refine`, in full for `info`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from selfvec.base.display import count_of
from selfvec.base.timings import BESIDE
from selfvec.data.methods import METHODS
from selfvec.data.provenance import Provenance
from selfvec.text.encoding import RARE
from selfvec.text.long_tokens import LONG

__all__ = ["method_details", "run_summary", "text_details"]

_TESTS = {
    "self_retrieval": "self-retrieval",
    "context": "context",
}  # on held-out text, and their names
_SUBWORDS = "built from subwords"


def run_summary(provenance: Provenance) -> list[str]:
    """Sentences: the text and its words; words left out; the method and what it gained on held-out text."""
    types = provenance.coverage["types"]
    words = provenance.types or 0
    shares = []
    if types["composed"]:
        shares.append(f"{types['composed'] / words:.0%} of them {_SUBWORDS}")
    if types["unknown"]:
        shares.append(f"{types['unknown'] / words:.0%} of them without an initial vector")
    if types["random"]:
        shares.append(f"{types['random'] / words:.0%} of them {_made(provenance)}")
    text = f"read {provenance.corpus['description']}: {count_of(provenance.tokens or 0, 'word')}"
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
            f"left out words that occur less than {provenance.text['kept_from']} times, {share:.1%} of the "
            f"text, so that at most {limit:,} different ones remain (--max-types)"
        )
    chosen = provenance.vectors_decision
    vectors = [f"chose the vectors {chosen['chosen']}: {chosen['reason']}"] if chosen else []
    return [f"{text}, {words:,} different{about}", *left_out, *vectors, _method(provenance)]


def _method(provenance: Provenance) -> str:
    decision = provenance.decision
    method = provenance.method
    if method == "original":
        reason = f": {decision['reason']}" if decision else ", as asked for"
        return f"kept the vectors as they are{reason}"
    if decision is None:
        return f"adapted with the method {method} ({_how(provenance)})"
    rows = {row["name"]: row for row in decision["candidates"]}
    gain = ""
    if "self_retrieval" in rows.get(method, {}) and "self_retrieval" in rows.get("original", {}):
        after, before = (rows[name]["self_retrieval"] for name in (method, "original"))
        scores = f"before {after:.0%} of others; it was {before:.0%}, and chance is 50%"
        gain = f": half a text now finds its other half {scores}"
    reason = "which scored best on held-out text" if gain else decision["reason"]
    return f"adapted with the method {method}, {reason}{gain}"


def _how(provenance: Provenance) -> str:
    """The window and the passes."""
    window = f"window {provenance.window}"
    passes = count_of(provenance.passes or 0, "pass", "passes")
    if "operator" in METHODS[provenance.method or "original"].options:
        by = {"scan": "", "counts": ", by counts", "ppmi": ", by PPMI"}[provenance.options["operator"]]
        return f"{window}, {passes}{by}"
    return f"{window}, learning rate {provenance.learning_rate}, {passes}"


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
    if decision := provenance.vectors_decision:
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


def _scores(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {row[test]:.3f}" for test, name in _TESTS.items() if test in row)
