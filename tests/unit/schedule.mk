# SPDX-License-Identifier: Apache-2.0
# Schedules: time zones, cron, tiers, due times, and a week of them.
check_PROGRAMS += tests/unit/test-cron tests/unit/test-schedule tests/unit/test-week \
	tests/unit/test-conf-schedule
TESTS += tests/unit/test-cron tests/unit/test-schedule tests/unit/test-week \
	tests/unit/test-conf-schedule

tests_unit_test_cron_SOURCES = tests/unit/test-cron.c
tests_unit_test_cron_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_cron_LDADD = daemon/libmodel.la $(CMOCKA_LIBS)

tests_unit_test_schedule_SOURCES = tests/unit/test-schedule.c
tests_unit_test_schedule_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_schedule_LDADD = daemon/libsupervise.la $(CMOCKA_LIBS)

tests_unit_test_week_SOURCES = tests/unit/test-week.c tests/unit/supervise-fixture.c tests/unit/supervise-fixture.h
tests_unit_test_week_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_week_LDADD = daemon/libsupervise.la $(CMOCKA_LIBS)

tests_unit_test_conf_schedule_SOURCES = tests/unit/test-conf-schedule.c tests/unit/conf-fixture.c \
	tests/unit/conf-fixture.h
tests_unit_test_conf_schedule_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_conf_schedule_LDADD = daemon/libconf.la $(CMOCKA_LIBS)
