# Two commands from a bare machine with Python 3.11 to 3.13:  make demo  and  make test
PYTHON ?= python3
BIN := .venv/bin
# Processes that share the tests, a file at a time.
WORKERS ?= 2
STAMP := .venv/installed.stamp
SPARK := .venv/spark.stamp
export TF_CPP_MIN_LOG_LEVEL ?= 2

.PHONY: demo test test-slow test-browser test-spark verify-export lint lock clean

demo: $(STAMP)
	rm -rf runs/demo
	$(BIN)/tfvae demo --run runs/demo

test: $(STAMP)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m "not slow and not browser and not spark"

test-slow: $(STAMP)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m "slow and not browser and not spark"

# The pages of `tfvae export web` in Chromium, which has to be there; npm fetches the web runtime once.
test-browser: $(STAMP)
	$(BIN)/python -m pytest -n $(WORKERS) -m browser

# Scores on Spark; Java 17 has to be there.
test-spark: $(SPARK)
	$(BIN)/python -m pytest -m spark

# One table of what every engine makes of six recipes; Chromium has to be there.
verify-export: $(STAMP)
	$(BIN)/python benchmarks/verify_export.py

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright

# Everything comes from the lock file, hashes checked; the project itself is linked, not copied.
$(STAMP): requirements.lock pyproject.toml setup.cfg
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

$(SPARK): $(STAMP) requirements-spark.lock
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-spark.lock
	touch $@

# Resolve the dependencies of pyproject.toml again, for every supported Python and system.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  --extra test pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  --extra test --extra spark --constraint requirements.lock pyproject.toml -o requirements-spark.lock

clean:
	rm -rf .venv build *.egg-info
