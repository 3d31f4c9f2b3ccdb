# make demo   the main job on text and vectors that everybody has
# make test   everything that must hold
# make bench  how fast, side by side with other programs -> benchmarks/results.json
# make paper  the paper's tables and figures, from shared/data where it is present
# make quality  what refining gives on the development collections -> docs/decorrelated.md, online.md, selection.md, oov.md, encoders.md
# make collapse  why the paper's rule collapses, in pictures -> docs/collapse.md
# make senses  senses of pseudo-words: found, told apart, not found where there are none -> docs/senses.md
# make answers  every way of search as the retrieval step for answers, and how its constants were chosen -> docs/search.md
# make drift  planted changes, shuffled slices, two reports with sentences -> drift-report/, docs/drift.md
# make concepts  phrases and topics of two collections, phrases in search -> docs/concepts.md
# make baselines  other methods on the same tokens: quality, time, memory -> docs/baselines.md
# make test-baselines  the tests of baselines and encoders alone; more of them run where those are installed
# make docs   the documentation as a web site in site/

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: demo test bench paper quality collapse concepts answers drift senses baselines test-baselines docs clean

demo: $(VENV)/installed-plot
	@$(BIN)/selfvec demo -o demo-run

test: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist loadfile

bench: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks

paper: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks.paper

quality: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks.quality
	$(BIN)/python -m benchmarks.online_quality
	$(BIN)/python -m benchmarks.selection
	$(BIN)/python -m benchmarks.oov
	$(BIN)/python -m benchmarks.encoders

collapse: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks.collapse

senses: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks.senses

answers: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks.answers

drift: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks.drift

concepts: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks.concepts

baselines: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks.baselines

test-baselines: $(VENV)/installed-dev
	$(BIN)/python -m pytest -rs tests/evaluation/baselines tests/search/encoder tests/export

docs: $(VENV)/installed-docs
	$(BIN)/mkdocs build --strict --quiet

clean:
	rm -rf $(VENV) site demo-run .pytest_cache .mypy_cache .ruff_cache .hypothesis

# One environment; each extra is installed when first needed and again when pyproject.toml changes.
$(VENV)/installed-%: pyproject.toml | $(VENV)/bin/python
	@echo "installing selfvec[$*] into $(VENV) (once)"
	@$(PIP) --editable '.[$*]'
	@touch $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
