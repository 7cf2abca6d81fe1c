# SPDX-License-Identifier: Apache-2.0
# Fuzz targets. Without libFuzzer they replay their seeds.
include tests/fuzz/care.mk
include tests/fuzz/conf.mk
include tests/fuzz/connectors.mk
include tests/fuzz/events.mk
include tests/fuzz/expr.mk
include tests/fuzz/file.mk
include tests/fuzz/http.mk
include tests/fuzz/lago.mk
include tests/fuzz/notice.mk
include tests/fuzz/postgres.mk
include tests/fuzz/schedule.mk
include tests/fuzz/network.mk
