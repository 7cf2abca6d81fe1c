# SPDX-License-Identifier: Apache-2.0
# Lago's wallets, their transactions and invoices against a scripted server.
if ENABLE_LAGO
lago_billing_tests = tests/unit/test-lago-invoices tests/unit/test-lago-transactions \
	tests/unit/test-lago-wallets
check_PROGRAMS += $(lago_billing_tests)
TESTS += $(lago_billing_tests)

tests_unit_test_lago_invoices_SOURCES = tests/unit/test-lago-invoices.c \
	$(customers_fixture) $(connector_test_sources) $(lago_invoices_sources)
tests_unit_test_lago_invoices_CPPFLAGS = $(connector_test_cppflags)
tests_unit_test_lago_invoices_CFLAGS = $(connector_test_cflags)
tests_unit_test_lago_invoices_LDADD = $(connector_test_libs)

tests_unit_test_lago_transactions_SOURCES = tests/unit/test-lago-transactions.c \
	$(customers_fixture) $(connector_test_sources) $(lago_transactions_sources)
tests_unit_test_lago_transactions_CPPFLAGS = $(connector_test_cppflags)
tests_unit_test_lago_transactions_CFLAGS = $(connector_test_cflags)
tests_unit_test_lago_transactions_LDADD = $(connector_test_libs)

tests_unit_test_lago_wallets_SOURCES = tests/unit/test-lago-wallets.c \
	$(customers_fixture) $(connector_test_sources) $(lago_wallets_sources)
tests_unit_test_lago_wallets_CPPFLAGS = $(connector_test_cppflags)
tests_unit_test_lago_wallets_CFLAGS = $(connector_test_cflags)
tests_unit_test_lago_wallets_LDADD = $(connector_test_libs)
endif
