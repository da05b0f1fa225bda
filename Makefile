# Guildhall. `make run` starts everything on this machine, `make test` runs every test; both set themselves up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
TEST_STAMP := $(VENV)/.ready-for-tests

.PHONY: run setup test lint check prove bench fuzz client lock openapi catalogues clean

run: setup  ## start PostgreSQL, Redis, the web server, the workers and beat; Ctrl-C stops them
	@$(BIN)/python -m config.standalone run

setup: $(STAMP)  ## create the environment with everything that `make run` needs

$(STAMP): requirements/embedded.txt requirements/model.txt config/standalone/setup.py
	@$(PYTHON) config/standalone/setup.py embedded
	@touch $(STAMP)

$(TEST_STAMP): requirements/development.txt requirements/model.txt config/standalone/setup.py
	@$(PYTHON) config/standalone/setup.py development
	@touch $(STAMP) $(TEST_STAMP)

ifdef ARGS
test: $(TEST_STAMP)
	@$(BIN)/python -m pytest $(ARGS)
else
test: $(TEST_STAMP)  ## run every test, those in a browser beside the others, each half with servers of its own; ARGS picks some
	@told=$$(mktemp); trap 'kill $$browser 2>/dev/null; rm -f "$$told"' EXIT; trap 'exit 130' INT TERM; \
	$(BIN)/python -m pytest -m browser >"$$told" 2>&1 & browser=$$!; \
	$(BIN)/python -m pytest -m "not browser"; others=$$?; \
	wait $$browser; in_browser=$$?; cat "$$told"; exit $$((others + in_browser))
endif

lint: $(TEST_STAMP)  ## format, lint, import contracts, types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports
	@SECRET_KEY=unused DATABASE_URL=postgres://x@127.0.0.1:1/x REDIS_URL=redis://127.0.0.1:1 $(BIN)/mypy apps config

check: lint  ## what `lint` does, and templates, migrations, OpenAPI snapshot, catalogues
	@$(BIN)/python -m pytest tests/checks $(ARGS)

prove: $(TEST_STAMP)  ## the promises of docs/security.md as a table; ONLY=R1,S4 picks rows, SKIP=S4 leaves some out, SCALE=small|full
	@$(BIN)/python -m tests.promises

bench: $(TEST_STAMP)  ## measure; each figure is a ratio within one run
	@$(BIN)/python -m tests.benchmarks

fuzz: $(TEST_STAMP)  ## 50,000 requests made from the API's description, as each role: no fault, nothing that is not described
	@FUZZ_REQUESTS=$${FUZZ_REQUESTS:-50000} $(BIN)/python -m pytest tests/access/test_fuzz.py -s --show-capture=no

client: $(TEST_STAMP)  ## a typed Python client of the API, to var/client
	@mkdir -p var && $(BIN)/openapi-python-client generate --path docs/openapi.json --config docs/python-client.yaml \
		--meta none --output-path var/client/guildhall_client --overwrite

openapi: $(TEST_STAMP)  ## write the OpenAPI documents to docs/
	@for name in urls:openapi urls_public:openapi-platform; do \
		SECRET_KEY=unused DATABASE_URL=postgres://x@127.0.0.1:1/x REDIS_URL=redis://127.0.0.1:1 \
		$(BIN)/python manage.py spectacular --format openapi-json --validate --fail-on-warn \
			--urlconf config.$${name%%:*} --file docs/$${name##*:}.json || exit 1; done

catalogues: $(TEST_STAMP)  ## collect new words into locale/ and compile the catalogues
	@$(BIN)/python -m tests.checks.catalogues

lock: $(TEST_STAMP)  ## pin every requirement with its hashes
	@for name in base embedded test development production sandbox; do \
		$(BIN)/uv pip compile -q --generate-hashes --no-header --no-annotate --python-version 3.11 \
			requirements/$$name.in -o requirements/$$name.txt || exit 1; done

clean:  ## remove the environment and all data of this folder
	@rm -rf $(VENV) var
