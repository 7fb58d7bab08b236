# Everything runs inside .venv, made from the lock; the stamp makes reruns offline and instant.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed-$(shell cat requirements.lock pyproject.toml Makefile 2>/dev/null | sha256sum | cut -c1-16)
JOBS ?= $(shell nproc)
# Each process begins with a stretch of the suite of its own: what neighbours share, such as a simulated market, is made once.
DISTRIBUTED := -n "$(JOBS)" --dist worksteal

.PHONY: demo test test-full test-matrix check lint bench lock clean install
.DEFAULT_GOAL := demo

install: $(STAMP)

$(STAMP):
	@test -x "$(PY)" || "$(PYTHON)" -m venv "$(VENV)"
	"$(PY)" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.lock
	@rm -f "$(VENV)"/.installed-*
	@touch "$@"

demo: $(STAMP)
	"$(PY)" run.py compare baseline referral kos --reps 8 --jobs "$(JOBS)"

lint: $(STAMP)
	"$(PY)" -m ruff check .
	"$(PY)" -m ruff format --check .
	"$(PY)" -m mypy

test: lint
	"$(PY)" -m pytest $(DISTRIBUTED) -m "not full"
	@$(MAKE) --no-print-directory check

test-full: lint
	"$(PY)" -m pytest $(DISTRIBUTED)
	@$(MAKE) --no-print-directory check

# Has any result moved since it was approved? `run.py check --approve "why"` renews the baselines.
check: $(STAMP)
	"$(PY)" run.py check --jobs "$(JOBS)" --no-progress

# What users meet who have a newer Python, and those who install the newest Mesa: the same lock on another Python, then
# the same with Mesa raised.
MATRIX_PYTHON ?= python3.13
test-matrix:
	@command -v "$(MATRIX_PYTHON)" >/dev/null || \
	  { echo "there is no $(MATRIX_PYTHON) here; name another with MATRIX_PYTHON=..." >&2; exit 2; }
	$(MAKE) VENV=.venv-python PYTHON="$(MATRIX_PYTHON)" install
	.venv-python/bin/python -m pytest $(DISTRIBUTED) -m "not full"
	$(MAKE) VENV=.venv-mesa PYTHON="$(MATRIX_PYTHON)" install
	.venv-mesa/bin/python -m pip install --quiet --disable-pip-version-check --upgrade mesa
	.venv-mesa/bin/python -m pytest $(DISTRIBUTED) -m "not full"

bench: $(STAMP)
	"$(PY)" -m tests.bench

# The lock is made on Python 3.11 and serves 3.11 to 3.13 (needs uv).
lock:
	uv pip compile pyproject.toml --extra dev --python-platform x86_64-manylinux_2_28 --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --output-file requirements.lock --quiet

clean:
	rm -rf "$(VENV)" .venv-python .venv-mesa .pytest_cache .mypy_cache .ruff_cache
