# Every path here is relative, so the checkout may lie in a folder with a space in its name.
# Commands run as `.venv/bin/python -m ...`: the first line of an installed script breaks in such a folder with some versions of pip.

PY := .venv/bin/python
FEED ?= examples/feed
AS_OF ?= 2026-06-15T07:00
OUT ?= out
DOCUMENTS ?= html,pdf
DEMO ?= out/demo.db
PORT ?= 8400
SUITE := -n 2 --dist loadfile --no-loadscope-reorder --doctest-modules --pyargs discharge tests

# What a process compiles is kept for the next, whatever the environment says.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run serve screens test lint format types suite suite-wheel sweep lock wheel clean prepare-run prepare-dev

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

run: prepare-run ## prepare, review the example feed, show the ten most urgent stays (FEED, AS_OF, OUT, DOCUMENTS)
	@$(PY) -m discharge review "$(FEED)" --as-of "$(AS_OF)" --in-house --out "$(OUT)" --documents "$(DOCUMENTS)"

serve: prepare-run ## the pages on the example feed, an account for each role; address and password are printed (PORT, DEMO)
	@$(PY) -m discharge demo "$(FEED)" --as-of "$(AS_OF)" --database "$(DEMO)" --port "$(PORT)"

screens: prepare-dev ## a picture of every page into docs/screens
	$(PY) scripts/screens.py

test: prepare-dev ## prepare, then lint, types, the suite in the checkout, the suite against the built wheel
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory -j 2 types suite # types while the suite waits for a browser or a server
	@$(MAKE) --no-print-directory suite-wheel

lint: prepare-dev ## ruff: rules and formatting
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

format: prepare-dev ## let ruff sort imports and format
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

types: prepare-dev ## mypy --strict
	$(PY) -m mypy --strict -n 2 discharge

suite: prepare-dev ## tests and doctests in the checkout
	@$(PY) -m compileall -q -j 2 discharge # once, not in each process that a test starts
	$(PY) -m pytest -m "not sweep" $(SUITE)

sweep: prepare-dev ## what takes too long for `make test`: whole real feeds (where ../shared holds them), the API's description on PostgreSQL
	$(PY) -m pytest -m sweep tests

suite-wheel: prepare-dev ## the same tests, from another folder, against the built wheel
	$(PY) scripts/suite_wheel.py $(SUITE)

lock: ## pin dependencies after a change of pyproject.toml (make lock UPGRADE=1 for newer versions)
	@test -x .venv/bin/uv || $(MAKE) --no-print-directory prepare-dev
	sh scripts/lock.sh $(if $(UPGRADE),--upgrade)

wheel: prepare-dev ## build the wheel into dist/
	$(PY) -m build --no-isolation --wheel --outdir dist .

clean: ## remove everything that make made
	rm -rf .venv .prepare.lock out dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find discharge tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +

prepare-run:
	@sh scripts/prepare.sh run

prepare-dev:
	@sh scripts/prepare.sh dev

# Benchmarks (benchmarks/README.md)
BENCH_ROWS ?= 100000
BENCH_EVENTS ?= 1000000

.PHONY: bench-decide bench-review bench-disposition bench-ledger bench-pages

bench-decide: prepare-run ## this engine and five others decide the same rules (BENCH_ROWS)
	@sh benchmarks/prepare.sh
	$(PY) benchmarks/decide.py --rows $(BENCH_ROWS) --json out/bench-decide.json

bench-review: prepare-run ## whole reviews per second, peak memory, one evaluate (FEED, AS_OF)
	$(PY) benchmarks/review.py --feed "$(FEED)" --as-of "$(AS_OF)" --json out/bench-review.json

bench-disposition: prepare-run ## the place ranked first against the recorded disposition (FEED=a feed that records it)
	$(PY) benchmarks/disposition.py --feed "$(FEED)" --json out/bench-disposition.json

bench-ledger: prepare-run ## append, verify, rebuild and the worklist on a ledger of BENCH_EVENTS events
	$(PY) benchmarks/ledger.py --events $(BENCH_EVENTS) --json out/bench-ledger.json

bench-pages: prepare-run ## 50 people click through the pages of a hospital with 1,000 patients in the house
	$(PY) benchmarks/pages.py --json out/bench-pages.json
