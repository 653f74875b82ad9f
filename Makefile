# Everything a newcomer runs. Each target does its own set-up; a set-up with nothing to do costs nothing.
SHELL := /bin/bash
PYTHON ?= python3
PORT ?= 8000
SIZE ?= 100000
# Tests wait for one another's processes much of their time: more of them than cores is quicker.
WORKERS ?= 3
MINUTES ?= 30
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
ASSETS := app/static/vendor/manifest.json

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-wecom-engine check pictures gallery bench soak lock format

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | awk -F ':.*## ' '{printf "  make %-17s %s\n", $$1, $$2}'

setup: $(READY) $(ASSETS) ## only the set-up: .venv with the locked dependencies, front-end files

# The stamp is a file, never the folder: an interrupted set-up leaves the folder and no stamp.
$(READY): requirements.lock requirements-dev.lock app/translations/en/LC_MESSAGES/messages.po
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Banke needs Python 3.11 or newer as '$(PYTHON)'; name another one with: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "Python's venv module is missing; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@rm -f $@
	@[ -x $(BIN)/python ] && $(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo "installing the locked dependencies ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-input --only-binary :all: --require-hashes -r requirements-dev.lock
	@$(BIN)/pybabel -q compile -d app/translations
	@$(BIN)/python -m compileall -q app callbacks sidebar
	@touch $@

# Brought again when the folder was deleted; touched, since nothing is written when nothing changed.
$(ASSETS): package.json package-lock.json assets.toml .npmrc | $(READY)
	@$(BIN)/flask assets
	@touch $@

demo: setup ## the whole product on this machine, with a WeCom of its own
	@exec $(BIN)/flask demo --port $(PORT)

test: setup ## the tests
	@$(BIN)/pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

# The client for Windows went back to this engine in 5.0.10 and 5.0.11; for Linux on x86-64.
test-wecom-engine: setup ## the browser tests in Chromium 107, as old as WeCom's on Windows
	@export CHROMIUM="$$($(BIN)/python -m tests.old_engine)" && \
	  $(BIN)/pytest -q -n $(WORKERS) --dist loadfile tests/browser $(PYTEST_ARGS)

check: setup ## format, lint, types, import contract, then the tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy .
	@$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

pictures: setup ## the README's pictures, anew from a running demo
	@PICTURES=docs/pictures $(BIN)/pytest -q tests/browser/test_pictures.py

gallery: setup ## every panel and sheet of the sidebar in every look, as pictures in var/browser/gallery
	@GALLERY=var/browser/gallery $(BIN)/pytest -q tests/browser/test_gallery.py

bench: setup ## the benchmark: floor, naive peer and ours side by side
	@$(BIN)/python -m tests.bench --size $(SIZE) $(if $(PARTS),--parts $(PARTS))

soak: setup ## the tests that draw by lot, with other lots until MINUTES are over
	@$(BIN)/python -m tests.soak --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

format: setup ## let ruff arrange the code
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix-only -q .

lock: ## renew the lock files (needs uv)
	uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header -o requirements.lock requirements.in
	uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header -o requirements-dev.lock requirements-dev.in
