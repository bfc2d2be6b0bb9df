# One word per job. Each installs what it needs and says what it is doing.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

UV := .tools/bin/uv
RUN := $(UV) run --locked --all-extras
DATA ?=
CONFIG ?= development

.PHONY: help setup setup-test run test image-test lint synth bootstrap deploy diff destroy bench clean

help:  ## What there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup:  ## Install uv, the locked Python packages, R and the R package
	@local/setup.sh estimation

setup-test: setup  ## Also what only the tests need: Chromium, sqlite3, zip, asl-validator
	@local/setup.sh test

run: setup  ## Make downloads and estimates: from DATA="AZ-2016.zip ..." or from a small simulated nation
ifeq ($(strip $(DATA)),)
	@echo "== Simulating a small nation (give DATA=\"path/AZ-2016.zip ...\" for published zips)"
	@$(RUN) nibrs simulate
else
	@echo "== Loading $(DATA)"
	@$(RUN) nibrs load $(DATA)
endif
	@echo "== Running the state machine"
	@$(RUN) nibrs run

test: setup-test  ## All tests, with the coverage of branches
	@$(RUN) pytest -n 2 --dist loadscope --no-loadscope-reorder --cov --cov-report=term:skip-covered

image-test:  ## Build the estimation's image and run a stage inside it (Docker, or buildah and root)
	@containers/r_estimation/image_test.sh

lint: setup  ## Style, types, formatting
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy
	@$(RUN) mypy containers/r_estimation/entry_point.py

synth:  ## The CloudFormation template of CONFIG (development, production or a .toml file), in cdk.out/
	@local/setup.sh synth $(CONFIG)

bootstrap:  ## Once per AWS account and region: what CDK itself needs
	@local/setup.sh cdk bootstrap $(CONFIG)

deploy:  ## Deploy CONFIG to the AWS account of your credentials; shows first what will change
	@local/setup.sh cdk deploy $(CONFIG)

diff:  ## What `make deploy` would change
	@local/setup.sh cdk diff $(CONFIG)

destroy:  ## Remove the stack of CONFIG; docs/deployment.md says what stays
	@local/setup.sh cdk destroy $(CONFIG)

bench: setup-test  ## Measure against the old way; needs DATA="path/AZ-2016.zip path/LA-2013.zip"
	@$(RUN) python benchmarks/extraction.py $(DATA)

clean:  ## Remove what was installed and made here
	rm -rf .venv .tools .nibrs scratch artifacts cdk.out
