# One command each. Everything works from a fresh clone: what a target needs is set up first.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
DONE   := $(VENV)/.done
LOCALE := src/dinghai_platform/locale src/dinghai_platform/*/locale
PO     := $(wildcard $(LOCALE:%=%/*/LC_MESSAGES/*.po))

# What is imported may be kept compiled: the tests are read once, not once for each process.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test coverage test-postgres soak lint bench screenshots messages lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# --- set-up: each step leaves a stamp and runs again only when its inputs changed ---------------

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(DONE)/requirements: requirements/develop.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@mkdir -p $(DONE) && touch $@

$(DONE)/package: pyproject.toml $(DONE)/requirements
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@mkdir -p $(DONE) && touch $@

$(DONE)/npm: package.json package-lock.json .npmrc
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@mkdir -p $(DONE) && touch $@

$(DONE)/vendor: tools/vendor.py src/dinghai_platform/site/icons.json $(DONE)/npm $(DONE)/requirements
	$(BIN)/python tools/vendor.py
	@mkdir -p $(DONE) && touch $@

$(DONE)/messages: tools/messages.py $(PO) $(DONE)/requirements
	$(BIN)/python tools/messages.py compile
	@mkdir -p $(DONE) && touch $@

setup: $(DONE)/package $(DONE)/vendor $(DONE)/messages ## Virtual environment, npm files, translations

# --- using it ------------------------------------------------------------------------------------

demo: setup ## The whole story in the terminal, then the site
	$(BIN)/dinghai demo

serve: setup ## The site alone
	$(BIN)/dinghai serve

bench: setup ## Benchmarks, one JSON line each
	$(BIN)/python -m benchmarks

screenshots: setup ## Pictures for the README, or of every page of the site at ADDRESS
	$(BIN)/python tools/screenshots.py $(ADDRESS)

# --- checking it ---------------------------------------------------------------------------------

lint: setup ## Style, types, import contract
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint ## Lint, then the whole suite but for soak
	$(BIN)/pytest -m "not soak" -n 2 --dist loadfile

test-postgres: setup ## The platform's tests on a PostgreSQL made for them
	$(BIN)/python tools/with_postgres.py $(BIN)/pytest tests/platform -m "not soak" \
		-n 2 --dist loadfile

coverage: setup ## Branch coverage of the product language, the terms and the claims engine
	$(BIN)/coverage run -m pytest -q -m "not soak" tests/wording tests/terms tests/claims tests/golden tests/cli
	$(BIN)/coverage report

soak: setup ## What is too slow for the suite
	$(BIN)/pytest -m soak

# --- keeping it ----------------------------------------------------------------------------------

messages: setup ## Gather translatable text and list what lacks Chinese
	$(BIN)/python tools/messages.py extract
	$(BIN)/python tools/messages.py compile

LOCK := $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header \
	--no-annotate --no-emit-index-url --no-emit-trusted-host --no-emit-find-links

lock: setup ## Lock the Python requirements anew from pyproject.toml
	$(LOCK) --extra platform --extra cluster --extra develop -o requirements/develop.txt pyproject.toml
	cp requirements/develop.txt requirements/base.txt
	$(LOCK) --extra platform -o requirements/base.txt pyproject.toml
	sed -i '/^ *#/d' requirements/base.txt requirements/develop.txt

clean: ## Remove what set-up made, but not var/ (the site's data)
	rm -rf $(VENV) node_modules build dist src/dinghai_platform/site/static/vendor
	rm -rf src/dinghai/data/fonts
	rm -f $(LOCALE:%=%/*/LC_MESSAGES/*.mo)
