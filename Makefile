# `make` alone says what there is. Everything runs in .venv, which is made when it is missing or out of date.

PYTHON ?=
VENV := .venv
STAMP := $(VENV)/installed
RUN := $(VENV)/bin/python -m
# Compiled modules halve the start of each process; some containers switch them off.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install up test test-agents soak check bench coverage image lock clean

help:
	@echo "make up        start the service here; Ctrl-C stops it"
	@echo "make test      run all tests"
	@echo "make test-agents TRADINGAGENTS_PATH=... [TRADINGAGENTS_PYTHON=... TAURIC_PATH=... TAURIC_PYTHON=...]"
	@echo "               run the real engines against a scripted model server"
	@echo "make soak      crash and kill executors for up to an hour, and make each call 1,000 times"
	@echo "make check     ruff, mypy --strict and the import rule"
	@echo "make coverage  run all tests measured; htmlcov/index.html shows it"
	@echo "make bench     measure requests through the broker and back"
	@echo "make image     try the Dockerfile and the compose file's services without Docker (root, debootstrap)"
	@echo "make install   make .venv (PYTHON=... names the Python to use)"
	@echo "make lock      write requirements.lock anew from pyproject.toml"
	@echo "make clean     remove .venv, caches and reports; data/, logs/ and run/ stay"

install: $(STAMP)

# A link to a Python that was removed counts as missing, so that the environment is made anew.
$(VENV)/bin/python: ;

$(STAMP): requirements.lock pyproject.toml scripts/install.sh $(VENV)/bin/python
	@PYTHON="$(PYTHON)" sh scripts/install.sh
	@touch $@

up: $(STAMP)
	@$(RUN) tacore up

# pytest ends with 5 where nothing is marked serial.
test: $(STAMP)
	$(RUN) pytest -q -n 3 --dist worksteal -m "not serial"
	$(RUN) pytest -q -m serial || [ $$? -eq 5 ]

test-agents: $(STAMP)
	@[ -n "$(TRADINGAGENTS_PATH)$(TAURIC_PATH)" ] || \
		{ echo "name a checkout: TRADINGAGENTS_PATH (TradingAgents-CN) or TAURIC_PATH (TradingAgents)" >&2; exit 2; }
	TRADINGAGENTS_PATH="$(TRADINGAGENTS_PATH)" TRADINGAGENTS_PYTHON="$(TRADINGAGENTS_PYTHON)" \
		TAURIC_PATH="$(TAURIC_PATH)" TAURIC_PYTHON="$(TAURIC_PYTHON)" $(RUN) pytest -q tests/agents

soak: $(STAMP)
	ORDER_CRASHES=10000 TACORE_REAL_KILLS=500 TACORE_CALLS=1000 TACORE_LOCKED_S=30 timeout 3600 $(RUN) pytest -q -s \
		tests/fault/test_order_crashes.py tests/fault/test_order_kills.py tests/fault/test_ledger_faults.py \
		tests/integration/test_seed_client.py

check: $(STAMP)
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) mypy
	$(VENV)/bin/lint-imports

bench: $(STAMP)
	$(VENV)/bin/python benchmarks/rpc.py

# The report is written whatever the tests say; what they said is how it ends.
coverage: $(STAMP)
	$(RUN) coverage erase
	@failed=0; \
	$(RUN) coverage run -m pytest -q -n 3 --dist worksteal -m "not serial" || failed=1; \
	$(RUN) coverage run -m pytest -q -m serial || [ $$? -eq 5 ] || failed=1; \
	$(RUN) coverage combine -q && $(RUN) coverage html -q && $(RUN) coverage report --sort=cover && exit $$failed

image: $(STAMP)
	$(RUN) scripts.try_image

# The header would say which command wrote the lock, with its options; a registry's address has no place in it.
lock: $(STAMP)
	UV_SYSTEM_CERTS=1 $(VENV)/bin/uv pip compile -q --universal --generate-hashes --all-extras --group dev \
		--no-emit-index-url --no-emit-find-links --no-header --upgrade pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) htmlcov build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	rm -f .coverage .coverage.*
	find tacore tests benchmarks scripts -name __pycache__ -type d -prune -exec rm -rf {} +
