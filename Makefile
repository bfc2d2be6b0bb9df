# One word per job. Each target installs what it needs and says what it is doing.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

UV := .tools/bin/uv
RUN := $(UV) run --locked --all-extras
# Without uv, which would install what only the tests need.
NIBRS := .venv/bin/nibrs
DATA ?=
QUARANTINE ?=
RENUMBER ?=
YES ?=
CONFIG ?= development
APPROVED ?=
# A simulated nation has a home of its own: real and simulated state-years never share a database.
SIMULATED := simulated
# All states, two years, and few incidents, so that a first run takes minutes.
NATION ?= --size states --scale 0.03 --years 2022-2023
TESTED := -v -n 2 --dist loadscope --no-loadscope-reorder --durations=10
LOAD_OPTIONS := $(if $(QUARANTINE),--quarantine) $(if $(RENUMBER),--renumber)

.PHONY: help setup setup-run explorer setup-test run test coverage image-test lint synth bootstrap deploy diff destroy bench clean clean-data

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup:  ## Install uv, the locked Python packages, R and the R package
	@local/setup.sh estimation

explorer:  ## Bundle the script of the page that shows estimates (make setup does it too)
	@local/setup.sh explorer

setup-test: setup  ## Also what only the tests need: Chromium, sqlite3, zip, buildah, asl-validator, iam-simulate, cdk
	@local/setup.sh test

setup-run:
	@local/setup.sh run

run: setup-run  ## Downloads and estimates: of zips (DATA="AZ-2016.zip ..." QUARANTINE=1 RENUMBER=1), else of a simulated nation
ifeq ($(strip $(DATA)),)
	@echo "== Simulating a nation in $(SIMULATED)/ (give DATA=\"path/AZ-2016.zip ...\" for published zips)"
	@NIBRS_HOME="$(SIMULATED)" $(NIBRS) simulate $(NATION)
	@echo "== Running the state machine, with tables of crimes and the nation's workbook (TABLES=all WORKBOOKS=all: all)"
	@NIBRS_HOME="$(SIMULATED)" TABLES="$${TABLES:-crimes}" WORKBOOKS="$${WORKBOOKS:-nation}" $(NIBRS) run
else
	@echo "== Loading $(DATA)"
	@loaded=0; $(NIBRS) load $(LOAD_OPTIONS) $(DATA) || loaded=$$?; \
	[ $$loaded -le 1 ] || exit $$loaded; \
	echo "== Running the state machine"; \
	ran=0; $(NIBRS) run || ran=$$?; \
	[ $$loaded = 0 ] || echo "== Not all files were loaded: what was refused, and why, stands above" >&2; \
	[ $$ran = 0 ] || echo "== The run failed: the cause, and what to do, stand above" >&2; \
	[ $$ran = 0 ] || exit $$ran; \
	[ $$loaded = 0 ] || exit 1
endif

test: setup-test  ## All tests, and the slowest ten
	@echo "== Running the tests, two at a time"
	@$(RUN) pytest $(TESTED)

coverage: setup-test  ## The same, and which branches they cover: takes a fifth longer
	@echo "== Running the tests, two at a time, with the coverage of branches"
	@$(RUN) pytest $(TESTED) --cov --cov-report=term:skip-covered

image-test:  ## Build the estimation's image and run a stage inside it (Docker, or buildah and root)
	@containers/r_estimation/image_test.sh

lint: setup  ## Style, types, formatting
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy

synth:  ## The CloudFormation template of CONFIG (development, production or a .toml file), in cdk.out/
	@local/setup.sh synth "$(CONFIG)"

bootstrap:  ## Once per AWS account and region: what CDK itself needs
	@local/setup.sh cdk bootstrap "$(CONFIG)"

deploy:  ## Deploy CONFIG to the AWS account of your credentials; shows first what will change (APPROVED=1: does not ask)
	@APPROVED="$(APPROVED)" local/setup.sh cdk deploy "$(CONFIG)"

diff:  ## What `make deploy` would change
	@local/setup.sh cdk diff "$(CONFIG)"

destroy:  ## Remove the stack of CONFIG; docs/deployment.md says what stays
	@local/setup.sh cdk destroy "$(CONFIG)"

bench: setup-test  ## Measure against the previous system; needs DATA="path/AZ-2016.zip path/LA-2013.zip"
	@$(RUN) python benchmarks/extraction.py $(DATA)

clean:  ## Remove what was installed and built here; data and results stay
	@[ ! -x .venv/bin/nibrs ] || for home in . $(SIMULATED); do NIBRS_HOME=$$home .venv/bin/nibrs db stop >/dev/null; done
	rm -rf .venv .tools cdk.out cdk/node_modules lambdas/explorer/node_modules tests/*/node_modules
	rm -f lambdas/nibrs_pipeline/publish/explorer.bundle.js
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*

clean-data:  ## Remove databases, downloads, estimates, truth and quarantined rows; asks first (YES=1: does not)
	@YES="$(YES)" local/clean_data.sh "$${NIBRS_HOME:-.}" "$(SIMULATED)"
