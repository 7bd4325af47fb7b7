# make demo | make test | make test-fast | make test-pythons | make install      (root or not; everything goes into .venv)
PYTHON ?= python3
PORT   ?= 8888
SHOTS  ?= build/screenshots
BIN    := .venv/bin
PYTHONS ?= python3.10 python3.12 python3.13
# On two cores: whoever is done first takes tests over from the other; the fixtures that cost most are each process's own.
PYTEST := $(BIN)/python -m pytest --durations=15
BESIDE := -n 2 --dist worksteal
WAITING := -n 3 --dist worksteal  # for tests that wait for what goes by real time as much as they compute

.PHONY: demo install fuzz test test-fast test-fast-python lint types test-python test-pythons test-soak test-js test-browser screenshots clean

demo: .venv/demo.stamp
	$(BIN)/jupyter lab --port=$(PORT) $(if $(filter 0,$(shell id -u)),--allow-root) $(DEMO_ARGS) notebooks/01_first_call.ipynb

install: .venv/demo.stamp

# One run for everything. The browser tests come last, and of these the ones that measure: with the machine for themselves.
test: .venv/test.stamp node_modules/.stamp browsers
	$(MAKE) --no-print-directory -j3 -O test-soak test-python types lint test-js
	$(MAKE) --no-print-directory test-browser

test-fast: .venv/test.stamp node_modules/.stamp
	$(MAKE) --no-print-directory -j3 -O test-fast-python types lint test-js

test-fast-python: .venv/test.stamp
	$(PYTEST) -q -m "not browser and not slow" $(BESIDE) tests --ignore tests/browser

lint: .venv/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/test.stamp node_modules/.stamp
	$(BIN)/mypy
	$(BIN)/mypy --python-version 3.10 --no-warn-return-any --no-warn-unused-ignores  # numpy's own types are for later ones
	npm run --silent types

test-python: .venv/test.stamp
	$(PYTEST) -m "not browser" $(WAITING) tests --ignore tests/test_soak.py --ignore tests/browser

test-pythons:  # much the same on the other Pythons that are here; PYTHONS names them, or says where they are
	scripts/test-pythons $(PYTHONS)

test-soak: .venv/test.stamp  # two minutes in which it mostly waits: for a job of its own beside the others
	$(BIN)/python -m pytest tests/test_soak.py

fuzz: .venv/test.stamp  # 100,000 sequences of messages against the rooms' model; a quarter of an hour on one core
	cd tests && ../$(BIN)/python -m fuzz 100000

test-js: node_modules/.stamp
	npm run --silent test

test-browser: .venv/test.stamp browsers
	$(PYTEST) -m "browser and not alone" --timeout=240 $(BESIDE) tests/browser
	$(PYTEST) -m "browser and alone" --timeout=240 tests/browser
	$(PYTEST) -m browser --timeout=240 tests/sfu  # apart: they bring an event loop of their own

screenshots: .venv/test.stamp browsers
	$(BIN)/python scripts/screenshots.py
	$(BIN)/python scripts/states.py $(SHOTS)

.PHONY: browsers
browsers:
	@scripts/system-packages require chromium firefox-esr
	@scripts/system-packages want coturn iproute2 iptables nginx pulseaudio  # for tests of firewalls and of sound, left out without

.venv/bin/python:
	@scripts/system-packages require python3-venv
	$(PYTHON) -m venv .venv
	@echo '{"type": "commonjs"}' > .venv/package.json  # else JupyterLab's yarn.js falls under ours, and fails loudly
	$(BIN)/python -m pip install --quiet --upgrade pip

.venv/demo.stamp: .venv/bin/python pyproject.toml
	@scripts/system-packages want libgl1 libglib2.0-0
	$(BIN)/python -m pip install --quiet -e '.[demo]'
	@command -v npm >/dev/null || $(BIN)/python -m pip install --quiet -e '.[blur]'
	$(BIN)/jupyter rtc-notebook blur || echo "The demo works without; background blur is left out."
	@touch $@

.venv/test.stamp: .venv/demo.stamp
	$(BIN)/python -m pip install --quiet -e '.[test]'
	@touch $@

node_modules/.stamp: package.json
	@scripts/system-packages require nodejs npm
	npm install --silent --no-package-lock --no-audit --no-fund
	@touch $@

clean:
	rm -rf .venv node_modules test-results
