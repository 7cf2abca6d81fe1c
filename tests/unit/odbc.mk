# SPDX-License-Identifier: Apache-2.0
# The odbc connector, its files linked straight into the tests. Those that need drivers and servers
# start the servers themselves, and skip what is not installed.
if ENABLE_ODBC
odbc_tests = tests/unit/test-odbc-values tests/unit/test-odbc-source tests/unit/test-odbc-destination \
	tests/unit/test-odbc-faults
check_PROGRAMS += $(odbc_tests)
TESTS += $(odbc_tests)

odbc_test_sources = $(odbc_sources) $(table_sources) tests/unit/odbc-fixture.c tests/unit/odbc-fixture.h
odbc_test_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
odbc_test_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(ODBC_CFLAGS)
odbc_test_libs = $(CMOCKA_LIBS) $(ODBC_LIBS) -lm

tests_unit_test_odbc_values_SOURCES = tests/unit/test-odbc-values.c $(odbc_sources) $(table_sources)
tests_unit_test_odbc_values_CPPFLAGS = $(odbc_test_cppflags)
tests_unit_test_odbc_values_CFLAGS = $(odbc_test_cflags)
tests_unit_test_odbc_values_LDADD = $(odbc_test_libs)

tests_unit_test_odbc_source_SOURCES = tests/unit/test-odbc-source.c $(odbc_test_sources)
tests_unit_test_odbc_source_CPPFLAGS = $(odbc_test_cppflags)
tests_unit_test_odbc_source_CFLAGS = $(odbc_test_cflags)
tests_unit_test_odbc_source_LDADD = $(odbc_test_libs)

tests_unit_test_odbc_destination_SOURCES = tests/unit/test-odbc-destination.c $(odbc_test_sources)
tests_unit_test_odbc_destination_CPPFLAGS = $(odbc_test_cppflags)
tests_unit_test_odbc_destination_CFLAGS = $(odbc_test_cflags)
tests_unit_test_odbc_destination_LDADD = $(odbc_test_libs)

tests_unit_test_odbc_faults_SOURCES = tests/unit/test-odbc-faults.c $(odbc_test_sources)
tests_unit_test_odbc_faults_CPPFLAGS = $(odbc_test_cppflags)
tests_unit_test_odbc_faults_CFLAGS = $(odbc_test_cflags)
tests_unit_test_odbc_faults_LDADD = $(odbc_test_libs)
endif
