# SPDX-License-Identifier: Apache-2.0
# The postgres connector, its files linked straight into the tests. Those that need a server start
# one of their own, and are skipped where PostgreSQL is not installed.
if ENABLE_POSTGRES
postgres_tests = tests/unit/test-postgres-values tests/unit/test-postgres-source \
	tests/unit/test-postgres-destination tests/unit/test-postgres-faults
check_PROGRAMS += $(postgres_tests)
TESTS += $(postgres_tests)

postgres_test_sources = $(postgres_sources) $(table_sources) tests/unit/postgres-fixture.c tests/unit/postgres-fixture.h
postgres_test_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(PQ_CFLAGS)
postgres_test_libs = daemon/libmodel.la $(CMOCKA_LIBS) $(PQ_LIBS) -lm

tests_unit_test_postgres_values_SOURCES = tests/unit/test-postgres-values.c $(postgres_sources) $(table_sources)
tests_unit_test_postgres_values_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
tests_unit_test_postgres_values_CFLAGS = $(postgres_test_cflags)
tests_unit_test_postgres_values_LDADD = $(postgres_test_libs)

tests_unit_test_postgres_source_SOURCES = tests/unit/test-postgres-source.c $(postgres_test_sources)
tests_unit_test_postgres_source_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
tests_unit_test_postgres_source_CFLAGS = $(postgres_test_cflags)
tests_unit_test_postgres_source_LDADD = $(postgres_test_libs)

tests_unit_test_postgres_destination_SOURCES = tests/unit/test-postgres-destination.c $(postgres_test_sources)
tests_unit_test_postgres_destination_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
tests_unit_test_postgres_destination_CFLAGS = $(postgres_test_cflags)
tests_unit_test_postgres_destination_LDADD = $(postgres_test_libs)

tests_unit_test_postgres_faults_SOURCES = tests/unit/test-postgres-faults.c $(postgres_test_sources)
tests_unit_test_postgres_faults_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
tests_unit_test_postgres_faults_CFLAGS = $(postgres_test_cflags)
tests_unit_test_postgres_faults_LDADD = $(postgres_test_libs)
endif
