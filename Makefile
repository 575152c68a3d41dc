# Everything happens in .venv, from the lock files; a target that finds its environment ready installs nothing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PEERS := .venv-peers
CONFIG ?= data/sample/company.yml
OUTPUT ?= reports/sample
MINUTES ?= 5
SEED ?= 1

.DEFAULT_GOAL := help
.PHONY: help report test types suite fuzz lab engines notebooks sample lock bench clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

report: $(VENV)/.report ## make the report of the sample company (CONFIG=my.yml OUTPUT=folder for your own)
	@$(BIN)/customer-value report "$(CONFIG)" --output "$(OUTPUT)"

test: $(VENV)/.test ## run every test: code, notebooks, browser
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python scripts/execute_notebooks.py --check
	@$(MAKE) --no-print-directory -j 2 types suite

types: $(VENV)/.test
	$(BIN)/mypy

suite: $(VENV)/.test
	$(BIN)/python -P -m pytest -n 2 --dist loadfile --no-loadscope-reorder --nbval --nbval-cell-timeout 300 tests notebooks

fuzz: $(VENV)/.test ## odd input and faults from a seed (MINUTES=5 SEED=1); what fails is kept in fuzz-failures
	PYTHONPATH=tests $(BIN)/python -m fuzzing --minutes $(MINUTES) --seed $(SEED) --keep fuzz-failures

lab: $(VENV)/.lab ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab --notebook-dir=. notebooks/01_data_load.ipynb

engines: $(VENV)/.engines ## add Spark and the drivers of PostgreSQL and MySQL to the environment

notebooks: $(VENV)/.test ## execute the committed notebooks again and write them in their fixed form
	$(BIN)/python scripts/execute_notebooks.py

sample: $(VENV)/.test ## make data/sample again, byte for byte
	$(BIN)/python -P -m customer_value.simulate data/sample --cdnow

lock: $(VENV)/.lock-tool ## resolve the versions again and write the lock files
	./scripts/lock.sh "$(BIN)/uv"

bench: $(VENV)/.test $(PEERS)/.ready ## time the lifetime-value engine against its peers, in one run
	$(BIN)/python benchmarks/clv.py --peers $(PEERS)/bin/python

clean: ## remove the environment and what tools left behind
	rm -rf $(VENV) $(PEERS) .mypy_cache .pytest_cache .ruff_cache .hypothesis fuzz-failures build dist

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name it with: make PYTHON=python3.11 ..."; exit 1; }
	@echo "Making $(VENV) (once) ..."
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "Python's venv module is needed (Debian and Ubuntu: python3-venv)."; exit 1; }

# $(1): stamp, $(2): lock file
define environment
$(VENV)/.$(1): $(2) pyproject.toml | $(BIN)/python
	@echo "Installing from $(2) (once; a minute or two) ..."
	@$$(PIP) install --require-hashes -r $(2)
	@$$(PIP) install --no-deps --no-build-isolation -e .
	@touch $$@
endef
$(eval $(call environment,report,requirements.lock))
$(eval $(call environment,test,requirements-test.lock))
$(eval $(call environment,lab,requirements-lab.lock))
$(eval $(call environment,engines,requirements-engines.lock))

$(PEERS)/.ready: benchmarks/requirements-peers.txt
	@echo "Making $(PEERS) (once) ..."
	@$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip --disable-pip-version-check --quiet install -r $<
	@touch $@

$(VENV)/.lock-tool: | $(BIN)/python
	@$(PIP) install uv
	@touch $@
