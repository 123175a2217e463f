# The two commands that matter are `make demo` and `make test`. Both install what is missing first and say so.

SHELL := /bin/sh
FEATURES ?=
TOOLS := $(or $(CARGO_TARGET_DIR),target)/tools
# The double of the cloud's providers, where there is a cloud to ask.
DOUBLE := $(if $(findstring --no-default-features,$(FEATURES)),$(if $(findstring cloud,$(FEATURES)),--example provider_double),--example provider_double)
ENVIRONMENT := . "$(TOOLS)/env.sh" &&

.PHONY: help demo test test-gpu gpu-check test-editors test-servers unit lint lint-editors setup test-extension install bench docs pictures package package-check

help:
	@echo "make demo          build Tandem and watch it complete code in this repository"
	@echo "make test          all tests, a real Neovim and Helix included, formatting and lints"
	@echo "make test-editors  drive a real Neovim, Helix and VS Code (fetched into the user's cache directory); MORE="emacs kakoune" drives these, too"
	@echo "make test-gpu      the model on a software Vulkan device (fetched into the user's cache directory)"
	@echo "make gpu-check     measures the GPU of this machine beside llama.cpp's own loops: FEATURES=\"--features vulkan\""
	@echo "make test-servers  engines over HTTP against a real llama-server and a gateway (fetched into the user's cache directory)"
	@echo "make unit          the tests that need no llama.cpp (quick)"
	@echo "make lint          formatting and lints"
	@echo "make lint-editors  luacheck and StyLua on the Lua of the editors"
	@echo "make test-extension  types, lints and unit tests of the VS Code extension"
	@echo "make install       tandem into cargo's bin directory, optimised"
	@echo "make bench         the measurements of docs/benchmarks.md"
	@echo "make docs          write the generated parts of the documents"
	@echo "make pictures      the pictures of README, made of the real editors"
	@echo "make package       packages of this system in dist/; BINARY=path/to/tandem takes one that is built already"
	@echo "make package-check builds packages of BINARY twice in a scratch folder, compares, unpacks and tries them"

# The same build as the tests', so that llama.cpp is compiled once: about five minutes on two cores.
demo: setup
	@echo "building tandem (the first time llama.cpp, too: some minutes)"
	@$(ENVIRONMENT) cargo build --locked $(FEATURES)
	@$(ENVIRONMENT) cargo run --quiet --locked $(FEATURES) -- demo

# The protocol without llama.cpp first, because it is quick; then everything; then Neovim and Helix with what was built, where
# they can be had. Where they cannot, a line says SKIPPED and why. `make test-gpu` is apart: it builds llama.cpp again.
test: setup
	$(ENVIRONMENT) cargo test --locked --no-default-features --lib
	$(ENVIRONMENT) cargo test --locked --no-fail-fast $(FEATURES)
	$(ENVIRONMENT) cargo build --locked $(FEATURES) --bin tandem $(DOUBLE)
	@tests/editors/run.sh "$(or $(CARGO_TARGET_DIR),target)/debug/tandem"
	@$(MAKE) --no-print-directory lint lint-editors test-extension

# llama.cpp once more, with its Vulkan backend: about eight minutes on two cores the first time. Docs: docs/gpu.md.
test-gpu: setup
	@$(ENVIRONMENT) scripts/gpu/test.sh

gpu-check: setup
	@$(ENVIRONMENT) FEATURES="$(FEATURES)" scripts/gpu/check.sh $(SHAPES)

unit: setup
	$(ENVIRONMENT) cargo test --locked --no-default-features

lint: setup
	@$(ENVIRONMENT) if cargo fmt --version >/dev/null 2>&1; then \
		echo "cargo fmt --check"; cargo fmt --check; else echo "no rustfmt here: formatting is not checked"; fi
	@$(ENVIRONMENT) if cargo clippy --version >/dev/null 2>&1; then \
		echo "cargo clippy"; cargo clippy --quiet --locked --all-targets $(FEATURES) -- -D warnings; \
		else echo "no clippy here: lints are not checked"; fi

lint-editors:
	@editors/neovim/check.sh

# Types, lints and unit tests of VS Code's extension; skipped with a line that says so where npm or its packages cannot be had.
test-extension:
	@editors/vscode/check.sh

install: setup
	$(ENVIRONMENT) cargo install --locked --path . $(FEATURES)

bench: setup
	$(ENVIRONMENT) cargo bench --locked $(FEATURES)

docs: setup
	$(ENVIRONMENT) UPDATE_DOCS=1 cargo test --locked --no-default-features --test documents

setup:
	@scripts/setup.sh $(if $(findstring --no-default-features,$(FEATURES)),--without-llama)

# Neovim, Helix and VS Code as they are, from Debian's and npm's packages; skipped with a line that says so where these cannot be had.
test-editors: setup
	$(ENVIRONMENT) cargo build --locked $(FEATURES) --bin tandem $(DOUBLE)
	@EDITOR_TEST_MORE="$(MORE)" EDITOR_TEST_VSCODE=1 tests/editors/run.sh "$(or $(CARGO_TARGET_DIR),target)/debug/tandem"

# llama-server from Debian's packages and LiteLLM from PyPI, with the starter model; what cannot be had is skipped with a line that
# says so.
test-servers: setup
	@$(ENVIRONMENT) scripts/test-servers.sh cargo test --locked $(FEATURES) --test servers

# Archive, Debian package, vsix, Neovim plugin, bill of materials, checksums: docs/packaging.md. Without BINARY an optimised
# one is built first, which takes long on few cores.
package: $(if $(BINARY),,setup)
	@if [ -f "$(TOOLS)/env.sh" ]; then . "$(TOOLS)/env.sh"; fi; FEATURES="$(FEATURES)" BINARY="$(BINARY)" scripts/package.sh

package-check:
	@if [ -f "$(TOOLS)/env.sh" ]; then . "$(TOOLS)/env.sh"; fi; BINARY="$(BINARY)" scripts/package/check.sh
	@scripts/package/lint.sh

# Neovim, Helix and VS Code as for test-editors, with questions to the provider's double.
pictures: setup
	$(ENVIRONMENT) cargo build --locked $(FEATURES) --bin tandem --example provider_double
	@tests/editors/pictures.sh "$(or $(CARGO_TARGET_DIR),target)/debug/tandem"
