# SPDX-License-Identifier: Apache-2.0
# make bench: measure and print; make bench BENCHFLAGS=--write updates doc/performance.md.
bench: all
	@$(AM_TESTS_ENVIRONMENT) bash $(srcdir)/tests/bench/bench.sh $(BENCHFLAGS)
EXTRA_DIST += tests/bench/bench.sh doc/performance.md
