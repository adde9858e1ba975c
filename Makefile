# Two commands on a fresh machine: `make demo` and `make test`. Each makes .venv if there is none.
# VENV=path uses another environment, JOBS=n other than two test processes, SERVER=url another server for `make bench`,
# EXAMPLES=n as many invented databases for `make fuzz`.

VENV ?= .venv
JOBS ?= 2
EXAMPLES ?= 10000
SERVER ?= postgresql://postgres@127.0.0.1/postgres
BIN := $(VENV)/bin
READY := $(VENV)/.dbclone-ready

.PHONY: help install demo test fuzz bench check lint types layers clean

help:
	@echo "make demo    clone the example shop, verify the clone, write demo/report.html"
	@echo "make test    run the test suite"
	@echo "make fuzz    clone $(EXAMPLES) invented databases, other ones each time, and check every constraint"
	@echo "make bench   TPC-H beside pg_dump and pg_restore, and 1,000 tables, on the server that SERVER names"
	@echo "make check   what continuous integration runs: lint, types, layers, tests"
	@echo "make clean   remove what the above wrote, the environment excepted"

install: $(READY)

# A name on PATH may be a version manager's shim for a Python that is not there: each candidate is run before it is used.
$(READY): pyproject.toml
	@set -e; \
	if ! [ -x $(BIN)/python ]; then \
	  for name in python3.13 python3.12 python3.11 python3; do \
	    if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	      python=$$name; break; \
	    fi; \
	  done; \
	  if [ -z "$${python:-}" ]; then echo "Python 3.11 or newer is needed; none was found on PATH." >&2; exit 1; fi; \
	  echo "Making $(VENV) with $$($$python --version)"; \
	  $$python -m venv $(VENV); \
	fi
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $(READY)

demo: $(READY)
	@$(BIN)/python examples/demo.py

test: $(READY)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup

fuzz: $(READY)
	DBCLONE_FUZZ_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest tests/fuzz -n $(JOBS)

bench: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check tpchgen-cli
	$(BIN)/python benchmarks/speed.py $(SERVER) --tpch 0.1
	$(BIN)/python benchmarks/many_tables.py $(SERVER)

check: lint types layers test

lint: $(READY)
	$(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy

layers: $(READY)
	$(BIN)/lint-imports

clean:
	rm -rf build dist demo out .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find dbclone tests examples -name __pycache__ -type d -prune -exec rm -rf {} +
