# SPDX-License-Identifier: Apache-2.0
# Notifications: events, messages, addresses, their configuration, the outbox.
check_PROGRAMS += tests/unit/test-notify tests/unit/test-message tests/unit/test-address \
	tests/unit/test-outbox tests/unit/test-conf-notify tests/unit/test-sendmail tests/unit/test-deliveries
TESTS += tests/unit/test-notify tests/unit/test-message tests/unit/test-address \
	tests/unit/test-outbox tests/unit/test-conf-notify tests/unit/test-sendmail tests/unit/test-deliveries

tests_unit_test_notify_SOURCES = tests/unit/test-notify.c
tests_unit_test_notify_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_notify_LDADD = daemon/libmodel.la $(CMOCKA_LIBS)

tests_unit_test_message_SOURCES = tests/unit/test-message.c
tests_unit_test_message_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_message_LDADD = daemon/libmodel.la $(CMOCKA_LIBS)

tests_unit_test_address_SOURCES = tests/unit/test-address.c
tests_unit_test_address_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_address_LDADD = daemon/libbase.la $(CMOCKA_LIBS)

tests_unit_test_outbox_SOURCES = tests/unit/test-outbox.c
tests_unit_test_outbox_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_outbox_LDADD = daemon/libstore.la $(CMOCKA_LIBS)

tests_unit_test_conf_notify_SOURCES = tests/unit/test-conf-notify.c tests/unit/conf-fixture.c \
	tests/unit/conf-fixture.h
tests_unit_test_conf_notify_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_conf_notify_LDADD = daemon/libconf.la $(CMOCKA_LIBS)

tests_unit_test_sendmail_SOURCES = tests/unit/test-sendmail.c
tests_unit_test_sendmail_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_sendmail_LDADD = daemon/libwire-http.la $(CMOCKA_LIBS)

tests_unit_test_deliveries_SOURCES = tests/unit/test-deliveries.c tests/unit/supervise-fixture.c \
	tests/unit/supervise-fixture.h
tests_unit_test_deliveries_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_deliveries_LDADD = daemon/libsupervise.la $(CMOCKA_LIBS)
