# SPDX-License-Identifier: Apache-2.0
# make bench: measure and print; make bench BENCHFLAGS=--write updates doc/performance.md.
# The tools are built when they are asked for, and never installed.
EXTRA_LTLIBRARIES = tests/bench/tools/bench.la
tests_bench_tools_bench_la_SOURCES = tests/bench/tools/bench.c
tests_bench_tools_bench_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_bench_tools_bench_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere

EXTRA_PROGRAMS = tests/bench/tools/observe tests/bench/tools/send tests/bench/tools/ask tests/bench/tools/fill
tests_bench_tools_observe_SOURCES = tests/bench/tools/observe.c
tests_bench_tools_send_SOURCES = tests/bench/tools/send.c
tests_bench_tools_send_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
tests_bench_tools_send_LDADD = $(CURL_LIBS) -lpthread
tests_bench_tools_ask_SOURCES = tests/bench/tools/ask.c
tests_bench_tools_ask_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
tests_bench_tools_ask_LDADD = $(CURL_LIBS)
tests_bench_tools_fill_SOURCES = tests/bench/tools/fill.c
tests_bench_tools_fill_LDADD = daemon/libstore.la

bench_tools = $(EXTRA_LTLIBRARIES) $(EXTRA_PROGRAMS)
bench-tools: $(bench_tools)
bench: all bench-tools
	@$(AM_TESTS_ENVIRONMENT) bash $(srcdir)/tests/bench/bench.sh $(BENCHFLAGS)
instructions: all bench-tools
	@$(AM_TESTS_ENVIRONMENT) bash $(srcdir)/tests/bench/instructions.sh $(BENCHFLAGS)
.PHONY: bench-tools instructions
CLEANFILES += $(bench_tools)
EXTRA_DIST += doc/performance.md tests/bench/bench.sh tests/bench/instructions.sh tests/bench/lib.bash \
	tests/bench/measure.bash tests/bench/postgres.bash tests/bench/http.bash tests/bench/daemon.bash tests/bench/cases
