# SPDX-License-Identifier: Apache-2.0
# Lago's catalogue connectors before any answer; the target and its flags are connectors.mk's.
if ENABLE_LAGO
lago_fuzzers = tests/fuzz/fuzz-lago-metrics-answer tests/fuzz/fuzz-lago-plans-answer \
	tests/fuzz/fuzz-lago-subscriptions-answer
check_PROGRAMS += $(lago_fuzzers)

tests_fuzz_fuzz_lago_metrics_answer_SOURCES = $(rest_fuzz_sources) $(lago_metrics_sources)
tests_fuzz_fuzz_lago_metrics_answer_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins \
	-DSEEDS='"tests/fuzz/seeds/lago-metrics-answer"'
tests_fuzz_fuzz_lago_metrics_answer_CFLAGS = $(rest_fuzz_cflags)
tests_fuzz_fuzz_lago_metrics_answer_LDFLAGS = $(rest_fuzz_ldflags)
tests_fuzz_fuzz_lago_metrics_answer_LDADD = $(rest_fuzz_libs)

tests_fuzz_fuzz_lago_plans_answer_SOURCES = $(rest_fuzz_sources) $(lago_plans_sources)
tests_fuzz_fuzz_lago_plans_answer_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins \
	-DSEEDS='"tests/fuzz/seeds/lago-plans-answer"'
tests_fuzz_fuzz_lago_plans_answer_CFLAGS = $(rest_fuzz_cflags)
tests_fuzz_fuzz_lago_plans_answer_LDFLAGS = $(rest_fuzz_ldflags)
tests_fuzz_fuzz_lago_plans_answer_LDADD = $(rest_fuzz_libs)

tests_fuzz_fuzz_lago_subscriptions_answer_SOURCES = $(rest_fuzz_sources) $(lago_subscriptions_sources)
tests_fuzz_fuzz_lago_subscriptions_answer_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins \
	-DSEEDS='"tests/fuzz/seeds/lago-subscriptions-answer"'
tests_fuzz_fuzz_lago_subscriptions_answer_CFLAGS = $(rest_fuzz_cflags)
tests_fuzz_fuzz_lago_subscriptions_answer_LDFLAGS = $(rest_fuzz_ldflags)
tests_fuzz_fuzz_lago_subscriptions_answer_LDADD = $(rest_fuzz_libs)
if !LIBFUZZER
TESTS += $(lago_fuzzers)
endif
endif

EXTRA_DIST += \
	tests/fuzz/seeds/lago-metrics-answer/canonical \
	tests/fuzz/seeds/lago-metrics-answer/gone \
	tests/fuzz/seeds/lago-metrics-answer/list \
	tests/fuzz/seeds/lago-metrics-answer/pages \
	tests/fuzz/seeds/lago-metrics-answer/write \
	tests/fuzz/seeds/lago-plans-answer/canonical \
	tests/fuzz/seeds/lago-plans-answer/create \
	tests/fuzz/seeds/lago-plans-answer/delete \
	tests/fuzz/seeds/lago-plans-answer/list \
	tests/fuzz/seeds/lago-plans-answer/pages \
	tests/fuzz/seeds/lago-plans-answer/update \
	tests/fuzz/seeds/lago-subscriptions-answer/canonical \
	tests/fuzz/seeds/lago-subscriptions-answer/create \
	tests/fuzz/seeds/lago-subscriptions-answer/end \
	tests/fuzz/seeds/lago-subscriptions-answer/list \
	tests/fuzz/seeds/lago-subscriptions-answer/pages \
	tests/fuzz/seeds/lago-subscriptions-answer/update
