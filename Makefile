# make demo    the sample archive, opened in the explorer
# make test    install and build what the tests need, and run them
# make test-s3 the S3 store against a second server, versitygw, which takes minutes to build
# make check   ruff, mypy, import-linter
# make docs    docs/reference.md and docs/hourscope.1, from the program
# make site    the docs as a site, in .cache/site
# make dist    sdist and wheel in dist/, checked, installed alone, and run
# make bench   benchmarks against other tools: docs/benchmarks.md
# make circle  producer → nsqd → archiver → S3 → explorer → nsqd, all on this machine
# make fuzz    hostile input for reader, layout, manifest and journal, SECONDS=600 for each
# make shows   how often diff finds an invented incident, SEEDS=100
# make soak    long runs on real servers: docs/reliability.md
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest -n 6 --dist loadfile # three workers per core, because many tests wait

unexport PYTHONDONTWRITEBYTECODE # each worker would compile all tests, which takes longer than to import them

.PHONY: demo test test-s3 test-lowest test-newest check fix screenshots docs site dist workflows bench circle fuzz soak \
        shows clean

demo: $(VENV)/.installed
	@$(BIN)/hourscope demo --dir demo-archive
	@echo "The tour finds the incident in ten steps: $(BIN)/hourscope demo --dir demo-archive --tour"

test: $(VENV)/.tested
	@$(BIN)/python -m tests.support.build
	$(PYTEST)

test-s3: $(VENV)/.tested
	@$(BIN)/python -m tests.support.build versitygw
	S3_SERVER=versitygw $(BIN)/python -m pytest tests/cli/test_s3_store.py tests/cli/test_cache.py tests/archiver/test_put.py \
	  --deselect tests/cli/test_s3_store.py::TestSentences::test_a_key_that_is_not_known  # it says 404 of it

check: $(VENV)/.tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(VENV)/.tested
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

screenshots: $(VENV)/.tested
	$(BIN)/python -m tests.app.screenshots
	$(BIN)/python -m tests.app.tour.picture

docs: $(VENV)/.tested
	@$(BIN)/python -m tests.docs

site: $(VENV)/.tested
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[docs]'
	@$(BIN)/zensical build --strict --config-file mkdocs.yml

dist:
	$(PYTHON) -m tests.docs.package

workflows: $(VENV)/.created
	go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check zizmor
	$(BIN)/zizmor --offline .github

# The lowest versions that pyproject.toml allows, and the newest. `make test` uses those of constraints.txt, and installs
# them again afterwards.
test-lowest: $(VENV)/.created
	@rm -f $(VENV)/.tested
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --resolution lowest-direct --extra dask --extra lz4 --extra web \
	  --python $(BIN)/python pyproject.toml -o .cache/lowest.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c .cache/lowest.txt -e '.[test]'
	@$(BIN)/python -m tests.support.build
	$(PYTEST)

test-newest: $(VENV)/.created
	@rm -f $(VENV)/.tested
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade -e '.[test]'
	@$(BIN)/python -m tests.support.build
	$(PYTEST)

bench: $(VENV)/.tested
	@$(BIN)/python -m tests.shows.benchmarks

circle: $(VENV)/.tested
	@$(BIN)/python -m tests.shows.circle

fuzz: $(VENV)/.tested
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[fuzz]' || echo "without atheris: inputs are random"
	@$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),600)

soak: $(VENV)/.tested
	@$(BIN)/python -m tests.shows.soak

shows: $(VENV)/.tested
	@$(BIN)/python -m tests.shows --seeds $(or $(SEEDS),100)

clean:
	rm -rf $(VENV) .cache demo-archive

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("hourscope needs Python 3.11 or later; set PYTHON=")'
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.created pyproject.toml
	@echo "installing into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.tested: $(VENV)/.created pyproject.toml constraints.txt
	@echo "installing into $(VENV), with what the tests need"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.installed
