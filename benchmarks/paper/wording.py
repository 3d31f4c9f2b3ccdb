"""How numbers are written on the page."""

from __future__ import annotations


def percent(value: float | None, digits: int = 0) -> str:
    """A share in percent.

    >>> percent(0.377), percent(0.0377, 1), percent(None)
    ('38 %', '3.8 %', '–')
    """
    return "–" if value is None else f"{100 * value:.{digits}f} %"


def cosine(value: float | None, digits: int = 2) -> str:
    """A cosine, with a real minus.

    >>> cosine(-0.031), cosine(None)
    ('−0.03', '–')
    """
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def state(epochs: int) -> str:
    """A point in time.

    >>> state(0), state(1), state(5)
    ('before', 'after 1 pass', 'after 5 passes')
    """
    return "before" if epochs == 0 else f"after {epochs} pass{'es' * (epochs > 1)}"


def band(low: int, high: int | None) -> str:
    """Words by how often they occur.

    >>> band(1, 1), band(2, 9), band(100, None)
    ('once', '2 to 9 times', '100 times or more')
    """
    if high is None:
        return f"{low} times or more"
    return "once" if high == 1 else f"{low} to {high} times"


def word(text: str) -> str:
    r"""A word as Markdown shows it, whatever stands in it.

    >>> print(word("wind_gust"))
    wind\_gust
    """
    return "".join(f"\\{character}" if character in "\\`*_|<>[]" else character for character in text)
