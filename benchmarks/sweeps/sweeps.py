"""One thing changed, all else the same: the learning rate, the window, the number of epochs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress
from selfvec.data.settings import Settings
from selfvec.refine.plan import window_of
from selfvec.refine.selection import ContextTest
from selfvec.views.charts import Chart, Series

from .material import Material, by_epoch, refined
from .measures import context, held_out, state, state_of, steps, variance
from .study import Column, Study

__all__ = ["EPOCHS", "RATES", "SHUFFLES", "WINDOWS", "measured", "over_epochs", "over_rates", "over_windows"]

Row = dict[str, Any]

RATES = (0.005, 0.01, 0.02, 0.05, 0.075, 0.1, 0.15, 0.2)
WINDOWS = (3, 5, 9, 13, 21, 41, 81)
EPOCHS = (1, 2, 3, 5, 10)
SHUFFLES = 5

_SPACE = (
    Column("mean_cosine_to_original", "cosine to the original", ".3f"),
    Column("anisotropy", "cosine of two random words", ".3f"),
    Column("effective_rank", "dimensions in use", ".1f"),
    Column("saturated", "neighbours at ≥ .99", ".1%"),
    Column("context", "held-out words found", ".3f"),
)
_CHANCE = (
    Column("variance", "variance of the end", ".4f"),
    Column("variance_relative", "… of the distance between two words", ".2%"),
    Column("turning", "cosine of successive steps", ".3f"),
    Column("wander", "scatter of the last states", ".2%"),
    Column("verdicts", "health", ""),
)
_READING = (
    "The first row is the original vectors. *Cosine to the original*: 1, nothing moved. *Cosine of two "
    "random words*: near 1 all words point one way, and nothing is left to tell them apart by. *Held-out "
    "words found*: mean reciprocal rank of the word that stood in a held-out place, by its neighbours there, "
    "among words of its frequency; where it falls below that of the original vectors, refining did harm."
)
_ORDER = (
    "*Variance of the end*: mean cosine distance between two ends of a word over {shuffles} random orders of "
    "the documents; that much of where it ended is chance. *Cosine of successive steps*: 1 on a straight "
    "way, below 0 for a word that is thrown about."
)


def measured(
    material: Material, settings: Settings, shuffles: int, asked: ContextTest | None = None
) -> dict[str, Any]:
    """What one setting does: the space, whether it helps where that is ``asked``, chance, steps, verdicts."""
    run = refined(material, replace(settings, history="auto"))
    return {
        **state(run.health),
        **({} if asked is None else {"context": context(asked, run.vectors)}),
        **variance(material, settings, shuffles),
        **steps(material, settings),
        "verdicts": list(run.health["verdicts"]),
    }


def over_rates(
    material: Material,
    settings: Settings,
    rates: Sequence[float] = RATES,
    *,
    shuffles: int = SHUFFLES,
    progress: Progress | None = None,
) -> Study:
    """How a sequential rule answers to its learning rate.

    Parameters
    ----------
    material : Material
    settings : Settings
        Of the paper's or the online rule; its learning rate is the one that changes.
    rates : sequence of float
    shuffles : int
        Random orders of the documents that the rule is repeated on, at least 2.
    progress : Progress, optional

    Raises
    ------
    OptionError
        If the rule has no learning rate, or there are fewer than two orders.
    """
    _check_sequential(settings, "a learning rate")
    title = "What a learning rate moves, and how much of it is chance"
    axis = Column("learning_rate", "learning rate", "g")
    return _sweep("learning-rate", title, axis, material, settings, sorted({*rates}), shuffles, progress)


def over_windows(
    material: Material,
    settings: Settings,
    windows: Sequence[int] = WINDOWS,
    *,
    shuffles: int = SHUFFLES,
    progress: Progress | None = None,
) -> Study:
    """How a rule answers to the number of neighbours it looks at; any rule, otherwise as `over_rates`."""
    title = "What a window moves, and how much of it is chance"
    axis = Column("window", "tokens per window", "d")
    return _sweep("window", title, axis, material, settings, sorted({*windows}), shuffles, progress)


def over_epochs(
    material: Material,
    settings: Settings,
    epochs: Sequence[int] = EPOCHS,
    *,
    progress: Progress | None = None,
) -> Study:
    """What every further reading of the corpus does: one run, looked at on its way; as `over_rates`."""
    _check_sequential(settings, "epochs")
    window = window_of(material.batch, settings)
    settings = replace(settings, epochs=max(epochs), window=window, history="none")
    training, asked = held_out(material, settings.seed)
    rows = [_original_row("epochs", training, asked)]
    with (progress or Progress()).stage("Refining", settings.epochs, "epochs") as advance:
        for epoch, table in by_epoch(training, settings):
            if epoch in epochs:
                found = {"epochs": epoch, **state_of(training, table), "context": context(asked, table)}
                rows.append(found)
            advance(1)
    axis = Column("epochs", "epochs", "d")
    title = "What every further reading of the corpus does"
    charts = _charts(rows, axis)
    return Study("epochs", title, (axis, *_SPACE), rows, charts, _READING, settings.as_dict())


def _sweep(
    name: str,
    title: str,
    axis: Column,
    material: Material,
    settings: Settings,
    values: Sequence[float],
    shuffles: int,
    progress: Progress | None,
) -> Study:
    """Refine at each value of one option."""
    if shuffles < 2:
        raise OptionError(f"is at least 2, not {shuffles}", field="shuffles")
    settings = replace(settings, window=window_of(material.batch, settings))
    training, asked = held_out(material, settings.seed)
    rows = [_original_row(axis.key, training, asked)]
    with (progress or Progress()).stage("Refining", len(values), axis.head) as advance:
        for value in values:
            changed: Any = {axis.key: value}
            found = measured(training, replace(settings, **changed), shuffles, asked)
            rows.append({axis.key: value, "context": None} | found)
            advance(1)
    reading = f"{_READING} {_ORDER.format(shuffles=shuffles)}"
    charts = _charts(rows, axis)
    return Study(name, title, (axis, *_SPACE, *_CHANCE), rows, charts, reading, settings.as_dict())


def _check_sequential(settings: Settings, what: str) -> None:
    if settings.method not in ("paper", "online"):
        raise OptionError(
            f"only the rules paper and online have {what}, not {settings.method!r}", field="method"
        )


def _original_row(key: str, material: Material, asked: ContextTest | None) -> Row:
    table = material.original
    return {key: 0, **state_of(material, table), "context": context(asked, table), "verdicts": []}


def _charts(rows: Sequence[Row], axis: Column) -> tuple[Chart, ...]:
    """Cosines, dimensions, whether it helps, and chance: those that were measured."""
    groups = (
        (
            "Cosines",
            (("mean_cosine_to_original", "to the original"), ("anisotropy", "of two random words")),
            (0.0, 1.0),
        ),
        ("Dimensions in use", (("effective_rank", "effective rank"),), (0.0, None)),
        ("Held-out words found", (("context", "mean reciprocal rank"),), (0.0, None)),
        (
            "Chance, by the distance of two words",
            (("variance_relative", "of two ends"),),
            (0.0, None),
        ),
    )
    original, changed = rows[0], rows[1:]
    return tuple(
        Chart(
            title,
            axis.head,
            tuple(
                Series(
                    label,
                    [row[axis.key] for row in changed],
                    [row[key] for row in changed],
                    original.get(key),
                )
                for key, label in curves
            ),
            y=limits,
            logarithmic=axis.key != "epochs",
        )
        for title, curves, limits in groups
        if all(row.get(key) is not None for row in changed for key, _ in curves)
    )
