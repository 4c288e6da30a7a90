# Thin: what to type. Each target installs what is missing (packages.txt), then calls CMake, CTest or
# a program of ours. `make help` lists the targets.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: bench test test-long build check format lint sanitize perf charging fuzz soak clean help

# A compiler cache is used where it is installed.
ifneq ($(shell command -v ccache),)
export CMAKE_C_COMPILER_LAUNCHER := ccache
export CMAKE_CXX_COMPILER_LAUNCHER := ccache
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1
# what its manual asks for with precompiled headers
export CCACHE_SLOPPINESS := pch_defines,time_macros
endif

install := tools/install-packages
# A build folder without tests needs no GoogleTest; one that has them keeps them. Errors go to stderr.
configure = cmake --preset release >/dev/null $(if $(wildcard build/CMakeCache.txt),,-DECHOTRIO_TESTS=OFF)
configure_tests = cmake --preset $(1) >/dev/null -DECHOTRIO_TESTS=ON
# Most tests wait more than they compute.
ctest = ctest -j $(shell expr $$(nproc) \* 2) --preset

# Words for the programs: make bench ARGS="--quick", make test ARGS="-R prefork"
ARGS =
# The folder that ARGS="--out DIR" or ARGS="--resume DIR" names; empty: a new one.
named = $(shell printf '%s\n' "$(ARGS)" | sed -nE 's/.*(--out|--resume|-o)[= ]+([^ ]+).*/\2/p')
# What the plan at the end of `make bench` is for.
DEMAND = --rate 50000 --connections 20000 --slo p99=10ms

bench:               ## compare the three servers, the claims, a plan, a Python; report in results/
	@$(install) build bench
	@$(configure)
	@cmake --build build --target programs
	@folder=$(or $(named),results/$(shell date +%Y-%m-%d_%H-%M-%S)); status=0; \
	build/bin/loadgen compare $(if $(named),,--out $$folder) $(ARGS) || status=$$?; \
	[ $$status = 0 ] || [ $$status = 3 ] || exit $$status; \
	build/bin/loadgen claims --quick --json $$folder/claims.json || [ $$? = 3 ] || exit 1; \
	build/bin/loadgen plan $$folder $(DEMAND) --json $$folder/plan.json || [ $$? -ne 2 ] || exit 1; \
	if [ ! -e $$folder/prediction.json ] && command -v python3 >/dev/null; then \
	    build/bin/loadgen claims --quick --only prediction --python python3 \
	        --json $$folder/prediction.json || rm -f $$folder/prediction.json; \
	fi; \
	for form in html md; do \
	    build/bin/loadgen report $$folder --out $$folder/report.$$form || exit 1; \
	done; \
	exit $$status

test:                ## every test but the long ones
	@$(install) build bench test
	@$(call configure_tests,release)
	@cmake --build build
	@$(ctest) release -LE long $(ARGS)

test-long:           ## the others: all claims, a live CPython beside our lock, Docker, soak
	@$(install) build bench test
	@$(call configure_tests,release)
	@cmake --build build
	@$(ctest) release -L long $(ARGS)

build:               ## the four programs, in build/bin/
	@$(install) build
	@$(configure)
	@cmake --build build --target programs

check:               ## the quick rules: architecture, formatting, shell scripts
	@$(install) check
	@for rule in check loops picture readmes; do python3 tests/architecture/$$rule.py || exit 1; done
	@git ls-files '*.cpp' '*.hpp' | grep -v /fixtures/ | xargs clang-format --dry-run --Werror
	@git grep -lE '^#!/bin/(ba)?sh' | xargs shellcheck --severity=warning

format:              ## reformat the C++ files
	@$(install) check
	@git ls-files '*.cpp' '*.hpp' | grep -v /fixtures/ | xargs clang-format -i

lint:                ## clang-tidy over everything (long); over what changed: make lint SINCE=main
	@$(install) build test check
	@$(call configure_tests,lint)
	@tools/lint build-lint $(SINCE) $(if $(SINCE),$(SECONDS))

sanitize:            ## our own programs' tests but the long ones under ASan+UBSan, threads under TSan
	@$(install) build bench test
	@for kind in asan tsan; do \
	    $(call configure_tests,$$kind) && cmake --build --preset $$kind && \
	    $(ctest) $$kind $(ARGS) || exit 1; \
	done

perf:                ## ratios against reference servers and other generators
	@$(install) build bench test
	@$(call configure_tests,release)
	@cmake --build build --target perf

charging:            ## how far off the CPU is that a server is charged (as root, on two CPUs)
	@$(install) build test
	@$(configure)
	@cmake --build build --target programs
	@python3 tests/perf/charging.py build/bin $(ARGS)

fuzz:                ## fuzz every parser: make fuzz SECONDS=600
	@$(install) build test fuzz
	@cmake --preset fuzz >/dev/null -DECHOTRIO_TESTS=ON
	@cmake --build build-fuzz --target fuzz

soak:                ## integrity under load, kills and faults: make soak SECONDS=600
	@$(install) build bench test
	@$(call configure_tests,release)
	@cmake --build build --target soak

clean:               ## remove what was built; results/ stays
	@rm -rf build build-*

help:                ## this list
	@sed -n 's/^\([a-z-]*\): *## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18
