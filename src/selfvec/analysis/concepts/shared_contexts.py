"""Why two words are similar: the company they share, and how much each companion adds to their likeness.

A word's company is a row of positive pointwise mutual information over the words beside it (see
`selfvec.cooccurrence.PositivePMI`). The cosine of two such rows is a sum over contexts:

    cos(a, b) = Σ_c PPMI(a, c) · PPMI(b, c) / (|PPMI(a)| · |PPMI(b)|)

What stood beside a word only once or twice may be chance and does not count, nor do stop words and the two
words themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import OptionError
from selfvec.cooccurrence import PositivePMI, count_near, neighbour_totals
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.text.phrases import LINK, parts

from .terms import row_of, stop_words

__all__ = ["WINDOW", "Shared", "Use", "Why", "company", "why"]

WINDOW = 21  # tokens, the centre included
SMOOTHING = 0.75  # of contexts; Levy, Goldberg and Dagan (2015)
_LEAST = 3  # times that a context stands beside a word
_SHOWN = 5  # contexts that sentences are to show

Figures = NDArray[np.float64]


@dataclass(frozen=True)
class Shared:
    """A context that two words share.

    Parameters
    ----------
    context : str
    contribution : float
        What it adds to the cosine of the two rows.
    ppmi_a, ppmi_b : float
        How much more often than by chance it stands beside either, a natural logarithm.
    count_a, count_b : int
        How often it stands there.
    """

    context: str
    contribution: float
    ppmi_a: float
    ppmi_b: float
    count_a: int
    count_b: int


@dataclass(frozen=True)
class Use:
    """A use of one of the words among contexts that both have.

    Parameters
    ----------
    word : str
    document : int
        Number of the document in the run's corpus.
    text : str
        The sentence where the files are still there and unchanged, otherwise the words around.
    contexts : list of str
        Shared contexts in it.
    """

    word: str
    document: int
    text: str
    contexts: list[str]


@dataclass(frozen=True)
class Why:
    """Why two words are similar.

    Parameters
    ----------
    a, b : str
    count_a, count_b : int
    before, after : float or None
        Cosine in the original and in the refined table; None where one has no vector.
    company : float
        Cosine of their rows of PPMI: the sum of all contributions.
    contexts : list of Shared
        The largest contribution first.
    rest : float
        What the contexts that are not listed contribute.
    together : int
        How often one stands beside the other, and how much more than by chance, in ``together_ppmi``.
    together_ppmi : float
    uses : list of Use
    """

    a: str
    b: str
    count_a: int
    count_b: int
    before: float | None
    after: float | None
    company: float
    contexts: list[Shared]
    rest: float
    together: int
    together_ppmi: float
    uses: list[Use]

    def as_dict(self) -> dict[str, Any]:
        """As ``selfvec why --json`` prints it."""
        return asdict(self)


def why(run: Run, a: str, b: str, topn: int = 12, *, window: int = WINDOW, sentences: int = 2) -> Why:
    """What makes two words alike.

    Parameters
    ----------
    run : Run
    a, b : str
        Words or phrases of the run.
    topn : int
        Contexts listed.
    window : int
        Tokens looked at around a word, itself included.
    sentences : int
        Uses shown of either word.

    Raises
    ------
    InputError
        If a word is not in the run, or the run has forgotten its tokens.
    OptionError
        If the two are one, or a number cannot be.
    """
    for name, value, least in (("topn", topn, 1), ("window", window, 3), ("sentences", sentences, 0)):
        if value < least:
            raise OptionError(f"is a whole number of at least {least}, not {value!r}", field=name)
    rows = (row_of(run, a), row_of(run, b))
    if rows[0] == rows[1]:
        name = run.vectors.index_to_key[rows[0]]
        raise OptionError(f"{a!r} and {b!r} are one word here, {name!r}", remedy="name two words")
    batch = run.require_tokens()
    counts, ppmi = company(batch, rows, window // 2)
    stands = np.where(counts >= _LEAST, ppmi, 0.0)
    stands[:, list(rows)] = 0.0
    empty = stop_words(run)
    stands[:, [c for c in np.flatnonzero(stands.any(axis=0)).tolist() if batch.types[c].lower() in empty]] = (
        0.0
    )
    lengths = np.linalg.norm(stands, axis=1)
    contributions = stands[0] * stands[1] / max(float(lengths[0] * lengths[1]), 1e-12)
    order = np.argsort(-contributions, kind="stable")[:topn]
    listed = [int(c) for c in order if contributions[c] > 0]
    total = float(contributions.sum())
    shown = _uses(run, batch, rows, contributions, listed[:_SHOWN], window // 2, sentences)
    return Why(
        a=batch.types[rows[0]],
        b=batch.types[rows[1]],
        count_a=int(batch.counts[rows[0]]),
        count_b=int(batch.counts[rows[1]]),
        before=_cosine(run.original.unit, rows),
        after=_cosine(run.vectors.unit, rows),
        company=total,
        contexts=[
            Shared(
                context=batch.types[c],
                contribution=float(contributions[c]),
                ppmi_a=float(ppmi[0, c]),
                ppmi_b=float(ppmi[1, c]),
                count_a=int(counts[0, c]),
                count_b=int(counts[1, c]),
            )
            for c in listed
        ],
        rest=total - float(contributions[listed].sum()),
        together=int(counts[0, rows[1]]),
        together_ppmi=float(ppmi[0, rows[1]]),
        uses=shown,
    )


def company(batch: TokenBatch, rows: Sequence[int], half: int) -> tuple[NDArray[np.int64], Figures]:
    """How often every type stands beside some words, and the PPMI of that, (n, V) each.

    Parameters
    ----------
    batch : TokenBatch
    rows : sequence of n int
        Types asked about.
    half : int
        Tokens looked at on each side, within the document.

    Examples
    --------
    >>> batch = TokenBatch.from_documents([["a", "b"], ["a", "b"], ["c", "d"]])
    >>> counts, ppmi = company(batch, [0], 1)
    >>> counts.tolist(), ppmi.round(3).tolist()
    ([[0, 2, 0, 0]], [[0.0, 1.16, 0.0, 0.0]])
    """
    window = 2 * half + 1
    counts = count_near(batch, window, rows)
    pmi = PositivePMI(neighbour_totals(batch, window))
    return counts, pmi(counts, np.array(rows)[:, None], np.arange(len(batch.types))[None])


def _cosine(table: NDArray[np.float32], rows: Sequence[int]) -> float | None:
    one, other = table[rows[0]], table[rows[1]]
    return float(one @ other) if one.any() and other.any() else None


def _uses(
    run: Run,
    batch: TokenBatch,
    rows: Sequence[int],
    contributions: Figures,
    contexts: Sequence[int],
    half: int,
    most: int,
) -> list[Use]:
    """For either word its uses with the largest contributions around it, from different documents."""
    if not most or not contexts:
        return []
    from selfvec.usage.examples import Example, sentences
    from selfvec.usage.sentences import occurrences, uses, windows

    shown: list[Use] = []
    examples: list[Example] = []
    wanted = set(contexts)
    for row in rows:
        places = occurrences(batch, row)
        around = windows(batch, places, half)
        around = np.where(np.isin(around, contexts), around, -1)
        around = np.sort(around, axis=1)
        around[:, 1:][around[:, 1:] == around[:, :-1]] = -1  # a context counts once a use
        scores = np.where(around >= 0, contributions[around], 0.0).sum(axis=1)
        for use in uses(batch, places, scores, dict.fromkeys(wanted, "shared"), most):
            words = [word for word, _ in use["tokens"]]
            marked = list(dict.fromkeys(word for word, mark in use["tokens"] if mark == "shared"))
            text = " ".join(" ".join(parts(word)) or word for word in words)
            shown.append(Use(batch.types[row], use["document"], text, marked))
            examples.append(Example(batch.types[row].split(LINK)[0], 0, use["document"], text))
    quoted = sentences(run, examples)
    return [replace(use, text=example.text) for use, example in zip(shown, quoted, strict=True)]
