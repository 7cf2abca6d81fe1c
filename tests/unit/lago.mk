# SPDX-License-Identifier: Apache-2.0
# Lago's catalogue and billing connectors: each linked straight into its tests.
if HAVE_CMOCKA
if ENABLE_LAGO
lago_fixture = $(customers_fixture) $(connector_test_sources)

# one test of reading, linked with each of them
tests_unit_test_lago_source_invoices_SOURCES = tests/unit/test-lago-source.c $(lago_fixture) \
	$(lago_invoices_sources)
tests_unit_test_lago_source_invoices_CPPFLAGS = $(connector_test_cppflags)
tests_unit_test_lago_source_invoices_CFLAGS = $(connector_test_cflags)
tests_unit_test_lago_source_invoices_LDADD = $(connector_test_libs)

tests_unit_test_lago_source_metrics_SOURCES = tests/unit/test-lago-source.c $(lago_fixture) \
	$(lago_metrics_sources)
tests_unit_test_lago_source_metrics_CPPFLAGS = $(connector_test_cppflags)
tests_unit_test_lago_source_metrics_CFLAGS = $(connector_test_cflags)
tests_unit_test_lago_source_metrics_LDADD = $(connector_test_libs)

tests_unit_test_lago_source_plans_SOURCES = tests/unit/test-lago-source.c $(lago_fixture) \
	$(lago_plans_sources)
tests_unit_test_lago_source_plans_CPPFLAGS = $(connector_test_cppflags)
tests_unit_test_lago_source_plans_CFLAGS = $(connector_test_cflags)
tests_unit_test_lago_source_plans_LDADD = $(connector_test_libs)

tests_unit_test_lago_source_subscriptions_SOURCES = tests/unit/test-lago-source.c $(lago_fixture) \
	$(lago_subscriptions_sources)
tests_unit_test_lago_source_subscriptions_CPPFLAGS = $(connector_test_cppflags)
tests_unit_test_lago_source_subscriptions_CFLAGS = $(connector_test_cflags)
tests_unit_test_lago_source_subscriptions_LDADD = $(connector_test_libs)

tests_unit_test_lago_source_wallets_SOURCES = tests/unit/test-lago-source.c $(lago_fixture) \
	$(lago_wallets_sources)
tests_unit_test_lago_source_wallets_CPPFLAGS = $(connector_test_cppflags)
tests_unit_test_lago_source_wallets_CFLAGS = $(connector_test_cflags)
tests_unit_test_lago_source_wallets_LDADD = $(connector_test_libs)

tests_unit_test_lago_connection_SOURCES = tests/unit/test-lago-connection.c $(lago_fixture) \
	$(lago_customers_sources)
tests_unit_test_lago_connection_CPPFLAGS = $(connector_test_cppflags)
tests_unit_test_lago_connection_CFLAGS = $(connector_test_cflags)
tests_unit_test_lago_connection_LDADD = $(connector_test_libs)

tests_unit_test_lago_list_SOURCES = tests/unit/test-lago-list.c $(lago_fixture) \
	$(lago_invoices_sources)
tests_unit_test_lago_list_CPPFLAGS = $(connector_test_cppflags)
tests_unit_test_lago_list_CFLAGS = $(connector_test_cflags)
tests_unit_test_lago_list_LDADD = $(connector_test_libs)

tests_unit_test_lago_metrics_SOURCES = tests/unit/test-lago-metrics.c $(lago_fixture) \
	$(lago_metrics_sources)
tests_unit_test_lago_metrics_CPPFLAGS = $(connector_test_cppflags)
tests_unit_test_lago_metrics_CFLAGS = $(connector_test_cflags)
tests_unit_test_lago_metrics_LDADD = $(connector_test_libs)

tests_unit_test_lago_plans_SOURCES = tests/unit/test-lago-plans.c $(lago_fixture) \
	$(lago_plans_sources)
tests_unit_test_lago_plans_CPPFLAGS = $(connector_test_cppflags)
tests_unit_test_lago_plans_CFLAGS = $(connector_test_cflags)
tests_unit_test_lago_plans_LDADD = $(connector_test_libs)

tests_unit_test_lago_subscriptions_SOURCES = tests/unit/test-lago-subscriptions.c $(lago_fixture) \
	$(lago_subscriptions_sources)
tests_unit_test_lago_subscriptions_CPPFLAGS = $(connector_test_cppflags)
tests_unit_test_lago_subscriptions_CFLAGS = $(connector_test_cflags)
tests_unit_test_lago_subscriptions_LDADD = $(connector_test_libs)

lago_tests = \
	tests/unit/test-lago-source-invoices \
	tests/unit/test-lago-source-metrics \
	tests/unit/test-lago-source-plans \
	tests/unit/test-lago-source-subscriptions \
	tests/unit/test-lago-source-wallets \
	tests/unit/test-lago-connection \
	tests/unit/test-lago-list \
	tests/unit/test-lago-metrics \
	tests/unit/test-lago-plans \
	tests/unit/test-lago-subscriptions
check_PROGRAMS += $(lago_tests)
TESTS += $(lago_tests)
endif
endif
