# SPDX-License-Identifier: Apache-2.0
# ferryctl's table of commands, and its doctor.
check_PROGRAMS += tests/unit/test-ctl-commands tests/unit/test-doctor
TESTS += tests/unit/test-ctl-commands tests/unit/test-doctor
tests_unit_test_ctl_commands_SOURCES = tests/unit/test-ctl-commands.c
tests_unit_test_ctl_commands_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/ctl
tests_unit_test_ctl_commands_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_ctl_commands_LDADD = ctl/libctl.la $(CMOCKA_LIBS)

tests_unit_test_doctor_SOURCES = tests/unit/test-doctor.c
tests_unit_test_doctor_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/ctl
tests_unit_test_doctor_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_doctor_LDADD = ctl/libctl.la $(CMOCKA_LIBS)
