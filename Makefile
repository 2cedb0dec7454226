# The whole machinery: `make demo` and `make test` are enough from a fresh clone.
VENV ?= .venv
PYTHON ?= python3

.DEFAULT_GOAL := help
.PHONY: help setup demo test faults colcon train hw clean

help: ## list what there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## create the environment with the pinned packages, once
	@$(PYTHON) tools/environment.py $(VENV)

demo: setup ## watch it drift, retrain and recover, over real ROS 2
	@$(VENV)/bin/edge-adapt demo

test: setup ## run the whole gate: format, lint, types, import contracts, tests
	@tools/check $(VENV)

faults: setup ## harm everything on purpose for hours, and print what held
	@$(VENV)/bin/python tools/faults

colcon: setup ## build as colcon does on a robot, plain and with symlinks, and run the result
	@tools/colcon $(VENV)

train: setup ## train the binary network again, in an environment of its own
	@tools/train $(NETWORKS)

hw: setup ## prove and synthesize the accelerator, and run its long tests
	@tools/hw $(VENV)

clean: ## remove the environment and everything that was built
	rm -rf $(VENV) .colcon build install log edge_adapt.egg-info edge_adapt/engines/*.so
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
