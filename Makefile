# Every target is a line or two that calls a program; `make help` lists them.
# Which site: `up` builds the lab unless told, `down` takes down what is there.
SITE ?=
KARST := .venv/bin/karst

.DEFAULT_GOAL := help
.PHONY: help tools image up converge verify down env test test-fast check bench requirements

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{gsub(/\$$\$$/, "$$", $$2); printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

tools: ## provide Pulumi, etcd and Kubernetes (cached outside the clone) and .venv
	@python3 tools/build.py && python3 tools/venv.py

image: ## make the host image, which the twin's hosts and the roles' tests share (cached, in podman)
	@python3 tools/image.py

up: tools ## build the site SITE (default lab) on its twin, with hosts unless KARST_HOSTS=no
	@test "$$KARST_HOSTS" = no || python3 tools/image.py >/dev/null || true # without it, BMCs alone: `up` says so
	@$(KARST) up $(SITE)

converge: tools ## configure the hosts of SITE (default lab) with Ansible
	@.venv/bin/ansible-playbook -i inventories/$(or $(SITE),lab) playbooks/site.yml

down: tools ## destroy the stacks, end the twin, remove all its state
	@$(KARST) down $(SITE)

verify: tools ## compare what BMCs, rack PDUs and hosts tell with plan and hardware spec
	@$(KARST) verify $(SITE)

env: ## print the environment of a shell for pulumi and kubectl: eval "$$(make -s env)"
	@$(KARST) env

test: tools ## all tests
	@.venv/bin/python -m pytest -n 2 --dist loadgroup

test-fast: tools ## the minute-long tier of the same tests
	@.venv/bin/python -m pytest -n 2 --dist loadgroup -m "not slow"

check: tools ## lint, types, import contracts, size budget
	@.venv/bin/python tools/check.py

bench: tools ## every benchmark, one JSON document a line
	@for file in benchmarks/*.py; do .venv/bin/python $$file; done

requirements: tools ## pin the Python packages anew, with hashes
	@.venv/bin/uv pip compile -q --generate-hashes --no-emit-index-url --python-version 3.11 --custom-compile-command "make requirements" -o requirements.txt pyproject.toml
	@.venv/bin/uv pip compile -q --generate-hashes --no-emit-index-url --python-version 3.11 --custom-compile-command "make requirements" --extra test -c requirements.txt -o requirements-test.txt pyproject.toml
