# Two commands matter: `make talk` starts the agent, `make test` proves it.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
# Tests that share nothing and time nothing: as many at once as there are cores.
QUICK := not bundle and not e2e and not browser and not slow
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint requirements/constraints.txt

.PHONY: talk call learn-demo test lint unit models protos clean help
.DEFAULT_GOAL := help

help: ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

talk: .venv/serve models ## set everything up and start the agent
	@$(BIN)/talkover serve

call: .venv/serve ## call the running agent from the terminal: make call WAV=hello.wav
	@$(BIN)/talkover call --wav $(WAV)

learn-demo: .venv/test models ## see it learn from callers in about 20 minutes; more with ARGS=--help
	@$(BIN)/python scripts/learn_demo.py $(ARGS)

test: .venv/test models ## set everything up and run all checks and tests
	@sh scripts/test_setup.sh
	$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest -m '$(QUICK)' --numprocesses auto
	$(BIN)/python -m pytest -m 'not ($(QUICK))'

unit: .venv/test ## only the tests that need no weights
	$(BIN)/python -m pytest -m '$(QUICK)' --numprocesses auto

lint: .venv/test ## ruff and mypy
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

models: .venv/serve ## fetch the base weights and build the first bundle, once
	@$(BIN)/talkover models build --if-missing

protos: .venv/test ## regenerate the code beside the .proto files
	PATH=$(BIN):$$PATH $(BIN)/python scripts/generate_protos.py

clean: ## forget the virtual environment; weights, bundles and traces stay
	rm -rf .venv

# One stamp for each set of packages: a second run installs nothing and needs no network.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if v >= (3, 11) else f"Python 3.11 or newer is needed, this is {v[0]}.{v[1]}; name another with make PYTHON=...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip==26.3'

.venv/serve: pyproject.toml requirements/constraints.txt | .venv/bin/python
	@echo "Installing the server and the client ..."
	$(PIP) --editable '.[server,client]'
	@touch $@

.venv/test: pyproject.toml requirements/constraints.txt | .venv/serve
	@echo "Installing what the tests need ..."
	$(PIP) --editable '.[server,client,trainer,dev]'
	@touch $@
