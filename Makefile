# Greenbridge. Needs Python >= 3.11 and make; everything else is installed into .venv from hashed locks.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
# Processes of the test run, each with a PostgreSQL of its own.
WORKERS ?= auto
BIN := $(VENV)/bin
# The editable install is a file of its own, so that a second run installs nothing.
RUN_STAMP := $(VENV)/.installed-run
DEV_STAMP := $(VENV)/.installed-dev

.PHONY: help setup demo test lint lock bench train benchmark clean
help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("Greenbridge needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

$(RUN_STAMP): requirements/run.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(DEV_STAMP): requirements/dev.txt $(RUN_STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

setup: $(RUN_STAMP) ## make .venv from the hashed lock

demo: setup ## a generated town end to end, then serve it on http://127.0.0.1:8000
	$(BIN)/greenbridge demo

test: $(DEV_STAMP) ## set up and run all tests
	@$(BIN)/python tests/browser/prepare.py
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

lint: $(DEV_STAMP) ## ruff, mypy --strict, lint-imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=. $(BIN)/lint-imports

bench: $(DEV_STAMP) ## speed ratios, in interleaved rounds; writes bench.json
	$(BIN)/python -m pytest tests/bench -s -o python_files='bench_*.py'

train: $(DEV_STAMP) ## train the default model on the folder named by GREENBRIDGE_REAL_DATA
	$(BIN)/python -m ml.train ml/cards/cumcm-default.toml --out ml/artifacts --data "$${GREENBRIDGE_REAL_DATA:?name the folder with the labelled firms}"

benchmark: $(DEV_STAMP) ## ours, challenger and baselines on the data sets of ml/cards, on the same splits
	$(BIN)/python -m ml.benchmark --data "$${GREENBRIDGE_REAL_DATA:?name the folder with the data sets}"

lock: ## write requirements/*.txt anew (hashes, no hosts)
	$(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(VENV)/lock/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --python-version 3.11 --custom-compile-command 'make lock' --extra build pyproject.toml -o requirements/run.txt
	$(VENV)/lock/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --python-version 3.11 --custom-compile-command 'make lock' --extra build --extra dev --extra ml -c requirements/run.txt pyproject.toml -o requirements/dev.txt

clean: ## remove .venv and the project's own data
	rm -rf $(VENV) .data
