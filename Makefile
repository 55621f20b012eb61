# The first use of a target makes the virtual environment and installs locked versions.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
SEASON ?=
ROUNDS ?=
ARGS ?=

.DEFAULT_GOAL := help
# All share one environment, into which one pip at a time may install.
.NOTPARALLEL:
.PHONY: help install precompute-season serve test test-quick coverage lint format truth damage bench bench-serve verify lock \
	docs screenshots try-image clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

# pip is what venv brings in last, so an environment without it is half made (no ensurepip, interrupted): once more.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@found=$$(ls -d $(VENV) 2>/dev/null); echo "$(PYTHON) -m venv $(VENV)"; \
	$(PYTHON) -m venv $(VENV) && test -x $@ || { [ "$$found" ] || rm -rf $(VENV); \
		echo "$(PYTHON) cannot make virtual environments (Debian and Ubuntu: apt install python3-venv)."; exit 1; }

# Three sets of locked versions, from small to large; all agree on the versions they share.
$(VENV)/.%: deploy/requirements/%.txt | $(BIN)/pip
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(INSTALLED): $(VENV)/.dev pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

install: $(INSTALLED) ## make the virtual environment with locked versions

precompute-season: $(VENV)/.pipeline ## compute SEASON=2025 [ROUNDS=1,3-5]; without SEASON the demo season, offline
ifeq ($(strip $(SEASON)),)
	@echo "No SEASON given: computing the demo season (simulated, offline). For a real one: make precompute-season SEASON=2025"
	$(BIN)/python -m pipeline demo $(ARGS)
else
	$(BIN)/python -m pipeline season $(SEASON) $(if $(strip $(ROUNDS)),--rounds $(ROUNDS)) $(ARGS)
endif

serve: $(VENV)/.serve ## serve computed_data on http://127.0.0.1:8000
	$(BIN)/python -m serve $(ARGS)

PYTEST := pytest --numprocesses auto --dist worksteal
# The tests start Python hundreds of times; where it may not keep what it compiles, that is half of their work.
unexport PYTHONDONTWRITEBYTECODE

test: $(INSTALLED) ## run the tests, two at a time for every processor
	$(BIN)/$(PYTEST) -m "not thorough" $(ARGS)

test-quick: $(INSTALLED) ## the tests of every part, without those that take seconds
	$(BIN)/$(PYTEST) -m "not slow and not thorough" $(ARGS)

coverage: $(INSTALLED) ## all tests, with more cases of many; and how much of pipeline and serve they run: it may not fall
	$(BIN)/coverage erase
	$(BIN)/coverage run -m $(PYTEST) $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# The type checker of the pages comes by npm, where there is one; CI has it.
TSC := tests/page/node_modules
$(TSC)/.installed: tests/page/package-lock.json
	npm ci --prefix tests/page --no-audit --no-fund --silent
	@touch $@

lint: $(INSTALLED) ## ruff, mypy, the import contracts, and the pages' types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(TSC)/.installed && $(TSC)/.bin/tsc -p tests/page/jsconfig.json; \
	else echo "The pages' types are not checked: there is no npm (Debian and Ubuntu: apt install npm)."; [ "$$CI" != true ]; fi

format: $(INSTALLED) ## let ruff format and fix
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

truth: $(INSTALLED) ## all sessions of past seasons against what their cars drove
	$(BIN)/python -m tests.truth.seasons $(ARGS)

damage: $(INSTALLED) ## what each kind of damage does to the frames, and whether it is named
	$(BIN)/python -m tests.damage.table $(ARGS)

bench: $(INSTALLED) ## measure the pipeline against the usual way
	$(BIN)/python -m bench $(ARGS)

bench-serve: $(INSTALLED) ## measure the server against nginx
	$(BIN)/python -m bench.serve $(ARGS)

verify: $(VENV)/.pipeline ## check every published file against its manifest
	$(BIN)/python -m pipeline verify $(SEASON) $(ARGS)

LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command "make lock" --quiet

lock: $(INSTALLED) ## resolve the requirements again
	$(BIN)/$(LOCK) --upgrade --extra dev --output-file deploy/requirements/dev.txt
	for extra in pipeline serve; do \
		$(BIN)/$(LOCK) --extra $$extra --constraint deploy/requirements/dev.txt \
			--output-file deploy/requirements/$$extra.txt; \
	done
	for plain in deploy/image/requirements deploy/requirements/checks deploy/requirements/checks-hcl2 \
		deploy/requirements/swift; do \
		$(BIN)/$(subst pyproject.toml,,$(LOCK)) --upgrade $$plain.in --output-file $$plain.txt; \
	done

docs: $(INSTALLED) ## write what documents and types say of options, columns and files
	$(BIN)/python docs/generate.py --write

screenshots: $(INSTALLED) ## look at the replay page: four sizes of screen, dark and light, into build/screenshots
	$(BIN)/python docs/screenshots.py --every --out build/screenshots $(ARGS)

try-image: $(INSTALLED) ## follow the Dockerfile without a container engine, and try what it makes
	$(BIN)/python deploy/try_image.py

clean: ## remove the environment and what was computed
	rm -rf $(VENV) $(TSC) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.coverage .coverage.*
	find computed_data -mindepth 1 ! -name README.md -delete
