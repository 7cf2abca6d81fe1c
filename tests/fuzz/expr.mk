# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += tests/fuzz/fuzz-expr
tests_fuzz_fuzz_expr_SOURCES = tests/fuzz/fuzz-expr.c
tests_fuzz_fuzz_expr_LDADD = daemon/libwire-expr.la
if LIBFUZZER
tests_fuzz_fuzz_expr_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_expr_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
tests_fuzz_fuzz_expr_SOURCES += tests/fuzz/replay.c
tests_fuzz_fuzz_expr_CFLAGS = $(AM_CFLAGS) -DSEEDS='"tests/fuzz/seeds/expr"'
TESTS += tests/fuzz/fuzz-expr
endif
EXTRA_DIST += \
	tests/fuzz/seeds/expr/choices \
	tests/fuzz/seeds/expr/deep \
	tests/fuzz/seeds/expr/numbers \
	tests/fuzz/seeds/expr/others \
	tests/fuzz/seeds/expr/switch \
	tests/fuzz/seeds/expr/text
