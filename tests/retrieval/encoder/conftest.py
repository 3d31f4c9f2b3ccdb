"""A run of short reports, written by us, and its encoder."""

import pytest
from tests.retrieval.encoder import reports

from selfvec.data.run import Run
from selfvec.retrieval.encoder import Encoder


@pytest.fixture
def report_run() -> Run:
    return reports.report_run()


@pytest.fixture
def encoder() -> Encoder:
    return reports.report_encoder()
