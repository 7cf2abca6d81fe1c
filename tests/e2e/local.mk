# SPDX-License-Identifier: Apache-2.0
# End-to-end stories: one test each, the most basic first.
e2e_stories = \
	tests/e2e/a01-first-run.bats \
	tests/e2e/a02-preview-and-promote.bats \
	tests/e2e/a03-modes.bats \
	tests/e2e/a04-mapping.bats \
	tests/e2e/a05-checks.bats \
	tests/e2e/b01-daemon.bats \
	tests/e2e/b02-reload.bats \
	tests/e2e/b03-roles.bats \
	tests/e2e/b04-stop-and-lock.bats \
	tests/e2e/b05-explain-and-connectors.bats \
	tests/e2e/b06-install.bats \
	tests/e2e/b07-service-file.bats \
	tests/e2e/b08-problems-api.bats \
	tests/e2e/b09-schedules.bats \
	tests/e2e/b10-connections.bats \
	tests/e2e/b11-health.bats \
	tests/e2e/b12-notifications.bats \
	tests/e2e/b13-network.bats \
	tests/e2e/b14-events.bats \
	tests/e2e/b15-retention-backup.bats \
	tests/e2e/b16-many-reloads.bats \
	tests/e2e/b17-doctor.bats \
	tests/e2e/b18-guides.bats \
	tests/e2e/b19-secrets.bats \
	tests/e2e/b20-manuals.bats \
	tests/e2e/b21-command-line.bats \
	tests/e2e/b22-openapi.bats \
	tests/e2e/b23-schema.bats \
	tests/e2e/c01-worker-dies.bats \
	tests/e2e/c02-source-fails-halfway.bats \
	tests/e2e/c03-disk-full.bats \
	tests/e2e/c04-kills.bats \
	tests/e2e/c05-cancel.bats \
	tests/e2e/d01-lago-faults.bats \
	tests/e2e/d02-steve-faults.bats \
	tests/e2e/d03-sessions.bats \
	tests/e2e/d04-ev-preset.bats \
	tests/e2e/d05-lago-billing.bats \
	tests/e2e/d06-ev-faults.bats \
	tests/e2e/d07-lago-catalog.bats \
	tests/e2e/e01-postgres.bats \
	tests/e2e/e02-http.bats \
	tests/e2e/e03-mysql.bats \
	tests/e2e/e04-steve-database.bats \
	tests/e2e/e05-odbc.bats \
	tests/e2e/e06-file.bats \
	tests/e2e/e07-round-trip.bats \
	tests/e2e/e08-survival.bats \
	tests/e2e/f01-matching.bats \
	tests/e2e/f02-claims.bats \
	tests/e2e/f03-guards.bats \
	tests/e2e/f04-drift.bats \
	tests/e2e/f05-bad-records.bats \
	tests/e2e/f06-checks.bats \
	tests/e2e/f07-looking.bats \
	tests/e2e/f08-lago-matching.bats

TEST_EXTENSIONS = .bats
BATS_LOG_COMPILER = $(BATS)
if HAVE_BATS
TESTS += $(e2e_stories)
endif
EXTRA_DIST += tests/e2e/run tests/e2e/conform.py tests/e2e/lib.bash tests/e2e/guide.bash tests/e2e/faults.bash tests/e2e/decisions.bash tests/e2e/postgres.bash tests/e2e/mysql.bash $(e2e_stories) \
	tests/e2e/fixtures/echo.py tests/e2e/fixtures/rogue.c tests/e2e/fixtures/shelf.c
