# SPDX-License-Identifier: Apache-2.0
# Expressions over a row.
check_PROGRAMS += tests/unit/test-expr
TESTS += tests/unit/test-expr
tests_unit_test_expr_SOURCES = tests/unit/test-expr.c
tests_unit_test_expr_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_expr_LDADD = daemon/libwire-expr.la $(CMOCKA_LIBS)
