# Trục: build, run, check. `make help` lists the targets. Everything works as root or with sudo, and is quiet when
# what it needs is already there.

.DEFAULT_GOAL := help
.PHONY: help run test check vectors bench overload powercut fuzz fuzz-smoke fmt clean

TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build the hub and play a day with it (ONCE=1: end by itself with 0 or 1)
	@scripts/setup.sh run
	@cargo build --release --locked --bin truc
	@$(TARGET_DIR)/release/truc demo $(if $(filter 1,$(ONCE)),--once)

test: ## Formatting, lints, documentation, dependencies, all tests
	@scripts/setup.sh test
	@scripts/check.sh

check: test ## The same as test

vectors: ## Run the public test vectors and print the counts by kind and class
	@scripts/vectors.sh

bench: ## Measure: the hub beside a bare server, verification beside others, memory while 1 GB passes
	@scripts/setup.sh bench
	@cargo bench --locked
	@TRUC_STREAM_BYTES=1000000000 cargo test --locked --release --test streaming -- --nocapture --test-threads 1

fuzz: ## Fuzz every target for SECONDS (600), or those in TARGETS
	@scripts/setup.sh fuzz
	@scripts/fuzz.sh $(or $(SECONDS),600) $(TARGETS)

fuzz-smoke: ## Fuzz every target a little, the same way each time
	@scripts/setup.sh fuzz
	@FUZZ_FLAGS='-runs=10000 -seed=1' scripts/fuzz.sh 60

overload: ## Everybody pushes at once: 500 clients, slow heads, half-sent bodies, one message 10,000 times; prints the figures
	@scripts/setup.sh bench
	@TRUC_OVERLOAD=full cargo test --locked --release --test overload -- --nocapture --test-threads 1

powercut: ## Cut the power under a running hub and check what it had acknowledged (CUTS=100 KILLS=0 SEED= KEEP=)
	@scripts/setup.sh powercut
	@POWERCUT_CUTS=$(or $(CUTS),$(if $(KILLS),0,100)) POWERCUT_KILLS=$(or $(KILLS),0) POWERCUT_SEED=$(SEED) \
		POWERCUT_CONTROL=$(CONTROL) POWERCUT_KEEP=$(KEEP) cargo test --release --locked --quiet --test powercut

fmt: ## Format the source
	@cargo fmt

clean: ## Remove what was built (never a data folder)
	@cargo clean
