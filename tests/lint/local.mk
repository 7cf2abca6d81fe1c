# SPDX-License-Identifier: Apache-2.0
# What can be checked by reading the sources.
lint_tests = tests/lint/floors.sh tests/lint/docs.sh tests/lint/examples.sh tests/lint/manuals.sh tests/lint/selftest.sh
TESTS += $(lint_tests)
EXTRA_DIST += $(lint_tests)
