"""A refusal is asserted in one line: the call, the class of its error, and what its message says."""

from collections.abc import Callable

import pytest

from selfvec.base.errors import SelfvecError

COMPARISONS = ['{"$and":[' + ",".join(['{"date":1990}'] * 63) + "]}"] * 8
TOO_MANY = "has more than 500 comparisons, the last with 'date'"
"""What is refused to these filters at each door."""
Kinds = type[BaseException] | tuple[type[BaseException], ...]


def refused(call: Callable[[], object], kind: Kinds, rule: str | None = None) -> None:
    """The call raises an error of this kind that matches the rule; one of Selfvec is one line."""
    with pytest.raises(kind, match=rule) as caught:
        call()
    ours, message = isinstance(caught.value, SelfvecError), str(caught.value)
    del caught  # its traceback holds this frame: the cycle would keep open what the call had opened
    assert not (ours and "\n" in message)
