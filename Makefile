# Cluster Atlas: everything from a fresh clone. `make` lists the targets.
# Needs Python 3.11 or newer and make; the rest is installed into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help demo test lint types unit test-spark bench evaluate serve clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Cluster Atlas needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 demo"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "$(PYTHON) has no venv module; install it (Debian: python3-venv) and try again"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(READY) ## load the sample, validate, publish and serve it on http://127.0.0.1:8000
	$(BIN)/atlas demo

serve: $(READY) ## serve the current release of the workspace
	$(BIN)/atlas serve

test: lint types unit ## every check: lint, types, tests, documentation

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

# Three processes on two processors, for many tests wait, for a limit or a server. In their order,
# and not the files with most tests first: those with few take longest, and would be left to the end.
unit: $(READY)
	$(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

test-spark: $(READY) ## the same plans on Spark: installs pyspark; needs Java 17 or newer
	@java -version >/dev/null 2>&1 || test -x "$$JAVA_HOME/bin/java" || \
	  { echo "Spark needs Java 17 or newer: set JAVA_HOME, or put java on PATH (Debian: openjdk-17-jre-headless)"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,spark]'
	$(BIN)/python -m pytest tests/spark

bench: $(READY) ## measure against the peers, in one run, and print the tables
	$(BIN)/python -m benchmarks

evaluate: $(READY) ## rank partners over time, beside the baselines, on the workspace's release
	$(BIN)/atlas evaluate

clean: ## remove what the targets above made; never a workspace
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
