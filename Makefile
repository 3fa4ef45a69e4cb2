# One command for each habit. Everything installs itself into .venv and node_modules; nothing else is touched.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
ENV ?= dev
VENV := .venv
BIN := $(VENV)/bin
CDK := node_modules/.bin/cdk
export PATH := $(CURDIR)/$(BIN):$(CURDIR)/node_modules/.bin:$(PATH)
# jsii warns of each major version of Node that it no longer supports; the README says which ones work.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
export JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION := 20

.PHONY: help setup llama-server demo run test lint synth bench bench-data bench-training bench-gateway bench-ladder bench-inference bench-retrieval deploy destroy lock clean

help: ## List the commands.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

# ---- set-up ---------------------------------------------------------------------------------------------

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if (3, 11) <= v < (3, 13) else \
	  f"Fourfold needs Python 3.11 or 3.12 and found {v.major}.{v.minor}. Try: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check uv==0.13.8
	@touch $@

$(VENV)/.synth: requirements.txt $(VENV)/.created
	@echo "Installing what synthesis needs…"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -r requirements.txt
	@touch $@

# PyTorch goes in first and by pip: pip takes the build that the configured index or wheel folder offers
# (a CPU build where there is one), and the locked list below then finds it installed.
$(VENV)/.all: requirements-dev.txt pyproject.toml $(VENV)/.synth
	@echo "Installing PyTorch…"
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-compile torch==2.13.0
	@echo "Installing Spark, the emulator, training, serving and the test tools (about 2 GB)…"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -r requirements-dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

# Each Spark then starts in two thirds of the time.
$(VENV)/.spark: $(VENV)/.all
	@echo "Archiving Spark's classes…"
	@$(BIN)/python -m twin.glue.make_class_archive
	@touch $@

NODE_NEEDED := command -v node >/dev/null || { echo "Fourfold needs Node 20 or newer: https://nodejs.org" >&2; exit 1; }

node_modules/.package-lock.json: package.json package-lock.json
	@$(NODE_NEEDED)
	@echo "Installing the CDK CLI…"
	@npm ci --omit=dev --no-audit --no-fund --silent
	@touch $@

node_modules/.all: package.json package-lock.json
	@$(NODE_NEEDED)
	@echo "Installing the CDK CLI, and a browser for the tests…"
	@npm ci --no-audit --no-fund --silent
	@touch node_modules/.package-lock.json $@

setup: $(VENV)/.all $(VENV)/.spark node_modules/.all ## Install everything (every other command does it by itself).

# The models of this machine are then served by it, and not by what was compiled for many processors.
$(BIN)/llama-server: twin/model_server/llama_server.txt | $(VENV)/.all
	@$(BIN)/python -m twin.model_server.build

llama-server: $(BIN)/llama-server ## Build llama.cpp for this processor: models are served faster (ten minutes, cmake and g++).

# ---- the main job ---------------------------------------------------------------------------------------

demo: setup ## The four steps on this machine, on the sample data, from the templates that deploy.
	@$(BIN)/fourfold run

# ---- habits ---------------------------------------------------------------------------------------------

test: setup ## Every test, with one small run of the whole workflow.
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --no-loadscope-reorder

lint: setup ## Format, types, layers, and the checks on the synthesized templates.
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(MAKE) --no-print-directory synth
	@$(BIN)/python -m cdk_app.checks cdk.out

synth: $(VENV)/.synth ## The templates of ENV (dev, prod or twin) in cdk.out, offline.
	@$(BIN)/python app.py $(ENV)
	@echo "cdk.out holds the templates of '$(ENV)'."

bench: setup ## How long a synthesis takes, and how much personal data is found.
	@$(BIN)/python benchmarks/synthesis.py
	@$(BIN)/python -m benchmarks.personal_data

bench-data: setup ## Data preparation against other tools (a quarter of an hour and more, 2 GB).
	@$(BIN)/python -m benchmarks.data_preparation $(ARGS)

bench-training: setup ## Fine-tuning against TRL, on this processor (twenty minutes or more).
	@$(BIN)/python -m benchmarks.training $(ARGS)

bench-gateway: setup ## What the gateway costs over boto3, and 200 clients on a bad day (five minutes and more).
	@$(BIN)/python -m benchmarks.gateway $(ARGS)

bench-ladder: setup ## Nine candidates, three of known worth, through the state machine (ten minutes).
	@$(BIN)/python -m benchmarks.ladder $(ARGS)

bench-inference: setup llama-server ## Serving against llama.cpp's own server and transformers (ten minutes and more).
	@$(BIN)/python -m benchmarks.inference $(ARGS)

bench-retrieval: setup ## What a search over documents finds, and what it costs (ten minutes).
	@$(BIN)/python -m benchmarks.retrieval $(ARGS)

deploy: $(VENV)/.synth node_modules/.package-lock.json ## Deploy ENV to the AWS account of your credentials.
	@$(CDK) deploy --all --context env=$(ENV)

destroy: $(VENV)/.synth node_modules/.package-lock.json ## Remove ENV from that account.
	@$(CDK) destroy --all --context env=$(ENV)

lock: $(VENV)/.created ## Resolve the dependencies of pyproject.toml anew.
	@tools/lock
clean: ## Remove what was installed and produced here.
	@rm -rf $(VENV) node_modules cdk.out .fourfold runs .mypy_cache .ruff_cache .pytest_cache .hypothesis
