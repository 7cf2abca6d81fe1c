# SPDX-License-Identifier: Apache-2.0
# Unit tests of the model, the store and the pipeline's pure parts.
check_PROGRAMS += tests/unit/test-model tests/unit/test-store tests/unit/test-deliver tests/unit/test-clean
TESTS += tests/unit/test-model tests/unit/test-store tests/unit/test-deliver tests/unit/test-clean
tests_unit_test_model_SOURCES = tests/unit/test-model.c
tests_unit_test_model_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_model_LDADD = daemon/libmodel.la daemon/libwire-kv.la $(CMOCKA_LIBS)
tests_unit_test_store_SOURCES = tests/unit/test-store.c
tests_unit_test_store_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_store_LDADD = daemon/libstore.la $(CMOCKA_LIBS)
tests_unit_test_clean_SOURCES = tests/unit/test-clean.c
tests_unit_test_clean_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_clean_LDADD = daemon/libpipeline.la $(CMOCKA_LIBS)
tests_unit_test_deliver_SOURCES = tests/unit/test-deliver.c
tests_unit_test_deliver_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_deliver_LDADD = daemon/libpipeline.la $(CMOCKA_LIBS)
