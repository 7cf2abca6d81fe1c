# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += tests/fuzz/fuzz-backup
tests_fuzz_fuzz_backup_SOURCES = tests/fuzz/fuzz-backup.c
tests_fuzz_fuzz_backup_LDADD = daemon/libstore.la
if LIBFUZZER
tests_fuzz_fuzz_backup_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_backup_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
tests_fuzz_fuzz_backup_SOURCES += tests/fuzz/replay.c
tests_fuzz_fuzz_backup_CFLAGS = $(AM_CFLAGS) -DSEEDS='"tests/fuzz/seeds/backup"'
TESTS += tests/fuzz/fuzz-backup
endif
EXTRA_DIST += tests/fuzz/seeds/backup/newer tests/fuzz/seeds/backup/up tests/fuzz/seeds/backup/whole
