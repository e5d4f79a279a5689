# An Sinh. `make` alone lists what there is.
PYTHON ?= python3
SCENARIO ?= ninh-thuan-2019
KAFKA ?= embedded
PEOPLE ?= 2000000
SHELL := /bin/bash
BIN := .venv/bin
STAMP := .venv/.installed
export KAFKA

.DEFAULT_GOAL := help
.PHONY: help setup demo up down status test test-real soak bench check format contracts clean

help: ## Liệt kê các lệnh · List the commands
	@echo "make <lệnh · command>"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)$$/  \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null \
	  || sed -n 's/^\([a-z-]*\):.*## \(.*\)$$/  \1	\2/p' $(MAKEFILE_LIST)

# Installed by the lock file, and again only when it changes.
$(STAMP): uv.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Cần Python 3.11 trở lên; đặt PYTHON=<đường dẫn>. · Python 3.11 or newer is needed; set PYTHON=<path>."; exit 1; }
	@echo "Cài đặt vào .venv… · Installing into .venv…"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@VIRTUAL_ENV="$(CURDIR)/.venv" $(BIN)/uv sync --frozen --quiet --inexact --compile-bytecode --python $(BIN)/python
	@touch $@

setup: $(STAMP) ## Cài đặt vào .venv theo tệp khóa · Install into .venv by the lock file

demo: $(STAMP) ## Chạy trọn một tình huống · A scenario end to end: SCENARIO=<name> KAFKA=apache
	@$(BIN)/ansinh demo $(SCENARIO) $(DEMO_OPTIONS)

up: $(STAMP) ## Khởi động và giữ chạy · Start the platform and stay (Ctrl-C ends it)
	@$(BIN)/ansinh up

down: $(STAMP) ## Dừng nền tảng đang chạy · End the platform that is up
	@$(BIN)/ansinh down

status: $(STAMP) ## Tình trạng từng phần · How each part is
	@$(BIN)/ansinh status

test: $(STAMP) ## Mọi kiểm thử chỉ cần Python · All tests that need Python only
	@$(BIN)/python -m tests.run

test-real: $(STAMP) ## Kiểm thử cần công cụ khác (Apache Kafka) · Tests that need more than Python
	@$(BIN)/python -m tests.run --real

soak: $(STAMP) ## Thử dài · Both evaluators on random people: PEOPLE=<n> SEED=<n>; a month paid while workers die: PAYROLL=<n>
	@$(BIN)/python -m tests.soak $(if $(PAYROLL),--payroll --people $(PAYROLL),--law --people $(PEOPLE)) $(if $(SEED),--seed $(SEED))

bench: $(STAMP) ## Đo, cạnh các hệ thống khác · Measure beside peers: BENCH=--quick, or suites by name
	@$(BIN)/python -m benchmarks $(BENCH)

check: $(STAMP) ## ruff, mypy --strict, lint-imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy .
	@$(BIN)/lint-imports

format: $(STAMP) ## Sắp lại mã nguồn · Format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

contracts: $(STAMP) ## Sinh lại contracts/schemas · Generate contracts/schemas again
	@$(BIN)/python -m deploy.contracts

clean: ## Xóa dữ liệu cục bộ (var/) · Delete the local data (var/)
	@if [ -x $(BIN)/ansinh ]; then $(BIN)/ansinh down; fi
	@rm -rf var
