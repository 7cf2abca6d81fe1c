# SPDX-License-Identifier: Apache-2.0
# The mysql connector, its files linked straight into the tests. Those that need a server start one of
# their own, and are skipped where MariaDB is not installed.
if ENABLE_MYSQL
mysql_tests = tests/unit/test-mysql-values tests/unit/test-mysql-source \
	tests/unit/test-mysql-destination tests/unit/test-mysql-table tests/unit/test-mysql-faults
check_PROGRAMS += $(mysql_tests)
TESTS += $(mysql_tests)

mysql_test_sources = $(mysql_sources) $(table_sources) tests/unit/mysql-fixture.c tests/unit/mysql-fixture.h
mysql_test_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(MARIADB_CFLAGS)
mysql_test_libs = daemon/libmodel.la $(CMOCKA_LIBS) $(MARIADB_LIBS) -lm

tests_unit_test_mysql_values_SOURCES = tests/unit/test-mysql-values.c $(mysql_sources) $(table_sources)
tests_unit_test_mysql_values_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
tests_unit_test_mysql_values_CFLAGS = $(mysql_test_cflags)
tests_unit_test_mysql_values_LDADD = $(mysql_test_libs)

tests_unit_test_mysql_source_SOURCES = tests/unit/test-mysql-source.c $(mysql_test_sources)
tests_unit_test_mysql_source_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
tests_unit_test_mysql_source_CFLAGS = $(mysql_test_cflags)
tests_unit_test_mysql_source_LDADD = $(mysql_test_libs)

tests_unit_test_mysql_destination_SOURCES = tests/unit/test-mysql-destination.c $(mysql_test_sources)
tests_unit_test_mysql_destination_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
tests_unit_test_mysql_destination_CFLAGS = $(mysql_test_cflags)
tests_unit_test_mysql_destination_LDADD = $(mysql_test_libs)

tests_unit_test_mysql_table_SOURCES = tests/unit/test-mysql-table.c $(mysql_test_sources)
tests_unit_test_mysql_table_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
tests_unit_test_mysql_table_CFLAGS = $(mysql_test_cflags)
tests_unit_test_mysql_table_LDADD = $(mysql_test_libs)

tests_unit_test_mysql_faults_SOURCES = tests/unit/test-mysql-faults.c $(mysql_test_sources)
tests_unit_test_mysql_faults_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
tests_unit_test_mysql_faults_CFLAGS = $(mysql_test_cflags)
tests_unit_test_mysql_faults_LDADD = $(mysql_test_libs)
endif
