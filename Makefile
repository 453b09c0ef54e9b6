# Everything a newcomer needs: `make test` sets up what it needs and runs the tests. No root needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Compiled tests are kept: compiling them anew takes longer than many of them.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup test test-slow lint gen lab lab-build lab-up lab-down lab-shell corpus bench lock clean

help: ## What there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

setup: $(STAMP) ## A virtual environment with everything, from the lock file

$(STAMP): requirements/dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "coldstart needs Python 3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $(STAMP)

test: $(STAMP) ## The fast suite, against real servers on loopback
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not slow and not lab"

test-slow: $(STAMP) ## What waits for real time, real databases, and property tests at length
	COLDSTART_THOROUGH=1 $(BIN)/python -m pytest -n auto --dist worksteal -m slow
	COLDSTART_THOROUGH=1 $(BIN)/python -m pytest -n auto --dist worksteal tests/baseline/test_fuzz.py \
		tests/e2e/test_no_false_green.py tests/render/test_hostile.py tests/test_shapes.py

lint: $(STAMP) ## ruff, mypy --strict, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

gen: $(STAMP) ## Write what is generated from the code: schemas, probe pages
	$(BIN)/python -m coldstart.baseline.schema > docs/schema/baseline.schema.json.new
	mv docs/schema/baseline.schema.json.new docs/schema/baseline.schema.json
	$(BIN)/python -m coldstart.render.schema report > docs/schema/report.schema.json.new
	mv docs/schema/report.schema.json.new docs/schema/report.schema.json
	$(BIN)/python -m coldstart.render.schema plan > docs/schema/plan.schema.json.new
	mv docs/schema/plan.schema.json.new docs/schema/plan.schema.json
	$(BIN)/python -m tools.docs docs

lab: $(STAMP) ## Four real hosts (needs root): boot them, run the lab tests, take them down again
	$(BIN)/python -m pytest -m lab tests/lab

lab-build: $(STAMP) ## Make what the lab's hosts are made from (about two minutes, once)
	$(BIN)/python -m lab build

lab-up: $(STAMP) ## Boot the lab's hosts, and leave them up
	$(BIN)/python -m lab up

lab-down: $(STAMP) ## End the lab, whatever state it is in
	$(BIN)/python -m lab down

lab-shell: ## A root shell on one of them: make lab-shell HOST=188
	@$(BIN)/python -m lab shell $(or $(HOST),$(error say which: make lab-shell HOST=188))

corpus: $(STAMP) ## Record what the real tools say, healthy and broken, into tests/corpus (needs root)
	$(BIN)/python -m lab.corpus

bench: $(STAMP) ## Measure, as ratios in one run
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python -m benchmarks.lab_check

lock: $(STAMP) ## Resolve the lock files anew, without naming any registry
	$(BIN)/pip-compile --quiet --upgrade --allow-unsafe --strip-extras --generate-hashes --no-emit-index-url \
		--no-emit-find-links --no-emit-trusted-host --output-file requirements/run.lock pyproject.toml
	$(BIN)/pip-compile --quiet --upgrade --allow-unsafe --strip-extras --generate-hashes --no-emit-index-url \
		--no-emit-find-links --no-emit-trusted-host --extra dev --output-file requirements/dev.lock pyproject.toml

clean: ## Remove the virtual environment and every cache
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
