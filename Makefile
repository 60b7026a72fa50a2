# The commands a person needs; the build itself is CMake's (CMakePresets.json, HACKING.md).
.PHONY: run test check bench realdata format clean
MAKEFLAGS += --no-print-directory

run: ## build, simulate a company, run the whole journey, write the report
	@tools/setup.sh
	@tools/build.sh release bin/wanliu
	@build/release/bin/wanliu demo -C demo

test: ## build and run all tests
	@tools/setup.sh
	@tools/build.sh dev
	@tools/test.sh dev

check: ## tests, sanitizers, a short fuzz run, layers and style
	@tools/setup.sh check
	@tools/check.sh dev asan fuzz tidy format

bench: ## measurements as JSON lines; BENCH=name for one
	@tools/setup.sh
	@tools/build.sh release bench/all
	@bench/run.sh $(BENCH)

realdata: ## figures on public data sets as JSON lines; SET=name for one
	@tools/setup.sh
	@tools/build.sh release bin/wanliu
	@tools/realdata.sh $(SET)

format: ## lay out all C files
	@tools/setup.sh format
	@find bench fuzz include src tests -name '*.[ch]' | xargs clang-format-14 -i

clean:
	@rm -rf build demo
