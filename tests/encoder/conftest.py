"""A run of short reports, written by us, and its encoder."""

from __future__ import annotations

import pytest

import selfvec
from selfvec.encoder import Encoder
from selfvec.run import Run


@pytest.fixture(scope="session")
def report_run() -> Run:
    """240 reports over some dozens of words."""
    things = ["hail", "wind", "tornado", "flood", "snow", "lightning", "café owners", "the county's crew"]
    acts = ["broke windows at", "closed", "damaged roofs near", "blew over", "hit", "was reported from"]
    places = ["farm", "village", "road", "bridge", "school", "river", "Ohio", "airport"]
    texts = [
        f"{things[i % 8]} {acts[i % 6]} the {places[(i * 3 + i // 8) % 8]} on day {i % 20}, 1.75 in. deep."
        for i in range(240)
    ]
    return selfvec.Refiner(method="decorrelated").fit(texts).run_


@pytest.fixture(scope="session")
def encoder(report_run: Run) -> Encoder:
    return Encoder.of(report_run)
