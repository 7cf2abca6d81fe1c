# SPDX-License-Identifier: Apache-2.0
# ferryctl(1) is filled in by ferryctl itself. When it is built for another machine, name one that runs
# here: make FERRYCTL=/usr/bin/ferryctl
FERRYCTL = ctl/ferryctl$(EXEEXT)
nodist_man_MANS = doc/ferryctl.1
EXTRA_DIST += doc/ferryctl.1.in
CLEANFILES += doc/ferryctl.1

doc/ferryctl.1: doc/ferryctl.1.in $(FERRYCTL)
	$(AM_V_GEN)$(MKDIR_P) doc && \
	$(FERRYCTL) help --manual <$(srcdir)/doc/ferryctl.1.in >$@.tmp && mv $@.tmp $@

# The other pages are made of Markdown, by a program that needs nothing but awk. Pages of connectors stand
# beside them. The date is that of the release, so that the same source gives the same page.
man_sources = doc/man/ferryd.8.md doc/man/ferry.yaml.5.md doc/man/ferry-connections.5.md doc/man/ferry-syncs.5.md \
	doc/man/ferry-connector.7.md
man_pages = $(man_sources:.md=)
if ENABLE_SQLITE
man_pages += plugins/sqlite/ferry-sqlite.5
endif
if ENABLE_POSTGRES
man_pages += plugins/postgres/ferry-postgres.5
endif
if ENABLE_MYSQL
man_pages += plugins/mysql/ferry-mysql.5
endif
if ENABLE_ODBC
man_pages += plugins/odbc/ferry-odbc.5
endif
if ENABLE_FILE
man_pages += plugins/file/ferry-file.5
endif
if ENABLE_HTTP
man_pages += plugins/http/ferry-http.5
endif
if ENABLE_LAGO
man_pages += plugins/lago/ferry-lago-billable_metrics.5 plugins/lago/ferry-lago-customers.5 \
	plugins/lago/ferry-lago-events.5 plugins/lago/ferry-lago-invoices.5 plugins/lago/ferry-lago-plans.5 \
	plugins/lago/ferry-lago-subscriptions.5 plugins/lago/ferry-lago-wallet_transactions.5 \
	plugins/lago/ferry-lago-wallets.5
endif
if ENABLE_STEVE
man_pages += plugins/steve/ferry-steve-tags.5 plugins/steve/ferry-steve-transactions.5
endif
nodist_man_MANS += $(man_pages)
CLEANFILES += $(man_pages)
EXTRA_DIST += doc/man/man.awk $(man_sources)

make_page = $(AM_V_GEN)$(MKDIR_P) $(@D) && LC_ALL=C.UTF-8 $(AWK) -v date='$(RELEASE_DATE)' \
	-v source='$(PACKAGE_STRING)' -f $(srcdir)/doc/man/man.awk $< >$@.tmp && mv $@.tmp $@
doc/man/%: doc/man/%.md doc/man/man.awk
	$(make_page)
plugins/%.5: plugins/%.md doc/man/man.awk
	$(make_page)
# which have chapters of these
doc/man/ferry.yaml.5 doc/man/ferry-connections.5 doc/man/ferry-syncs.5: doc/configuration.md
doc/man/ferry-connector.7: doc/writing-a-connector.md

# To be read as they are.
EXTRA_DIST += doc/api.md doc/architecture.md doc/codes.md doc/codes.sh doc/configuration.md doc/decisions.md \
	doc/failed-runs.md doc/first-sync.md doc/health.md doc/install.md doc/notifications.md doc/operations.md \
	doc/performance.md doc/security.md doc/words.md doc/writing-a-connector.md tests/standin/README.md
