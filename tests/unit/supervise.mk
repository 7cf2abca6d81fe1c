# SPDX-License-Identifier: Apache-2.0
# The daemon's side: journal, supervisor, API; with a worker that only talks.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test-journal tests/unit/test-runs-index tests/unit/test-supervise tests/unit/test-api \
	tests/unit/test-problems tests/unit/test-promote tests/unit/test-api-problems \
	tests/unit/fixtures/fake-worker
TESTS += tests/unit/test-journal tests/unit/test-runs-index tests/unit/test-supervise tests/unit/test-problems \
	tests/unit/test-promote tests/unit/test-api tests/unit/test-api-problems

supervise_fixture = tests/unit/supervise-fixture.c tests/unit/supervise-fixture.h

tests_unit_fixtures_fake_worker_SOURCES = tests/unit/fixtures/fake-worker.c

tests_unit_test_runs_index_SOURCES = tests/unit/test-runs-index.c
tests_unit_test_runs_index_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_runs_index_LDADD = daemon/libstore.la $(CMOCKA_LIBS)
tests_unit_test_journal_SOURCES = tests/unit/test-journal.c
tests_unit_test_journal_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_journal_LDADD = daemon/libstore.la $(CMOCKA_LIBS)

tests_unit_test_supervise_SOURCES = tests/unit/test-supervise.c $(supervise_fixture)
tests_unit_test_supervise_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_supervise_LDADD = daemon/libsupervise.la $(CMOCKA_LIBS)

tests_unit_test_problems_SOURCES = tests/unit/test-problems.c $(supervise_fixture)
tests_unit_test_problems_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_problems_LDADD = daemon/libsupervise.la $(CMOCKA_LIBS)

tests_unit_test_promote_SOURCES = tests/unit/test-promote.c $(supervise_fixture)
tests_unit_test_promote_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_promote_LDADD = daemon/libsupervise.la $(CMOCKA_LIBS)

api_fixture = tests/unit/api-fixture.c tests/unit/api-fixture.h $(supervise_fixture)

tests_unit_test_api_SOURCES = tests/unit/test-api.c $(api_fixture)
tests_unit_test_api_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_api_LDADD = daemon/libapi.la $(CMOCKA_LIBS)

tests_unit_test_api_problems_SOURCES = tests/unit/test-api-problems.c $(api_fixture)
tests_unit_test_api_problems_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_api_problems_LDADD = daemon/libapi.la $(CMOCKA_LIBS)
endif
