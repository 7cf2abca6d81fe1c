# SPDX-License-Identifier: Apache-2.0
# Retention, backup and restore.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-retention tests/unit/test-backup
TESTS += tests/unit/test-retention tests/unit/test-backup

tests_unit_test_retention_SOURCES = tests/unit/test-retention.c $(supervise_fixture)
tests_unit_test_retention_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_retention_LDADD = daemon/libsupervise.la $(CMOCKA_LIBS)

tests_unit_test_backup_SOURCES = tests/unit/test-backup.c
tests_unit_test_backup_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_backup_LDADD = daemon/libstore.la $(CMOCKA_LIBS)
endif
