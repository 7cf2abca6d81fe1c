# SPDX-License-Identifier: Apache-2.0
# The sqlite connector, its files linked straight into the tests.
if ENABLE_SQLITE
sqlite_test_sources = $(sqlite_sources) $(table_sources) \
	tests/unit/sqlite-fixture.c tests/unit/sqlite-fixture.h

sqlite_tests = tests/unit/test-sqlite-source tests/unit/test-sqlite-destination \
	tests/unit/test-sqlite-table tests/unit/test-sqlite-faults
check_PROGRAMS += $(sqlite_tests)
TESTS += $(sqlite_tests)

tests_unit_test_sqlite_source_SOURCES = tests/unit/test-sqlite-source.c $(sqlite_test_sources)
tests_unit_test_sqlite_source_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
tests_unit_test_sqlite_source_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(SQLITE_CFLAGS)
tests_unit_test_sqlite_source_LDADD = $(CMOCKA_LIBS) $(SQLITE_LIBS) -lm

tests_unit_test_sqlite_destination_SOURCES = tests/unit/test-sqlite-destination.c $(sqlite_test_sources)
tests_unit_test_sqlite_destination_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
tests_unit_test_sqlite_destination_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(SQLITE_CFLAGS)
tests_unit_test_sqlite_destination_LDADD = $(CMOCKA_LIBS) $(SQLITE_LIBS) -lm

tests_unit_test_sqlite_table_SOURCES = tests/unit/test-sqlite-table.c $(sqlite_test_sources)
tests_unit_test_sqlite_table_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
tests_unit_test_sqlite_table_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(SQLITE_CFLAGS)
tests_unit_test_sqlite_table_LDADD = $(CMOCKA_LIBS) $(SQLITE_LIBS) -lm

tests_unit_test_sqlite_faults_SOURCES = tests/unit/test-sqlite-faults.c $(sqlite_test_sources)
tests_unit_test_sqlite_faults_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
tests_unit_test_sqlite_faults_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(SQLITE_CFLAGS)
tests_unit_test_sqlite_faults_LDADD = $(CMOCKA_LIBS) $(SQLITE_LIBS) -lm
endif
