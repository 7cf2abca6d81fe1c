# SPDX-License-Identifier: Apache-2.0
# Connectors for Lago: one for each resource, over what they share.
lago_shared_sources = \
	plugins/lago/lago.c \
	plugins/lago/lago.h \
	plugins/lago/pure.c \
	plugins/lago/pure.h \
	plugins/lago/trial.c
lago_resource_sources = \
	plugins/lago/decimal.c \
	plugins/lago/filters.c \
	plugins/lago/filters.h \
	plugins/lago/kept.c \
	plugins/lago/list.c \
	plugins/lago/lookup.c \
	plugins/lago/resource.c \
	plugins/lago/resource.h \
	plugins/lago/seen.c \
	$(lago_shared_sources)
lago_customers_sources = \
	plugins/lago/customers.c \
	plugins/lago/customers.h \
	plugins/lago/customers-fields.c \
	plugins/lago/metadata.c \
	plugins/lago/metadata.h \
	$(lago_resource_sources)
lago_events_sources = \
	plugins/lago/events.c \
	plugins/lago/events.h \
	plugins/lago/events-fields.c \
	plugins/lago/events-read.c \
	$(lago_shared_sources)
lago_invoices_sources = \
	plugins/lago/explain.c \
	plugins/lago/explain.h \
	plugins/lago/invoices.c \
	plugins/lago/invoices.h \
	plugins/lago/invoices-fields.c \
	plugins/lago/invoices-new.c \
	plugins/lago/invoices-write.c \
	plugins/lago/metadata.c \
	plugins/lago/metadata.h \
	$(lago_resource_sources)
lago_metrics_sources = \
	plugins/lago/metrics.c \
	plugins/lago/metrics.h \
	plugins/lago/metrics-fields.c \
	$(lago_resource_sources)
lago_plans_sources = \
	plugins/lago/charges.c \
	plugins/lago/plans.c \
	plugins/lago/plans-charges.c \
	plugins/lago/plans.h \
	plugins/lago/plans-fields.c \
	$(lago_resource_sources)
lago_subscriptions_sources = \
	plugins/lago/subscriptions.c \
	plugins/lago/subscriptions.h \
	plugins/lago/subscriptions-fields.c \
	plugins/lago/subscriptions-read.c \
	$(lago_resource_sources)
lago_transactions_sources = \
	plugins/lago/explain.c \
	plugins/lago/explain.h \
	plugins/lago/transactions.c \
	plugins/lago/transactions.h \
	plugins/lago/transactions-fields.c \
	plugins/lago/wallets-find.c \
	plugins/lago/wallets-find.h \
	$(lago_resource_sources)
lago_wallets_sources = \
	plugins/lago/explain.c \
	plugins/lago/explain.h \
	plugins/lago/wallets.c \
	plugins/lago/wallets.h \
	plugins/lago/wallets-fields.c \
	plugins/lago/wallets-find.c \
	plugins/lago/wallets-find.h \
	plugins/lago/wallets-write.c \
	$(lago_resource_sources)

if ENABLE_LAGO
plugin_LTLIBRARIES += plugins/lago/lago-billable_metrics.la plugins/lago/lago-customers.la \
	plugins/lago/lago-events.la plugins/lago/lago-invoices.la plugins/lago/lago-plans.la \
	plugins/lago/lago-subscriptions.la plugins/lago/lago-wallet_transactions.la \
	plugins/lago/lago-wallets.la

plugins_lago_lago_billable_metrics_la_SOURCES = $(lago_metrics_sources)
plugins_lago_lago_billable_metrics_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
plugins_lago_lago_billable_metrics_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_lago_lago_billable_metrics_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_lago_lago_billable_metrics_la_LIBADD = plugins/librest.la $(JSONC_LIBS)

plugins_lago_lago_customers_la_SOURCES = $(lago_customers_sources)
plugins_lago_lago_customers_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
plugins_lago_lago_customers_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_lago_lago_customers_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_lago_lago_customers_la_LIBADD = plugins/librest.la $(JSONC_LIBS)

plugins_lago_lago_events_la_SOURCES = $(lago_events_sources)
plugins_lago_lago_events_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
plugins_lago_lago_events_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_lago_lago_events_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_lago_lago_events_la_LIBADD = plugins/librest.la $(JSONC_LIBS)

plugins_lago_lago_invoices_la_SOURCES = $(lago_invoices_sources)
plugins_lago_lago_invoices_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
plugins_lago_lago_invoices_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_lago_lago_invoices_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_lago_lago_invoices_la_LIBADD = plugins/librest.la $(JSONC_LIBS)

plugins_lago_lago_plans_la_SOURCES = $(lago_plans_sources)
plugins_lago_lago_plans_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
plugins_lago_lago_plans_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_lago_lago_plans_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_lago_lago_plans_la_LIBADD = plugins/librest.la $(JSONC_LIBS)

plugins_lago_lago_subscriptions_la_SOURCES = $(lago_subscriptions_sources)
plugins_lago_lago_subscriptions_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
plugins_lago_lago_subscriptions_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_lago_lago_subscriptions_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_lago_lago_subscriptions_la_LIBADD = plugins/librest.la $(JSONC_LIBS)

plugins_lago_lago_wallet_transactions_la_SOURCES = $(lago_transactions_sources)
plugins_lago_lago_wallet_transactions_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
plugins_lago_lago_wallet_transactions_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_lago_lago_wallet_transactions_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_lago_lago_wallet_transactions_la_LIBADD = plugins/librest.la $(JSONC_LIBS)

plugins_lago_lago_wallets_la_SOURCES = $(lago_wallets_sources)
plugins_lago_lago_wallets_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
plugins_lago_lago_wallets_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_lago_lago_wallets_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_lago_lago_wallets_la_LIBADD = plugins/librest.la $(JSONC_LIBS)

endif

EXTRA_DIST += plugins/lago/ferry-lago-customers.md plugins/lago/ferry-lago-events.md
EXTRA_DIST += plugins/lago/ferry-lago-invoices.md plugins/lago/ferry-lago-wallet_transactions.md \
	plugins/lago/ferry-lago-wallets.md
EXTRA_DIST += plugins/lago/ferry-lago-billable_metrics.md plugins/lago/ferry-lago-plans.md \
	plugins/lago/ferry-lago-subscriptions.md
