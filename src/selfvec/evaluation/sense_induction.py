"""Word sense induction: are the uses of a word put together as people do who know its senses?

The uses of each lemma in a file are grouped as `selfvec.analysis.senses` groups those in a corpus, once in
as many
senses as the uses themselves tell and once in as many as the file names, and held against the file's. With a
run, they are also given the senses that its corpus tells, of which the file's texts need not be a part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.bootstrap import mean
from selfvec.text.preprocessing import encode_texts

from .compared_vectors import Table, as_path
from .sense_file import Use, bare, read_uses
from .task import Measurement
from .word_lookup import word_vectors

if TYPE_CHECKING:
    from selfvec.analysis.senses import SenseSpace
    from selfvec.usage.contexts import Contexts

__all__ = ["SenseInduction"]

Numbers = NDArray[np.float64]
FIGURES = {"chosen": "one sense", "known": "random"}
"""How the number of senses comes about, and the baseline held against it."""


@dataclass(frozen=True)
class SenseInduction:
    """Agreement of induced senses with given ones, the mean over lemmas with two uses or more.

    Rows have metrics ``v_measure``, ``paired_f``, ``adjusted_rand`` and ``bcubed`` (see
    `selfvec.analysis.senses.score`), and ``fuzzy_bcubed`` and ``fuzzy_nmi`` where a use has several senses;
    the others then see the one that applies most. ``method`` says where senses are from: as many as the
    uses tell (``chosen``), as many as the file has (``known``), or those that the run's corpus tells
    (``corpus``; one for a lemma with too few uses there). Beside the tables stand ``one sense`` for all
    uses of a lemma and ``random`` ones. ``n`` counts lemmas; ``uses``, ``senses`` (given) and ``induced``
    are in all and means over lemmas; ``covered`` is the share of uses around which a word with a vector
    stands.

    Parameters
    ----------
    path : path
        Rows as of `selfvec.evaluation.sense_file`.
    """

    path: Path
    kind: ClassVar[str] = "senses"

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", as_path(self.path))

    def measure(self, tables: Sequence[Table], seed: int) -> Iterator[Measurement]:
        """Rows of each metric and method, a table each and two baselines.

        Raises
        ------
        InputError
            If the file is not as it should be; names the line.
        """
        lemmas = self._lemmas()
        for table in tables:
            yield from self._table(table, lemmas, seed)
        for method, name in FIGURES.items():
            rng = np.random.default_rng(seed)
            found = []
            for uses in lemmas.values():
                number = 1 if method == "chosen" else len({use.sense for use in uses})
                found.append(np.eye(number)[rng.integers(number, size=len(uses))])
            yield from _figures(name, method, list(lemmas.values()), found, 1.0, seed)

    def _lemmas(self) -> dict[str, list[Use]]:
        lemmas: dict[str, list[Use]] = {}
        for use in read_uses(self.path):
            lemmas.setdefault(use.lemma, []).append(use)
        kept = {lemma: uses for lemma, uses in lemmas.items() if len(uses) > 1}
        if not kept:
            rule = "senses are compared between uses, no lemma has two"
            raise InputError(rule, path=self.path, remedy="give more uses of each lemma")
        return kept

    def _table(self, table: Table, lemmas: dict[str, list[Use]], seed: int) -> Iterator[Measurement]:
        from selfvec.analysis.senses.model import fit

        space, contexts = _space(table, [use for uses in lemmas.values() for use in uses], seed)
        ends = np.cumsum([len(uses) for uses in lemmas.values()]).tolist()
        parts = [
            contexts.part(np.arange(end - len(uses), end))
            for uses, end in zip(lemmas.values(), ends, strict=True)
        ]
        covered = float(space.uses(contexts, space.weights).any(axis=1).mean())
        seen = _seen(space, list(lemmas)) if _corpus(table) is not None else []
        for method in (*FIGURES, "corpus") if seen else FIGURES:
            found = []
            for number, (uses, own) in enumerate(zip(lemmas.values(), parts, strict=True)):
                learned = seen[number] if method == "corpus" else own
                count = len({use.sense for use in uses}) if method == "known" else None
                found.append(fit(space, learned, count, seed).posterior(own))
            given = list(lemmas.values())
            yield from _figures(table.name, method, given, found, covered, seed, table.size)


def _corpus(table: Table) -> TokenBatch | None:
    """The corpus of the run whose table it is, whole."""
    return table.run.tokens if table.run is not None and not table.truncated else None


def _seen(space: SenseSpace, lemmas: Sequence[str]) -> list[Contexts]:
    """Uses of each lemma, in any form of its stem, in the texts before the file's."""
    from selfvec.text.stems import stems
    from selfvec.usage.contexts import Contexts

    batch, names = space.batch, [bare(lemma).lower() for lemma in lemmas]
    words: dict[str, list[int]] = {}
    for number, stem in enumerate(stems(list(batch.types[: -len(lemmas)]), "en")):
        words.setdefault(stem, []).append(number)
    out = []
    for stem in stems(names, "en"):
        forms = np.zeros(len(batch.types), bool)
        forms[words.get(stem, [])] = True
        places = np.flatnonzero(forms[batch.ids])
        out.append(Contexts.around(batch.ids, batch.offsets, places))
    return out


def _space(table: Table, uses: Sequence[Use], seed: int) -> tuple[SenseSpace, Contexts]:
    """The file's texts, behind those of the table's run where there is one, and what is around the words."""
    from selfvec.analysis.senses import SenseSpace
    from selfvec.usage.contexts import Contexts

    parts = [part for use in uses for part in (use.before, use.after)]
    read = encode_texts(parts, table.preprocessing, table.vectors)
    known = _corpus(table)
    types = list(known.types) if known is not None else []
    index = {name: i for i, name in enumerate(types)}
    numbers = np.array([index.setdefault(name, len(index)) for name in read.types], np.int32)
    lemmas = {lemma: len(index) + i for i, lemma in enumerate(dict.fromkeys(use.lemma for use in uses))}
    pieces, places, lengths = [known.ids] if known is not None else [], [], []
    place = len(known) if known is not None else 0
    for number, use in enumerate(uses):
        before, after = (
            numbers[read.ids[read.offsets[i] : read.offsets[i + 1]]] for i in (2 * number, 2 * number + 1)
        )
        pieces += [before, np.array([lemmas[use.lemma]], np.int32), after]
        places.append(place + len(before))
        lengths.append(len(before) + 1 + len(after))
        place += lengths[-1]
    offsets = known.offsets if known is not None else np.zeros(1, np.int64)
    offsets = np.concatenate([offsets, offsets[-1] + np.cumsum(lengths)])
    rows, _ = word_vectors(table.vectors, list(index))
    rows = np.concatenate([rows, np.zeros((len(lemmas), rows.shape[1]), np.float32)])
    batch = TokenBatch(np.concatenate(pieces), offsets, [*index, *lemmas])
    contexts = Contexts.around(batch.ids, batch.offsets, np.array(places, np.int64))
    return SenseSpace.of(batch, rows, seed), contexts


def _figures(
    name: str,
    method: str,
    lemmas: Sequence[Sequence[Use]],
    found: Sequence[Numbers],
    covered: float,
    seed: int,
    extra: dict[str, Any] | None = None,
) -> Iterator[Measurement]:
    """A row a metric; ``found`` holds a lemma's probabilities of senses, (uses, K)."""
    from selfvec.analysis.senses.score import SCORES, fuzzy_bcubed, fuzzy_nmi

    told = [[use.sense for use in uses] for uses in lemmas]
    labels = [rows.argmax(axis=1) for rows in found]
    values = {
        metric: [score(a, b) for a, b in zip(told, labels, strict=True)] for metric, score in SCORES.items()
    }
    if any(len(use.senses) > 1 for uses in lemmas for use in uses):
        degrees = [_degrees(uses) for uses in lemmas]
        for metric, score in (("fuzzy_bcubed", fuzzy_bcubed), ("fuzzy_nmi", fuzzy_nmi)):
            values[metric] = [score(a, b.round(1)) for a, b in zip(degrees, found, strict=True)]
    counts = {
        "method": method,
        "uses": sum(map(len, lemmas)),
        "senses": float(np.mean([len(set(senses)) for senses in told])),
        "induced": float(np.mean([len(set(groups.tolist())) for groups in labels])),
    }
    for metric, figures in values.items():
        estimate = mean(np.array(figures), seed)
        yield Measurement(
            name, metric, estimate, n=len(lemmas), covered=covered, extra=counts, **(extra or {})
        )


def _degrees(uses: Sequence[Use]) -> Numbers:
    """How far each sense applies to each use, (uses, senses)."""
    names = {name: i for i, name in enumerate(dict.fromkeys(name for use in uses for name in use.senses))}
    out = np.zeros((len(uses), len(names)))
    for row, use in zip(out, uses, strict=True):
        for name, degree in use.senses.items():
            row[names[name]] = degree
    return out
