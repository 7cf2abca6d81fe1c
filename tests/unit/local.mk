# SPDX-License-Identifier: Apache-2.0
# Unit tests, a fragment each.
if HAVE_CMOCKA
include tests/unit/engine.mk
include tests/unit/histories.mk
include tests/unit/conf.mk
include tests/unit/decisions.mk
include tests/unit/expr.mk
include tests/unit/ctl.mk
include tests/unit/plug.mk
include tests/unit/sqlite.mk
include tests/unit/postgres.mk
include tests/unit/mysql.mk
include tests/unit/odbc.mk
include tests/unit/file.mk
include tests/unit/connectors.mk
include tests/unit/lago.mk
include tests/unit/lago-billing.mk
include tests/unit/schedule.mk
include tests/unit/http-connector.mk
include tests/unit/supervise.mk
include tests/unit/trends.mk
include tests/unit/notify.mk
include tests/unit/network.mk
include tests/unit/streams.mk
include tests/unit/care.mk
include tests/unit/tools.mk
include tests/unit/system.mk
endif

# The unit tests alone.
check-unit:
	$(MAKE) check TESTS="$(filter tests/unit/test-%,$(check_PROGRAMS))"
.PHONY: check-unit
