# make demo: try it. make test: test it. make help: the rest.
PORT ?= 8000
PYTHON ?= $(shell for each in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$each; break; }; done)
BIN := .venv/bin
MANAGE := $(BIN)/python manage.py
COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --no-header --no-emit-index-url
export PORT PYTHON

.PHONY: help install develop demo run test stories chaos soak bench-ledger bench-people bench-receipts bench-send \
	bench-rate bench-stop bench-scale check format lock messages clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

install: .venv/local.stamp ## make .venv, with all that the demo needs

develop: .venv/development.stamp ## the same, and the tools of the developers

demo: install ## try it: sample data, simulated phones, nothing leaves this machine (PORT=8000)
	@DEMO=1 exec $(MANAGE) up

run: install ## the same processes with your own settings and people (PORT=8000)
	@exec $(MANAGE) up

test: develop ## every test but the browser's
	$(BIN)/python -m pytest -m "not browser and not chaos" -n 2 --dist loadfile \
		--no-loadscope-reorder $(ARGS)

stories: develop ## the tests that walk through the pages in Chromium
	bin/ensure-chromium
	$(BIN)/python -m pytest -m browser -p no:xdist $(ARGS)

chaos: develop ## kill workers, cache and database while campaigns run (SEED=, a quarter of an hour)
	$(BIN)/python -m pytest -m chaos -p no:xdist -s tests/chaos $(ARGS)

soak: develop ## 50,000 random steps and 20,000 falsified ledgers (an hour or so)
	SOAK_STEPS=50000 MUTATIONS=20000 $(BIN)/python -m pytest -p no:xdist \
		tests/consent/test_standing_is_the_replay.py tests/consent/test_exported_ledger.py $(ARGS)

bench-ledger: develop ## how many events a second are recorded and sealed (SECONDS=20)
	$(BIN)/python -W ignore bench/ledger.py

bench-people: develop ## how many people with a yes are loaded a second, for the others (PEOPLE=100000)
	$(BIN)/python -W ignore bench/load.py

bench-send: develop ## how many texts a second leave (N=200000 WORKERS=2 LATENCY_MS=0 STAGES=send,batched,receipts,plain,ceiling)
	$(BIN)/python -W ignore bench/send.py

bench-receipts: develop ## how many receipts a second are stored, by inbox and view (SECONDS=10)
	$(BIN)/python -W ignore bench/receipts.py

bench-rate: develop ## whether senders keep their rate (RATES=1,10,100,1000 SECONDS=25 WORKERS=4)
	$(BIN)/python -W ignore bench/rate.py

bench-stop: develop ## whether STOP holds while texts leave (N=500000 STOPS=10000 WORKERS=2)
	$(BIN)/python -W ignore bench/stop.py

bench-scale: develop ## whether a large site sends as fast as a small one (SIZES=10000,100000,1000000 TEXTS=50000)
	$(BIN)/python -W ignore bench/scale.py

check: develop ## format, lint, types, layers, templates, migrations, production settings
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	find . -name '*.html' -path '*/templates/*' -not -path './.*' -exec $(BIN)/djade --target-version 5.2 --check {} +
	bin/as-production $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	bin/as-production $(MANAGE) check --deploy --fail-level WARNING

format: develop ## put code and templates into the one format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	find . -name '*.html' -path '*/templates/*' -not -path './.*' -exec $(BIN)/djade --target-version 5.2 {} +

lock: develop ## renew requirements/*.txt from pyproject.toml
	$(COMPILE) --upgrade --extra local --extra development -o requirements/development.txt
	$(COMPILE) -c requirements/development.txt --no-annotate --extra local -o requirements/local.txt
	$(COMPILE) -c requirements/development.txt --no-annotate -o requirements/production.txt
	@! grep -n '://' requirements/*.txt || { echo "A lock file names an address."; exit 1; }

# Staff pages are in English for now.
STAFF_WORDS := '*/admin/*' '*/management/*' 'governance/*' 'config/*' 'messaging/rules/*' \
	'messaging/handsets/*' 'templates/handsets/*' 'templates/evidence/*' 'messaging/operations/*' \
	'messaging/models/*' 'consent/policy/*' \
	'*/checks.py' '*/apps.py' 'subscribers/segments.py' '*/criteria.py' 'messaging/placeholders.py' \
	'messaging/checklist.py' 'messaging/figures.py' 'consent/operations/publishing.py' \
	'consent/operations/policy.py' 'consent/notice_substance.py' 'consent/policy/loosening.py' \
	'subscribers/authorization.py' 'tests/*' 'bench/*' 'verifier/*'

messages: develop ## bring locale/ up to date with the code and compile it (needs GNU gettext)
	@DEMO=1 $(MANAGE) makemessages --all --no-wrap --no-obsolete --add-location file -i .venv \
		$(addprefix -i ,$(STAFF_WORDS))
	@DEMO=1 $(MANAGE) compilemessages -i .venv

clean: ## remove what make made; .local (your data) stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache staticfiles
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

# Each is renewed only when its list changed.
.venv/local.stamp: requirements/local.txt
	@bin/install requirements/local.txt
	@touch $@

.venv/development.stamp: requirements/development.txt
	@bin/install requirements/development.txt
	@touch .venv/local.stamp $@
