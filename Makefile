# Two commands that work from a bare clone with nothing but Python >= 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2

.PHONY: check test lint book clean

check: $(VENV)/.installed  ## run the suite against the embedded references
	$(BIN)/wirebook check --jobs $(JOBS)

test: $(VENV)/.installed-dev lint  ## run every test and static check
	$(BIN)/python -m pytest --numprocesses $(JOBS) --dist worksteal --cov --cov-report term:skip-covered
	$(BIN)/wirebook requirements --check
	$(BIN)/wirebook check --jobs $(JOBS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

book: $(VENV)/.installed-dev  ## build the site into site/
	$(BIN)/wirebook book build

clean:
	rm -rf $(VENV) site .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/.installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.installed-dev: pyproject.toml $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,inject,distributed]'
	touch $@
