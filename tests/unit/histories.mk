# SPDX-License-Identifier: Apache-2.0
# Generated histories: nothing lost, nothing doubled, whatever dies. HISTORIES=1000 runs more of them.
check_PROGRAMS += tests/unit/test-histories
TESTS += tests/unit/test-histories
tests_unit_test_histories_SOURCES = tests/unit/test-histories.c tests/unit/histories-check.c \
	tests/unit/histories-conf.c tests/unit/histories-run.c \
	tests/unit/histories.h tests/unit/plug-fixture.c tests/unit/plug-fixture.h tests/unit/fixtures/history.h
tests_unit_test_histories_CFLAGS = $(AM_CFLAGS) -DTEST_CC='"$(CC)"'
tests_unit_test_histories_LDADD = daemon/libpipeline.la
EXTRA_DIST += tests/unit/fixtures/history.c
