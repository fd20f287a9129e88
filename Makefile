# Two commands from a bare machine with Python 3.11 to 3.13:  make demo  and  make test
PYTHON ?= python3
BIN := .venv/bin
# Processes that share the tests, a file at a time.
WORKERS ?= 2
STAMP := .venv/installed.stamp
export TF_CPP_MIN_LOG_LEVEL ?= 2

.PHONY: demo test test-slow lint lock clean

demo: $(STAMP)
	rm -rf runs/demo
	$(BIN)/tfvae demo --run runs/demo

test: $(STAMP)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m "not slow"

test-slow: $(STAMP)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m slow

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# Everything comes from the lock file, hashes checked; the project itself is linked, not copied.
$(STAMP): requirements.lock pyproject.toml setup.cfg
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

# Resolve the dependencies of pyproject.toml anew, for every supported Python and system at once.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  --extra test pyproject.toml -o requirements.lock

clean:
	rm -rf .venv build *.egg-info
