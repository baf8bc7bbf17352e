# Two commands matter: `make demo` and `make test`. Each does its own set-up.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := .venv/bin
ENV ?= dev
# Many wait for processes to start, to die and to come back: a third one uses what two leave idle on two cores.
JOBS ?= 3
export PATH := $(CURDIR)/$(BIN):$(PATH)
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
export NODE_NO_WARNINGS := 1

.PHONY: help setup demo test test-faults test-images opensearch lint format bench synth deploy destroy lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## packages, Python environment, CDK command line; leaves .venv/bin/drawingops ready
	@scripts/setup.sh

demo: setup ## the whole product on this machine in nine stages; DRAWINGS=DIR LEAST_GAIN=N reads your own drawings
	@$(BIN)/python -m cli.demo $(if $(DRAWINGS),--drawings "$(DRAWINGS)") $(if $(LEAST_GAIN),--least-gain $(LEAST_GAIN))

test: setup ## every test but images and faults; PYTEST_ARGS="-k name" picks some
	@CDK_VALIDATION=false $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -m "not image and not fault" $(PYTEST_ARGS)

test-faults: setup ## breaks things on purpose: bursts, kills, bad versions, races
	@CDK_VALIDATION=false $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -m fault tests/faults $(PYTEST_ARGS)

test-images: setup ## builds both images with podman, trains two steps and serves in them
	@$(BIN)/python -m pytest -m image tests/images $(PYTEST_ARGS)

opensearch: setup ## a real OpenSearch server for the tests (Maven Central, 127 MB, .opensearch); they run against it when it is there
	@scripts/opensearch/install.sh

lint: setup .venv-lint/.installed ## ruff, mypy --strict, tsc, biome, hadolint, cfn-lint, checkov, cdk-nag
	@scripts/lint.sh

format: setup ## rewrites the code in the house style
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix . && npm --prefix web/annotator run --silent format

bench: setup ## every benchmark, each beside its peer
	@for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

synth: setup ## CloudFormation templates of ENV (default dev) into cdk.out
	@node_modules/.bin/cdk synth -q -c env=$(ENV)

deploy: setup ## deploys ENV into the AWS account of the current credentials
	@node_modules/.bin/cdk deploy '**' -c env=$(ENV)

destroy: setup ## removes ENV from the AWS account of the current credentials
	@node_modules/.bin/cdk destroy '**' -c env=$(ENV)

.venv-lint/.installed: requirements/lint.txt | setup
	@uv venv -q --clear --python $(BIN)/python .venv-lint
	@uv pip install -q --python .venv-lint/bin/python --require-hashes -r requirements/lint.txt
	@touch $@

LOCK := uv pip compile -q --generate-hashes --no-emit-index-url --no-header --python-version 3.11
lock: ## writes the hashed locks anew from pyproject.toml and requirements/*.in
	@$(LOCK) --all-extras pyproject.toml -o requirements.txt
	@$(LOCK) --no-config --override requirements/serve.override --extra serve -c requirements.txt pyproject.toml requirements/serve.in -o requirements/serve.txt
	@$(LOCK) --extra train -c requirements.txt pyproject.toml -o requirements/train.txt
	@$(LOCK) -c requirements.txt requirements/lambda.in -o requirements/lambda.txt
	@$(LOCK) -c requirements.txt requirements/consensus.in -o requirements/consensus.txt
	@$(LOCK) --override requirements/search_domain.override -c requirements.txt requirements/search_domain.in -o requirements/search_domain.txt
	@$(LOCK) -c requirements.txt requirements/search_folder.in -o requirements/search_folder.txt
	@$(LOCK) requirements/lint.in -o requirements/lint.txt
	@$(LOCK) requirements/uv.in -o requirements/uv.txt
	@$(LOCK) requirements/node.in -o requirements/node.txt
	@$(LOCK) requirements/opensearch.in -o requirements/opensearch.txt

clean: ## removes everything that was built or installed here
	@rm -rf .venv .venv-lint .opensearch node_modules web/annotator/node_modules web/annotator/dist cdk.out .bundles demo-out .local .oci .pytest_cache .mypy_cache .ruff_cache .hypothesis
