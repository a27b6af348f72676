# make run | test | check | coverage | bench | chaos | mutate | pictures, nothing clever. `make setup` installs what the others need, and nothing when up to date.
PYTHON ?= python3
SELF = .venv/bin/python -m pip --disable-pip-version-check install --quiet --no-compile --no-deps --no-build-isolation --editable .
# Importing writes the bytecode of what a start imports and of nothing else, which the first start would do otherwise.
# Some environments have Python write none: each start would compile 1,400 modules again and take more than twice as long.
IMPORTED = aiosqlite, bot.background, bot.cli, bot.http_server, bot.knowledge_watch, bot.local.server, bot.readiness, \
  bot.run, bot.slack.app, bot.storage.migrate, watchfiles
COMPILE = PYTHONDONTWRITEBYTECODE= .venv/bin/python -c 'import $(IMPORTED)'

CHECKS = check-lint check-format check-types check-imports check-knowledge check-locks check-audit

.PHONY: run test check coverage bench chaos mutate pictures lock setup
run: .venv/run
	@.venv/bin/rolefit run

# With bytecode written: each worker and each bot that a test starts would compile everything again. Four workers, also
# on fewer cores: a conversation waits for some of its time.
test: .venv/test
	@PYTHONDONTWRITEBYTECODE= .venv/bin/python -m pytest -m "not alone" --numprocesses 4 --dist worksteal
	@PYTHONDONTWRITEBYTECODE= .venv/bin/python -m pytest -m alone $$(grep -rl --include='test_*.py' mark.alone tests)

# How much of bot/ the tests run, as a figure to know; there is no goal for it.
coverage: .venv/test
	@PYTHONDONTWRITEBYTECODE= .venv/bin/python -m pytest -m "not alone" --numprocesses 4 --dist worksteal --cov bot

# Each by itself, so that `make --jobs=3 check` does several at a time.
check: $(CHECKS)
$(CHECKS): .venv/test
check-lint:
	@.venv/bin/ruff check .
check-format:
	@.venv/bin/ruff format --check .
check-types:
	@.venv/bin/mypy
check-imports:
	@.venv/bin/lint-imports --no-cache
check-knowledge:
	@.venv/bin/rolefit check
check-locks:
	@bash .ci/lock --check
check-audit:
	@bash .ci/audit

bench: .venv/bench
	@PYTHONDONTWRITEBYTECODE= .venv/bin/python -m tests.bench.run $(PARTS)

chaos: .venv/test
	@.venv/bin/python -m tests.chaos

# Changes the domain, a piece at a time, and lists the changes that no test notices; hours for all of it. With
# MUTANTS="bot.domain.share.*" only those.
mutate: .venv/mutate
	@.venv/bin/mutmut run $(MUTANTS)
	@.venv/bin/mutmut results

# Draws tests/pictures anew, which the README and docs/using.md show; needs Chromium or Chrome.
pictures: .venv/test
	@.venv/bin/python -m tests.draw_pictures

# Writes the lock files anew; versions that still fit stay as they are.
lock: .venv/test
	@bash .ci/lock

setup: .venv/run
	@echo "Rolefit is installed in .venv. Next: make run, which opens a workspace to try it in; or, for your own Slack workspace,"
	@echo "put SLACK_BOT_TOKEN and SLACK_APP_TOKEN into .env first (see README.md), or type slack run."

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Rolefit needs Python 3.11 or newer; $$($(PYTHON) --version) was found. Try: make PYTHON=python3.12 run"; exit 1; }
	@$(PYTHON) -m venv .venv

.venv/run: .venv/bin/python requirements.lock pyproject.toml
	@echo "Installing Rolefit into .venv …"
	@bash .ci/install requirements.lock
	@$(SELF)
	@$(COMPILE)
	@touch $@

.venv/test: .venv/run tests/requirements.lock
	@echo "Installing what the tests and checks need …"
	@bash .ci/install tests/requirements.lock
	@touch $@

.venv/mutate: .venv/test tests/mutate/requirements.lock
	@echo "Installing what changes the domain …"
	@bash .ci/install tests/mutate/requirements.lock
	@touch $@

.venv/bench: .venv/test tests/bench/requirements.lock
	@echo "Installing what the bench compares with …"
	@bash .ci/install tests/bench/requirements.lock
	@touch $@
