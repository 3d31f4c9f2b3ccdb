"""How much is tried: more in `make soak`, which takes its time, than in `make test`."""

import os
from collections.abc import Iterable
from typing import Any

import pytest

TIMES = int(os.environ.get("SELFVEC_EXAMPLES", "1"))
"""How many examples of hypothesis a law is tried with: `make soak` tries ten times as many, drawn anew."""


def soaked(values: Iterable[Any], *witnesses: Any) -> list[Any]:
    """Values for `parametrize`, of which `make test` tries the witnesses, and `make soak` all others."""
    given = [(value, value if isinstance(value, tuple) else (value,)) for value in values]
    assert all(any(value == witness for value, _ in given) for witness in witnesses)
    return [
        pytest.param(*each, marks=() if value in witnesses else pytest.mark.soak) for value, each in given
    ]
