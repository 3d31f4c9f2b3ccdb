"""The run and the encoder of tests/encoder."""

from tests.retrieval.encoder.conftest import encoder, report_run

__all__ = ["encoder", "report_run"]
