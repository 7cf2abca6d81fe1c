# SPDX-License-Identifier: Apache-2.0
# Word to and from the service manager.
check_PROGRAMS += tests/unit/test-manager
TESTS += tests/unit/test-manager

tests_unit_test_manager_SOURCES = tests/unit/test-manager.c $(supervise_fixture)
tests_unit_test_manager_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_manager_LDADD = daemon/libsupervise.la $(CMOCKA_LIBS)
