# Every target does its own set-up: a virtual environment in .venv, filled from the lock files.
# Needed beforehand: Python 3.11 or newer, git, make, and a package registry.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test chaos lint format catalogues screenshot coverage lock wheel clean

run: $(VENV)/.run
	$(BIN)/duewatch run

test: $(VENV)/.dev
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

# Real processes, killed at random before a server that fails, as often as asked: make chaos SEEDS=100 JOBS=2
chaos: $(VENV)/.dev
	$(BIN)/python -m tests.chaos --seeds $(or $(SEEDS),10) --first $(or $(FIRST),1) --jobs $(or $(JOBS),1) \
		--notifications $(or $(NOTIFICATIONS),200)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m locales.catalogues --check

format: $(VENV)/.dev
	$(BIN)/ruff check --fix-only --exit-zero .
	$(BIN)/ruff format .

catalogues: $(VENV)/.dev
	$(BIN)/python -m locales.catalogues

# The picture in the README, from the test that plays the month.
screenshot: $(VENV)/.dev
	DUEWATCH_SCREENSHOT=docs/screenshot.png $(BIN)/python -m pytest tests/sandbox/test_play_month.py

coverage: $(VENV)/.dev
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage report --skip-covered

wheel: $(VENV)/.dev
	$(BIN)/python -m build --wheel --no-isolation

# After a change to the dependencies in pyproject.toml.
lock: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --group build --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links --output-file requirements.lock
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links --output-file requirements-dev.lock

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(BIN)/python:
	$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else "Duewatch needs Python 3.11 or newer; this is %d.%d. Name another: make PYTHON=python3.12" % v[:2])'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(VENV)/.run $@
