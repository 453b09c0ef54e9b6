# Everything a newcomer needs: `make drill` and `make test` set up what they need. No root needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
COMPILE := $(BIN)/pip-compile --quiet --allow-unsafe --strip-extras --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-emit-trusted-host
# What was installed last: all that development needs, or only what a drill does.
STAMP := $(VENV)/.installed
DRILL_STAMP := $(VENV)/.installed-for-drills
# Compiled tests are kept: compiling them anew takes longer than many of them.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
# The first two are all that a newcomer needs.
.PHONY: help drill setup test test-slow test-in-time test-at-length test-browser lint gen lab lab-build lab-up lab-down lab-shell corpus bench lock clean

help: ## What there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

drill: $(DRILL_STAMP) ## A cold start on simulated hosts on loopback (SCENARIO=wal-damage; no hosts, no root, no network)
	@$(BIN)/coldstart drill $(SCENARIO)

setup: $(STAMP) ## A virtual environment with everything, from the lock file

$(STAMP): requirements/dev.lock pyproject.toml
	$(call install,requirements/dev.lock)
	@touch $(STAMP) $(DRILL_STAMP)

$(DRILL_STAMP): requirements/drill.lock pyproject.toml
	$(call install,requirements/drill.lock)
	@touch $(DRILL_STAMP)

define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "coldstart needs Python 3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes -r $(1)
	$(PIP) install --no-build-isolation --no-deps --editable .
endef

test: $(STAMP) ## The fast suite, against real servers on loopback
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not slow and not lab and not browser"

test-slow: test-in-time test-at-length ## What waits for real time, real databases, and property tests at length

test-in-time: $(STAMP)
	COLDSTART_THOROUGH=1 $(BIN)/python -m pytest -n auto --dist worksteal -m slow

test-browser: $(STAMP) ## The pages of reports in a real browser (needs chromium and poppler-utils)
	$(BIN)/python -m pytest -m browser tests/browser

test-at-length: $(STAMP)
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
	$(BIN)/python -m pytest -m lab --durations=8 tests/lab

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
	$(COMPILE) --upgrade --extra dev --extra drill --extra build --output-file requirements/dev.lock pyproject.toml
	$(COMPILE) --constraint requirements/dev.lock --extra drill --extra build --output-file requirements/drill.lock pyproject.toml
	$(COMPILE) --constraint requirements/dev.lock --output-file requirements/run.lock pyproject.toml

clean: ## Remove the virtual environment and every cache
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
