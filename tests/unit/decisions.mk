# SPDX-License-Identifier: Apache-2.0
# The decision table. The test also prints doc/decisions.md: test-decisions --print.
check_PROGRAMS += tests/unit/test-decisions
TESTS += tests/unit/test-decisions
tests_unit_test_decisions_SOURCES = tests/unit/test-decisions.c tests/unit/decisions-doc.c \
	tests/unit/decisions-doc.h
tests_unit_test_decisions_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_decisions_LDADD = daemon/libmodel.la $(CMOCKA_LIBS)
EXTRA_DIST += doc/decisions.md
