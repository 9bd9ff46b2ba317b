# Everything runs in .venv, which is made here and needs only Python 3.11+ and make.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: run test check bench screenshots clean

run: $(STAMP)
	@$(BIN)/python -m curatory.tui demo --open --store .demo/registry.db

test: $(STAMP)
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not slow" $(ARGS)

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

bench: $(STAMP)
	$(BIN)/python -m tests.bench $(ARGS)

screenshots: $(STAMP)
	$(BIN)/python -m screenshots

clean:
	rm -rf .venv .demo build *.egg-info

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Curatory needs Python 3.11 or newer; set PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	mkdir -p .venv/namespace && ln -sfn ../.. .venv/namespace/curatory
	touch $(STAMP)
