# The command surface. `make help` lists it; what a target does is an emrctl verb or a tool that runs by itself too.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
# Imports are a third of the time of a short command; some machines tell Python to keep no bytecode.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup demo down test test-all lint workflows format lock bench bench-peers clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 12

setup: $(READY) ## make the virtual environment from the lock file

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is $$($(PYTHON) -V 2>&1); allowed is Python 3.11 or newer; name one with 'make PYTHON=python3.11'" >&2; exit 2; }
	@echo "making .venv from requirements.lock (about 450 MB from the package index, once)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --require-hashes -r <(sed -n '/^uv==/,/^[^ ]/p' requirements.lock | sed '$$d')
	@$(BIN)/uv pip sync --quiet --require-hashes --python $(BIN)/python requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## bring the platform up on this machine and run the nightly ETL on real flights
	@$(BIN)/emrctl demo

down: $(READY) ## destroy the local stack and stop everything that demo started
	@$(BIN)/emrctl down

test: $(READY) ## the tests that users and CI run, at most 20 minutes on two cores
	@$(BIN)/emrctl engine ensure
	@$(BIN)/emrctl spark ensure
	@$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow" -q

test-all: $(READY) ## everything, folder by folder; goes on where it was stopped (fresh: make test-all AGAIN=1)
	@$(BIN)/emrctl engine ensure
	@$(BIN)/emrctl spark ensure
	@$(BIN)/python tests/all.py $(if $(AGAIN),--again)

lint: $(READY) ## ruff, mypy strict, the import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

workflows: ## actionlint on .github/workflows (a Go module; apart from lint, for it needs Go)
	@go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.7

format: $(READY) ## let ruff put the code in form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: ## resolve pyproject.toml into requirements.lock, and the releases' packages into theirs
	@$(BIN)/uv pip compile --universal --all-extras --generate-hashes --no-emit-index-url --no-header \
	  --python-version 3.11 --quiet pyproject.toml --output-file requirements.lock
	@for release in local/spark/releases/*.in bench/peers/*/requirements.in; do \
	  $(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
	    --python-version 3.11 --quiet "$$release" --output-file "$${release%.in}.lock"; done

bench: $(READY) ## measure: medians and ratios, each against a floor of the same run
	@$(BIN)/python -m bench

bench-peers: $(READY) ## the peers that bench measures against, each in an environment and with a lock of its own
	@for peer in bench/peers/*/; do \
	  $(PYTHON) -m venv "$$peer.venv" && \
	  $(BIN)/uv pip sync --quiet --require-hashes --python "$$peer.venv/bin/python" "$$peer/requirements.lock"; done

clean: ## remove what make made here (not the user's cache)
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
