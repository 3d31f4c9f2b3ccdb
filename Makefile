# make help       this list
# make demo       refine the built-in table on text that everybody has
# make test       all checks and tests
# make pace BASE=COMMIT  ratios of time and memory against another commit: five minutes
# make bench      speed, side by side with other programs -> benchmarks/results.json, docs/results/speed.md
# make billion    time and memory of texts of up to a billion words -> docs/results/speed.md
# make paper      the paper's tables and figures -> docs/results/paper.md
# make quality    what refining gives on the development collections
#                 -> docs/results/: gains, online, auto, oov, encoders, compatible
# make collapse   why the paper's rule collapses, in pictures -> docs/results/collapse.md
# make senses     senses of pseudo-words, and of words with one sense -> docs/results/senses.md
# make answers    search by words, vectors and both, and the weight of vectors -> docs/results/search.md
# make drift      planted and judged changes, shuffled slices, words that changed -> docs/results/drift.md
# make monitor    false alarms of `monitor`, and how small a change it finds -> docs/results/monitor.md
# make concepts   phrases and topics of storm reports -> docs/results/concepts.md
# make field      methods around a table of vectors, each against its baseline -> docs/results/vectors.md
# make baselines  other methods on the same tokens: quality, time, memory -> docs/results/baselines.md
# make results    every table above anew, from one commit, after the tests of how they are made; it takes a night
# make test-benchmarks the tests of how tables and pages are made from measurements
# make figures    figures in hand-written text and the README's picture anew, from results.json and the tables
# make test-peers the tests of baselines, encoders, export and transforms; some run only if those are installed
# make test-lowest some tests with the lowest versions that pyproject.toml states
# make cluster    the tests of Dask clusters, also those that need an S3 server
# make mutations  lines of the code changed at random, each against the tests near it: which nobody notices; half an hour
# make soak       kills, faults of disk and permissions, damaged files -> docs/results/robustness.md; then the tests that
#                 take long, and laws with ten times as many examples: an hour
# make javascript  how the page's scripts are written, by prettier and eslint; needs npm, and writes node_modules/
# make docker     an image of `selfvec serve`, of that wheel; needs Docker
# make dist       a reproducible wheel, tried in an empty environment, and its sources; a bill of materials and licences
#                 -> dist/
# make docs       the documentation as a web site in site/, and the results as their own in site/results/
#
# bench, paper and the targets that fill a page of docs/results/ use shared/data beside the checkout, if it is there.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
UV := $(BIN)/python -m uv pip install --quiet --python $(BIN)/python

help:
	@sed -n 's/^# \(make\|  *->\)/\1/p' Makefile

.PHONY: help demo test checks tests pace bench billion paper quality collapse concepts answers drift monitor senses baselines field results figures test-benchmarks test-peers test-lowest mutations cluster soak javascript javascript-format dist docker docs clean

demo: $(VENV)/installed-plot
	@$(BIN)/selfvec demo -o demo-run

# Checks of the code run next to the tests. Three workers keep two cores busy: a test waits for programs, pages and
# pools of threads half of its time. A worker needs no further threads of BLAS. One that hangs is ended and replaced
# once: its file begins again, and would do so for ever.
# The tests start a hundred interpreters, so bytecode is kept, even where the environment says otherwise.
test: $(VENV)/installed-dev
	@$(MAKE) --no-print-directory --jobs=2 tests checks

checks:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python -m tools.ceilings

tests:
	PYTHONDONTWRITEBYTECODE= OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder \
		--max-worker-restart 1

pace: $(VENV)/installed-dev
	$(if $(BASE),,$(error name a commit: make pace BASE=COMMIT))
	@$(BIN)/python -m tools.pace $(BASE)

bench: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks speed

billion: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks speed.billion 10 30 100 300 1000

paper: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks paper.report

quality: $(VENV)/installed-dev
	for name in gains online auto oov encoders compatible; do \
		$(BIN)/python -m benchmarks quality.$$name || exit; done

collapse: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks paper.collapse

answers: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks quality.dense_weight

baselines: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks quality.continued
	$(BIN)/python -m benchmarks quality.hybrids

senses drift monitor concepts: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks quality.$@

field: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks vectors

results: test-benchmarks
	for folder in paper quality vectors speed robustness; do $(BIN)/python -m benchmarks $$folder || exit; done

figures: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks.figures
	$(BIN)/python -m benchmarks.example_pictures

test-benchmarks: $(VENV)/installed-dev
	$(BIN)/python -m pytest benchmarks/tests benchmarks/page.py benchmarks/paper/tables.py benchmarks/vectors/__init__.py

test-peers: $(VENV)/installed-dev
	$(BIN)/python -m pytest -rs -m "" tests/lab/evaluation/baselines tests/retrieval/encoder tests/lab/exporters tests/lab/transforms tests/test_docs.py

test-lowest: $(VENV)/bin/python
	$(BIN)/python tools/lowest.py

mutations: $(VENV)/installed-dev
	$(BIN)/python -m tests.mutations

cluster: $(VENV)/installed-dev $(VENV)/installed-cluster
	$(BIN)/python -m pytest -rs tests/lab/cluster

soak: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks robustness.soak
	SELFVEC_EXAMPLES=10 $(BIN)/python -m pytest -n 3 --dist loadfile -m "hypothesis or soak" tests

# Not part of `make test`, which has to do without npm. `make javascript-format` writes the scripts anew.
NPM := npm install --silent --no-save --no-package-lock --no-audit --no-fund
SCRIPTS := "src/selfvec/apps/web/static/*.js"

javascript: node_modules/.bin/eslint
	node_modules/.bin/prettier --check $(SCRIPTS)
	node_modules/.bin/eslint $(SCRIPTS)

javascript-format: node_modules/.bin/eslint
	node_modules/.bin/prettier --write $(SCRIPTS)

node_modules/.bin/eslint:
	$(NPM) prettier@3 eslint@9 @eslint/js@9 globals@16

dist: $(VENV)/installed-dev
	rm -f dist/*.whl dist/*.tar.gz
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m hatchling build
	$(BIN)/python tools/try_wheel.py dist
	$(BIN)/python tools/sbom.py dist

docker:
	@docker info >/dev/null 2>&1 || { echo "No Docker answers here: start it, or build docker/Dockerfile elsewhere." >&2; exit 1; }
	@$(MAKE) --no-print-directory dist
	docker build --tag selfvec --file docker/Dockerfile dist

# Not `--quiet`: what it hides does not count as a warning, and a broken link is one.
docs: $(VENV)/installed-docs
	for site in mkdocs mkdocs-results; do $(BIN)/mkdocs build --strict --config-file $$site.yml || exit; done

clean:
	rm -rf $(VENV) site demo-run demo-run.html .pytest_cache .mypy_cache .ruff_cache .hypothesis

# One environment; each extra is installed when first needed and again when pyproject.toml or the version changes. uv
# needs a fifth of pip's time; where only pip's configuration names a package index, pip installs.
$(VENV)/installed-%: pyproject.toml src/selfvec/base/installed.py | $(VENV)/bin/python
	@echo "installing selfvec[$*] into $(VENV) (once)"
	@$(PIP) uv && $(UV) --editable '.[$*]' || $(PIP) --editable '.[$*]'
	@touch $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
