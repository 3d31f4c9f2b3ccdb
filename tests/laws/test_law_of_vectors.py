"""A changed run has, to the bit, the vectors of one refinement of the same documents in the same order."""

import numpy as np
from changing_run import FIRST, Row, Step, begun, steps, table
from hypothesis import given, settings
from hypothesis import strategies as st

import selfvec


@settings(max_examples=30)
@given(st.sampled_from(["decorrelated", "paper", "online"]), FIRST, steps(undo=False, most=3))
def test_a_changed_run_is_one_refinement(method: str, rows: list[Row], changes: list[Step]) -> None:
    with begun(rows, method=method) as run:
        run.change(changes)
        whole = selfvec.refine([one.text for one in run.documents], table(), method, jobs=1)
        assert run.run.vectors.index_to_key == whole.vectors.index_to_key
        np.testing.assert_array_equal(run.run.vectors.counts, whole.vectors.counts)
        np.testing.assert_array_equal(run.run.vectors.vectors, whole.vectors.vectors)
        np.testing.assert_array_equal(run.run.original.vectors, whole.original.vectors)
