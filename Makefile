# Every target works on a fresh clone: it installs what it needs first.
# npm scripts and bin/ktrdr-mcp use the Node pinned in package.json, whatever the host has.
.DEFAULT_GOAL := help
.PHONY: help deps demo lab test test-fast check fix bench bundle chaos verify-production alerts
SHELL := /bin/sh

STAMP := node_modules/.installed
PINNED := node_modules/.bin/node

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | awk -F'|' '{ printf "%-24s %s\n", $$1, $$2 }'

deps: $(STAMP) ## install what is missing (nothing when all is there)
	@:

# A lock file written where the registry lacks other platforms' binaries does not satisfy `npm ci`; `npm install` completes it
# without changing the locked versions. npm may be told not to run install scripts: then the pinned Node's own script is run.
$(STAMP): package.json package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js 20 or newer first (any will do; the right one is installed by it)." >&2; exit 1; }
	@echo "Installing dependencies (about half a minute) ..."
	@npm ci --no-audit --no-fund --loglevel=silent || npm install --no-save --no-audit --no-fund --loglevel=error
	@$(PINNED) --version >/dev/null 2>&1 || (cd node_modules/node && node installArchSpecificPackage.js)
	@$(PINNED) --version >/dev/null
	@touch $@

demo: deps ## a strategy designed, trained and backtested before your eyes (CHAOS=1: while things are killed)
	@bin/ktrdr-mcp demo

lab: deps ## PostgreSQL, Temporal, a sandbox KTRDR and a worker on this machine, until Ctrl-C
	@bin/ktrdr-mcp lab

test: check ## everything: static checks, then all tests against real parts
	@PATH="$(CURDIR)/node_modules/.bin:$$PATH" $(PINNED) scripts/run-tests.ts

test-fast: deps ## the tests that start no process and need no server (under half a minute)
	@PATH="$(CURDIR)/node_modules/.bin:$$PATH" $(PINNED) node_modules/vitest/vitest.mjs run --project fast

check: deps ## static checks only: format, lint, types, dead code, generated docs
	@npm run --silent check

fix: deps ## format, repair what lint can repair, regenerate docs
	@npm run --silent fix

bench: deps ## measure (ratios in one run); tables on stdout, JSON beside
	@for file in bench/*.bench.ts; do [ -f "$$file" ] || continue; $(PINNED) "$$file" || exit 1; done

bundle: deps ## .cache/mcpb/ktrdr-mcp.mcpb, the MCP server as one file for Claude Desktop
	@$(PINNED) scripts/bundle.ts

chaos: deps ## random faults at random steps (RUNS=20 SEED=random JOBS=1 labs; MATRIX=1 all of them by plan; RUN=i repeats one, SCENARIO='{...}' an exact one)
	@$(PINNED) scripts/chaos.ts

verify-production: deps ## docker-compose.yml proved without Docker: real Temporal server (needs Go; minutes to build, once), the image's files, the main job, kills
	@$(PINNED) scripts/verify-production.ts

alerts: ## the alert rules and their tests, with Prometheus' own promtool (PROMTOOL=path, else the one on PATH)
	@command -v "$${PROMTOOL:-promtool}" >/dev/null || { echo "promtool is missing: it comes with Prometheus (Debian: apt-get install prometheus), or set PROMTOOL to one." >&2; exit 1; }
	@cd monitoring && "$${PROMTOOL:-promtool}" check config prometheus.yml && "$${PROMTOOL:-promtool}" test rules alerts.test.yml
