# `make` alone lists the targets. Each of them sets up what it needs, once, in .venv.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help book slides test browser check portable notebooks explorers claims lint format serve bench publish zip pdf licences clean

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
VENDORED := vendor/.ready
# From nothing: an incremental build keeps old titles in the side bars and pages of chapters that are gone.
BOOK := rm -rf _build; $(BIN)/jupyter-book build . -W -n --keep-going
PORT ?= 8000
ONTO ?= _published.git

# The book's tensors are small, and as many tests run at a time as there are cores: more threads would wait for each other.
export OMP_NUM_THREADS ?= 1
# Nobody moves a lab's sliders here, even when make was called from inside a notebook.
export KNOB_LABS := static
# Pins are raised on purpose, not when pip has a new release.
export PIP_DISABLE_PIP_VERSION_CHECK := 1

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

book: $(READY) $(VENDORED)  ## build the book into _build/html
	$(BOOK)

slides: $(READY) $(VENDORED)  ## a deck of slides for each chapter, in _build/slides; ARGS="02 07" makes these
	$(BIN)/python -m tools.site.slides $(ARGS)

test: $(READY) $(VENDORED)  ## all that CI checks; ALL=1 skips nothing, ARGS="laws notebooks/07" runs these jobs
	$(BIN)/python -m tools.site.browser
	$(BIN)/python -m tools.checks.check $(ARGS)

browser: $(READY)  ## find a Chromium for the tests, or install one; as root on Debian with its packages
	$(BIN)/python -m tools.site.browser --packages

check: $(READY)  ## the quick part of it: lint, laws, layers, parity, checkers
	$(BIN)/python -m tools.checks.check lint laws parity checkers

portable: $(READY)  ## run notebooks and laws as other processors would; ARGS="07 --kinds sse rounding"
	$(BIN)/python -m tools.checks.portable $(ARGS)

notebooks: $(READY)  ## execute the chapters whose code, or the definitions of lib that it reaches, have changed
	$(BIN)/python -m tools.notebooks.build $(ARGS)
	$(BIN)/python -m tools.notebooks.claims

explorers: $(READY) $(VENDORED)  ## bundle classroom/explorers/*.js; with ARGS=--posters draw their first pictures
	$(BIN)/python -m tools.site.explorers $(ARGS)

claims: $(READY)  ## regenerate the claims ledger, book/claims.md
	$(BIN)/python -m tools.notebooks.claims

lint: $(READY)  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(READY)  ## let ruff rewrite what it can
	$(BIN)/ruff check --fix --exclude notebooks .
	$(BIN)/ruff format --exclude notebooks .
	$(BIN)/python -m tools.notebooks.format

serve: book  ## the book at http://localhost:8000
	$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

# The allocator is told to keep what it frees: which side of a comparison gives a page back and which fetches it is chance.
KEEP := MALLOC_TRIM_THRESHOLD_=1000000000 MALLOC_MMAP_THRESHOLD_=1000000000
bench: .venv-bench/.ready book  ## compare with other libraries, in an environment of its own; measure the explorers
	$(KEEP) .venv-bench/bin/python -m tools.bench.library
	$(KEEP) .venv-bench/bin/python -m tools.bench.dit
	$(BIN)/python -m tools.bench.explorers
	$(BIN)/python -m tools.bench.engine

publish: $(READY) $(VENDORED)  ## build for ADDRESS=https://github.com/OWNER/NAME, and fill ONTO, a local bare repository
	rm -rf _build; BOOK_ADDRESS="$(ADDRESS)" $(BIN)/jupyter-book build . -W -n --keep-going
	$(BIN)/python -m tools.site.publish --address "$(ADDRESS)" --onto "$(ONTO)"
	$(BIN)/python -m tools.site.browser
	$(BIN)/python -m tools.site.copies offer

zip: book  ## one archive of the built book, _build/knob-by-knob.zip, which opens without a server
	$(BIN)/python -m tools.site.copies zip

pdf: book  ## the chapters on paper, _build/pdf, by Chromium; ARGS="04 06" prints these
	$(BIN)/python -m tools.site.copies pdf $(ARGS)

licences: $(READY)  ## the licence of every package that is installed
	$(BIN)/python -m tools.checks.licences

clean:  ## remove what was built, keep .venv
	rm -rf _build .cache .pytest_cache .ruff_cache .coverage

# --- set-up ----------------------------------------------------------------------------------------------------------
# With LOCKED=1 every package but torch is the very wheel of the lock (tools/checks/lock.py), and pip finds nothing else to bring.
# $(PYTHON) when given, else the first interpreter on the path that is new enough.
FIND_PYTHON = for p in $${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14 python}; do \
	    if "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo "$$p"; exit 0; fi; \
	  done; \
	  echo "This book needs Python 3.11 or newer; found $$($${PYTHON:-python3} --version 2>&1 || true). Name one: make PYTHON=/path/to/python3.11 ..." >&2; exit 1
NEWS = { grep -v -e '^Requirement already' -e '^ ' || true; }  # pip's output without what was there before

$(READY): requirements.txt requirements-alone.txt constraints.txt pyproject.toml
	@python=$$($(FIND_PYTHON)); test -x $(BIN)/python || "$$python" -m venv $(VENV)
	$(BIN)/python tools/set_up.py | $(NEWS)
	$(if $(LOCKED),$(BIN)/python -m pip install --no-deps --require-hashes -r requirements-locked.txt | $(NEWS))
	$(BIN)/python -m pip install -r requirements.txt -c constraints.txt | $(NEWS)
	$(BIN)/python -m pip install --no-deps -r requirements-alone.txt | $(NEWS)
	$(BIN)/python -m pip install --no-deps --no-build-isolation -e . | $(NEWS)
	touch $@

$(VENDORED): tools/site/vendor.py | $(READY)
	$(BIN)/python -m tools.site.vendor
	touch $@

# The peers' torchvision wants a torch of its own, so both sides of a comparison run here, never in .venv.
.venv-bench/.ready: requirements-bench.txt requirements-bench-alone.txt pyproject.toml
	@python=$$($(FIND_PYTHON)); test -x .venv-bench/bin/python || "$$python" -m venv .venv-bench
	.venv-bench/bin/python -m pip install -r requirements-bench.txt
	.venv-bench/bin/python -m pip install --no-deps -r requirements-bench-alone.txt -e .
	touch $@
