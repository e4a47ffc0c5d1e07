# make backtest   the main job, offline, on the bundled history
# make test       the tests; of one file: make test FILE=tests/test_x.py
# make quick      the tests a person waits for while editing
# make lint       lint, format and types
# make check      lint, format, types and tests
# make proof      long demonstrations, one script each
# Each makes .venv and installs what is missing, once.

PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11,$(shell $(p) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $(p))))
BIN := .venv/bin
CONFIG ?= config.yaml
CONSTRAINTS := $(wildcard constraints.txt)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check $(addprefix --constraint ,$(CONSTRAINTS))
BUILD := $(BIN)/python -c 'from backtests.engine import joint_draws, kernel; kernel.build(); joint_draws.build()'
# A file stays on one worker, for what its tests share; tests/conftest.py puts the longest files first.
PYTEST = $(BIN)/pytest $(if $(FILE),-n 0 $(FILE),-n auto --dist loadfile --no-loadscope-reorder)

# Compiled modules are kept, whatever the environment says: every worker and every command under test reads them.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: backtest test quick lint check format benchmark docs pictures proof clean

backtest: .venv/.installed
	@$(BIN)/divergence run $(CONFIG)

test: .venv/.installed-dev
	@$(PYTEST)

quick: .venv/.installed-dev
	@$(PYTEST) -m "not slow and not browser and not realdata and not network"

lint: .venv/.installed-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

check: lint test

proof: .venv/.installed-dev
	@for script in $(wildcard tests/proof/[!_]*.py); do PYTHONPATH=. $(BIN)/python $$script || exit; done

format: .venv/.installed-dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

benchmark: .venv/.installed-dev
	@$(BIN)/python benchmarks/engine.py
	@$(BIN)/python benchmarks/kernel.py
	@$(BIN)/python benchmarks/sweep.py
	@$(BIN)/python benchmarks/cluster.py

# The figures of docs/strategies.md, docs/trades.md and docs/cookbook.md, the examples of docs/files.md
docs: .venv/.installed
	@$(BIN)/python docs/generate.py
	@$(BIN)/python docs/configuration.py
	@$(BIN)/python docs/shapes.py
	@$(BIN)/python docs/trades.py
	@$(BIN)/python docs/journal_replay.py
	@$(BIN)/python docs/cookbook.py
	@$(BIN)/python docs/notebook.py

# Pictures and screenshots of the README and docs, from the bundled figures; needs Chromium
pictures: .venv/.installed-dev
	@$(BIN)/python docs/pictures.py

# The schema that config.yaml points its editor at
config.schema.json: .venv/.installed
	@$(BIN)/divergence config schema > $@

clean:
	rm -rf .venv

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "error: Python 3.11, 3.12 or 3.13 is needed and none was found; install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || { echo "error: $(PYTHON) is not Python 3.11, 3.12 or 3.13; name one that is: make PYTHON=/path/to/python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "error: $(PYTHON) cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 2; }
	@echo "making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 2; }

.venv/.installed: pyproject.toml $(CONSTRAINTS) | .venv/bin/python
	@echo "installing what a run needs (once)"
	@$(INSTALL) --editable .
	@$(BUILD)
	@touch $@

.venv/.installed-dev: pyproject.toml $(CONSTRAINTS) | .venv/bin/python
	@echo "installing what the tests need (once)"
	@$(INSTALL) --editable '.[dev]'
	@$(BUILD)
	@touch .venv/.installed $@
