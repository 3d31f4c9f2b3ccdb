"""A run, laid out to be looked at: everything the page asks for, apart from how it is asked."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import OptionError
from selfvec.base.threads import threads
from selfvec.data.run import Run
from selfvec.data.vectors import Source
from selfvec.search.run_passages import Passages
from selfvec.usage.original_text import originals, retold
from selfvec.usage.sentences import beside, occurrences, pair_uses, shared_company, uses, windows

from .atlas import FITTED, Atlas, atlas
from .comparisons import REFINED, Comparisons
from .later import Later
from .subjects import counts_of, marks_of
from .view import Filter, names
from .words import Completion

__all__ = ["Study"]

_LARGEST_MAP = 100_000  # words on the map of all
_AROUND = 14  # neighbours before and after on a word's own map
_WEIGHT = 0.5  # of a neighbour that stands beside a use, as a cosine

Json = dict[str, Any]


class Study:
    """Answers about one run, each a JSON-serialisable dict.

    Parameters
    ----------
    run : Run
    jobs : int, optional
        Threads for what is made in the background; all cores but one where not given.

    Raises
    ------
    InputError
        From every method, if it is asked about what the run does not have.
    """

    def __init__(self, run: Run, jobs: int | None = None) -> None:
        self.run = run
        self.comparisons = Comparisons(run, jobs or max(1, threads(None) - 1))
        self.complete = Completion(run.vectors.index_to_key, counts_of(run))
        self._originals = Later(lambda _: originals(run))
        self._passages = Later(lambda _: Passages.of(run, run.require_tokens()))
        self._atlas = lru_cache(maxsize=128)(self._make_atlas)

    def start(self) -> None:
        """Begin what will be asked for, the first thing first."""
        self.comparisons.start(self.comparisons.default)
        self._originals.start()
        if self.run.tokens is not None:
            self._passages.start()

    def about(self) -> Json:
        """What the run is, in a few words and figures."""
        run, made = self.run, self.run.provenance
        options = made.get("options", {})
        return {
            "description": _description(made),
            "method": made.get("method"),
            "tokens": made.get("tokens"),
            "types": len(run.vectors),
            "documents": made.get("documents"),
            "vectors": made.get("vectors", {}).get("name"),
            "left_out": sorted(made.get("text", {}).get("dropped", {})),
            "merged": bool(options.get("lemmatize") or options.get("stem")),
            "has_text": run.tokens is not None,
            "comparisons": self.comparisons.named(),
            "default": self.comparisons.default,
            "verdicts": run.health["verdicts"],
            "unknown": int(np.count_nonzero(run.original.sources != Source.KNOWN)),
        }

    def ranking(self, key: str, wanted: Filter, offset: int, limit: int) -> Json:
        """The words that changed, see `View.ranking`; ``ready`` is false while they are being compared."""
        making = self.comparisons.making(key)
        if making is not None:
            return {"ready": False, "share": making}
        view = self.comparisons.subject(key).view
        return {
            "ready": True,
            "names": view.comparison.names,
            "measure": view.measure,
            "least": view.comparison.least,
            "often": view.often,
            "testing": self.comparisons.testing(key),
            "tested": bool(view.tests),
            **view.ranking(wanted, offset, limit),
        }

    def word(self, key: str, word: str) -> Json:
        """Everything about a word but its sentences: who is near it before and after, who came and went."""
        row, view = self.run.index(word), self.comparisons.subject(key).view
        words = self.run.vectors.index_to_key
        before, after = (names(words, side) for side in view.comparison.near(row))
        had, has = {name for name, _ in before}, {name for name, _ in after}
        place = view.place.get(row)
        return {
            **self._provenance(row),
            "rank": None if place is None or view.ranks[place] < 0 else int(view.ranks[place]) + 1,
            "ranked": int(view.ranks.max(initial=-1)) + 1,
            "change": None if place is None else view.row(place),
            "names": view.comparison.names,
            "measure": view.measure,
            "before": before,
            "after": after,
            "gained": [name for name, _ in after if name not in had],
            "lost": [name for name, _ in before if name not in has],
        }

    def _provenance(self, row: int) -> Json:
        return {
            "word": self.run.vectors.index_to_key[row],
            "count": int(counts_of(self.run)[row]),
            "source": Source(int(self.run.original.sources[row])).name.lower(),
            "source_after": Source(int(self.run.vectors.sources[row])).name.lower(),
        }

    def uses(self, key: str, word: str, most: int = 5) -> Json:
        """Sentences that speak for what a word is now, and, where two slices are compared, was before."""
        row, batch, subject = self.run.index(word), self.run.require_tokens(), self.comparisons.subject(key)
        marks = marks_of(subject.view, row)
        texts = []
        for text in subject.texts:
            places = occurrences(batch, row, text.documents)
            wanted = [i for i, mark in marks.items() if mark == ("went", "came")[text.side]]
            scores = subject.scores(row, text.side, places)
            scores = scores + _WEIGHT * beside(windows(batch, places), wanted)
            found = uses(batch, places, scores, marks, most)
            texts.append({"name": text.name, "uses": self._told(found)})
        return {"texts": texts}

    def _told(self, found: list[Json], distinct: bool = True) -> list[Json]:
        """Uses by their sentences, as far as the documents have been read by now."""
        written = self._originals.peek() or {}
        told = [retold(use, written) for use in found]
        if not distinct:
            return told
        return list({"".join(text for text, _ in use["tokens"]): use for use in reversed(told)}.values())[
            ::-1
        ]

    def together(self, word: str, other: str, most: int = 5) -> Json:
        """Where a word stands near another one, and which words stand near both."""
        row, beside_it = self.run.index(word), self.run.index(other)
        batch, words = self.run.require_tokens(), self.run.vectors.index_to_key
        places, looked_at = pair_uses(batch, row, beside_it)
        return {
            "together": len(places),
            "of": looked_at,
            "shared": [words[i] for i in shared_company(batch, row, beside_it)],
            "uses": self._told(uses(batch, places, np.zeros(len(places)), {beside_it: "came"}, most)),
        }

    def unknown(self, source: str | None, seen: int, text: str, offset: int, limit: int) -> Json:
        """Words that the pretrained table lacked, the commonest first, and what their vectors rest on."""
        run, counts = self.run, counts_of(self.run)
        lacked = run.original.sources != Source.KNOWN
        rests = {s.name.lower(): int(np.sum(lacked & (run.vectors.sources == s))) for s in Source}
        if source is not None and source not in rests:
            raise OptionError(
                f"is one of {', '.join(rests)}, not {source!r}", field="source", remedy="choose one"
            )
        kept = lacked & (counts >= seen)
        if source is not None:
            kept &= run.vectors.sources == Source[source.upper()]
        rows = np.flatnonzero(kept)
        words = run.vectors.index_to_key
        if text:
            rows = rows[[text.lower() in words[i].lower() for i in rows.tolist()]]
        rows = rows[np.argsort(-counts[rows], kind="stable")]
        near = self.comparisons.subject(REFINED).view.comparison.near
        shown = [
            {**self._provenance(row), "near": [words[i] for i, _ in near(row, 5)[1]]}
            for row in rows[offset : offset + limit].tolist()
        ]
        return {"rows": shown, "total": len(rows), "sources": {k: v for k, v in rests.items() if v}}

    def texts(self, question: str, most: int) -> Json:
        """Texts nearest to a question, before and after; ``ready`` is false while they are laid out."""
        passages = self._passages.peek()
        if passages is None:
            return {"ready": False}
        found = passages.search(question, most)
        found["sides"] = [self._told(side, distinct=False) for side in found["sides"]]
        return {"ready": True, "names": ["original", "refined"], **found}

    def map(
        self, key: str, word: str | None = None, whole: bool | None = None
    ) -> tuple[Json, NDArray[np.int16]]:
        """A map of the commonest words, or of a word and its neighbours: what is on it, and the points.

        Of many slices the first and the last are there at once (``whole`` is false), the others follow.
        """
        row = None if word is None else self.run.index(word)
        whole = self.comparisons.states(key)[1] if whole is None else whole
        made, marks = self._atlas(key, row, whole)
        words = self.run.vectors.index_to_key
        described = {
            "words": [words[i] for i in made.words.tolist()],
            "marks": marks,
            "frames": made.frames,
            "edges": made.edges,
            "whole": whole,
            "explained": [round(share, 4) for share in made.explained],
        }
        return described, made.points

    def _make_atlas(self, key: str, row: int | None, whole: bool) -> tuple[Atlas, list[str]]:
        comparison = self.comparisons.subject(key).view.comparison
        states = self.comparisons.all_states(key) if whole else self.comparisons.ends(key)
        if row is None:
            order = np.argsort(-comparison.both, kind="stable")[:_LARGEST_MAP]
            order = order[comparison.both[order] > 0]
            return atlas(order, states, order[:FITTED]), []
        near = comparison.near(row, _AROUND)
        had, has = ([i for i, _ in side] for side in near)
        around = list(dict.fromkeys([row, *had, *has]))
        marks = dict.fromkeys(around, "stayed") | {i: "went" for i in had if i not in has}
        marks |= {i: "came" for i in has if i not in had} | {row: "self"}
        return atlas(np.array(around), states), [marks[i] for i in around]

    def health(self) -> Json:
        """The health report, as ``selfvec health --json`` prints it."""
        return self.run.health


def _description(provenance: Json) -> str:
    """What was read, without the path to it."""
    from pathlib import PurePath

    corpus = provenance.get("corpus", {})
    files = [PurePath(str(file.get("path", ""))).name for file in corpus.get("files", [])]
    if not files:
        return str(corpus.get("description", "a text"))
    rest = f" and {len(files) - 1:,} more" if len(files) > 1 else ""
    return f"{files[0]}{rest}"
