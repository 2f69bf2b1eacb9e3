# One command for one job. Everything happens in .venv; nothing is installed outside it.
PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.complete
TALLYSTREAM := $(VENV)/bin/tallystream
# Tests work with browsers and servers beside them: more at once than cores wait for each other.
JOBS ?= 2

.PHONY: help setup demo serve test check bench format lock clean

help:
	@echo "make demo [SECONDS=20]  an election night on this machine: https://localhost:8443"
	@echo "make test [JOBS=2]      the whole test suite, on real engines"
	@echo "make setup              only the environment; the command is then $(TALLYSTREAM)"
	@echo "make serve              the server, on an empty or existing database"
	@echo "make check              format, lint, types, architecture"
	@echo "make bench [PATH=intake]  how fast, beside others; docs/benchmarks.md names the paths"

setup: $(STAMP)

$(STAMP): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tallystream needs Python 3.11 or newer; name one with: make PYTHON=python3.12 …" or 0)'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	$(TALLYSTREAM) demo $(if $(SECONDS),--seconds $(SECONDS)) $(if $(PRECINCTS),--precincts $(PRECINCTS)) $(if $(PORT),--port $(PORT))

serve: setup
	$(TALLYSTREAM) serve

test: setup
	$(VENV)/bin/python -m pytest --numprocesses $(JOBS) --dist worksteal $(ARGS)

check: setup
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

format: setup
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

# PATH names a path to measure, if it is given here; it is then not where programs are looked for.
ifeq ($(origin PATH),command line)
BENCH := $(PATH)
override PATH := /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
endif

bench: setup
	$(VENV)/bin/python -m benchmarks $(BENCH)

# The locks carry hashes and no registry's address. uv.lock stays out of the repository.
lock:
	uv lock --upgrade
	uv export --quiet --format requirements.txt --no-emit-project --no-header --no-default-groups -o requirements.lock
	uv export --quiet --format requirements.txt --no-emit-project --no-header --all-groups -o requirements-dev.lock

clean:
	rm -rf $(VENV) .tallystream
