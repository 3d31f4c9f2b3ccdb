"""The methods of refining, a row each: what they take, their defaults and how they are described.

A method is a row here and a class in `selfvec.refinement.methods`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Method:
    """A method of refining. A default of 0 is that of an option that the method does not take."""

    name: str
    options: tuple[str, ...] = ()  # the `Settings` that not every method takes, and that this one takes
    passes: str | None = None  # the option with the number of passes; None: no passes
    window: int = 0  # default, in tokens, the word itself included; 0: the mean sentence length
    learning_rate: float = 0.0  # default of α
    anchor: float = 0.0  # default weight of the original vectors: β of online, λ of decorrelated
    whitens: bool = False  # whether the refined vectors are whitened
    repeats: str = "once"  # default of the option ``repeats``
    steady: float = 0.005  # scatter of the last states above which words oscillate, see `Health.wander`


METHODS = {
    method.name: method
    for method in (
        Method(
            "paper",
            options=("learning_rate", "epochs"),
            passes="epochs",
            learning_rate=0.01,  # 0.075 and more is unstable
            repeats="keep",  # the paper counts every occurrence
        ),
        Method(
            "online",
            options=("learning_rate", "epochs", "anchor"),
            passes="epochs",
            # Chosen on retrieval and word similarity with two sets of vectors, see docs/results/online.md.
            window=41,
            learning_rate=0.005,
            anchor=0.2,
            steady=0.12,  # words fluctuate around a fixed point
        ),
        Method(
            "decorrelated",
            options=("passes", "half_life", "anchor"),
            passes="passes",
            # Chosen on word similarity after PubMed with two sets of vectors, see docs/results/gains.md.
            window=41,
            anchor=2.25,
            whitens=True,
        ),
        Method("original"),
    )
}
"""The methods by name. ``auto`` tries those with passes, in this order."""


def methods_with(option: str) -> list[str]:
    """The methods that take an option of `Settings`; empty for an option of every method."""
    return [method.name for method in METHODS.values() if option in method.options]
