"""Tests of how pages are made from measurements: `make test-benchmarks`, and first in `make results`."""
