# Everything a newcomer types. Needs Python 3.11 or later with pip, make, and PyPI in reach.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PY     := $(BIN)/python
UV     := .tools/uv/bin/uv

# uv ignores pip's settings: it asks PyPI, trusts the system's certificates and never fetches a Python.
export UV_SYSTEM_CERTS := 1
export UV_PYTHON_DOWNLOADS := never
export UV_NO_CONFIG := 1
unexport VIRTUAL_ENV

# Tests start hundreds of processes, each of which would compile every module anew where Python may not keep them.
COMPILED := PYTHONDONTWRITEBYTECODE= PYTHONPYCACHEPREFIX=$(CURDIR)/.cache/pycache

PACKAGES := $(PY) $(UV)
SERVER   := $(VENV)/.server-installed
DEV      := $(VENV)/.dev-installed
DEBIAN   := $(VENV)/.debian-installed
CLIENTS  := $(patsubst requirements/clients/%.txt,.tools/clients/%/.installed,$(wildcard requirements/clients/*.txt))
NODE     := .tools/clients/node/packages/.installed

.DEFAULT_GOAL := help
.PHONY: help setup serve test check lint types layers bench openapi check-openapi catalog lock clean
.DELETE_ON_ERROR:

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

setup: $(SERVER) ## create .venv with the locked libraries and the package, so that .venv/bin/trunkline works

serve: $(SERVER) ## run the server (TRUNKLINE_HOME, TRUNKLINE_HOST, TRUNKLINE_PORT, TRUNKLINE_CONFIG)
	@exec $(BIN)/trunkline serve

test: $(DEV) $(DEBIAN) $(CLIENTS) $(NODE) ## run all tests (PYTEST="tests/cli -k port" for some)
	$(COMPILED) $(BIN)/pytest -n 2 --dist loadfile $(PYTEST)

check: lint types layers check-openapi ## run every static check
	$(BIN)/pytest -q tests/architecture

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV)
	$(BIN)/mypy

layers: $(DEV)
	$(BIN)/lint-imports --no-logo

openapi: $(SERVER) ## write spec/openapi.yaml anew from the code
	@mkdir -p spec
	$(PY) -m trunkline.server.http.openapi > spec/openapi.yaml.new
	mv spec/openapi.yaml.new spec/openapi.yaml

check-openapi: $(SERVER)
	@if [ -e spec/openapi.yaml ]; then \
	  $(PY) -m trunkline.server.http.openapi | diff -u spec/openapi.yaml - \
	    || { echo "spec/openapi.yaml is not what the code says: run make openapi and commit it" >&2; exit 1; }; fi

catalog: $(DEV) ## build the bundled catalogue anew from its sources
	$(PY) catalog/build.py

bench: $(DEV) ## measure beside nginx and LiteLLM (BENCH="--quick nginx" for some); results go to .cache/bench
	@requirements/debian-install requirements/debian-bench.txt
	$(PY) -m benchmarks.run $(BENCH)
	$(PY) -m benchmarks.gateway $(filter --quick,$(BENCH))

lock: $(UV) ## write requirements/*.txt anew (newest versions that fit pyproject.toml)
	requirements/lock $(UV) $(PYTHON)

clean: ## remove .venv, .tools and all caches
	rm -rf .venv .tools .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist

# --- the stamps behind setup and test ---

$(UV): requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Trunkline needs Python 3.11 or later: make PYTHON=/path/to/python3.12 setup" >&2; exit 1; }
	@$(PYTHON) -m pip --version >/dev/null 2>&1 \
	  || { echo "$(PYTHON) has no pip: install it (on Debian: apt-get install python3-pip)" >&2; exit 1; }
	@rm -rf .tools/uv
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --target .tools/uv -r requirements/uv.txt
	@touch $@

$(PY): | $(UV)
	$(UV) venv --quiet --python "$$(command -v $(PYTHON))" $(VENV)

$(SERVER): requirements/server.txt requirements/build.txt pyproject.toml | $(PACKAGES)
	$(UV) pip install --quiet --python $(PY) --require-hashes -r requirements/server.txt
	$(UV) pip install --quiet --python $(PY) --no-deps --build-constraints requirements/build.txt -e .
	@touch $@

$(DEV): requirements/dev.txt $(SERVER)
	$(UV) pip install --quiet --python $(PY) --require-hashes -r requirements/dev.txt
	@touch $@

$(DEBIAN): requirements/debian.txt requirements/debian-install | $(PY)
	@requirements/debian-install $< && touch $@

.tools/clients/%/.installed: requirements/clients/%.txt | $(UV)
	@rm -rf $(@D) && mkdir -p $(@D)
	$(UV) venv --quiet --python "$$(command -v $(PYTHON))" $(@D)/venv
	$(UV) pip install --quiet --python $(@D)/venv/bin/python --require-hashes -r $<
	@touch $@

.tools/bench/tensorzero/.installed: requirements/bench/tensorzero.txt | $(UV)
	@rm -rf $(@D) && mkdir -p $(@D)
	$(UV) venv --quiet --python "$$(command -v $(PYTHON))" $(@D)/venv
	$(UV) pip install --quiet --python $(@D)/venv/bin/python --require-hashes -r $<
	@touch $@

.tools/bench/portkey/.installed: benchmarks/gateway/portkey/package.json benchmarks/gateway/portkey/package-lock.json .tools/clients/node/.installed
	@rm -rf $(@D) && mkdir -p $(@D) && cp benchmarks/gateway/portkey/package*.json $(@D)
	cd $(@D) && PATH="$(CURDIR)/.tools/clients/node/venv/bin:$$PATH" npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# npm comes with Node from PyPI; the lock has digests and no addresses, and no package's scripts are run.
$(NODE): tests/clients/node/package.json tests/clients/node/package-lock.json .tools/clients/node/.installed
	@rm -rf $(@D) && mkdir -p $(@D) && cp tests/clients/node/package*.json $(@D)
	PATH="$(CURDIR)/.tools/clients/node/venv/bin:$$PATH" npm ci --prefix $(@D) --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
