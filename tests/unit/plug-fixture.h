/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plug-fixture.h - a folder of connectors, each compiled by the test the way an author outside of
 * this tree would: one source file, the public header, a compiler.
 */
#ifndef FERRY_TESTS_PLUG_FIXTURE_H
#define FERRY_TESTS_PLUG_FIXTURE_H

/* Make an empty folder for connectors; its path stays valid until fixture_folder_remove. */
const char *fixture_folder_make(void);
void fixture_folder_remove(void);
/* Compile tests/unit/fixtures/connector.c to NAME.so there. defines: "-DFIXTURE_MAJOR=2", ... */
void fixture_build(const char *name, const char *defines);
/* The top of the source tree. */
const char *fixture_source_folder(void);
/* Compile a source, named from the top of the tree or by its whole path, with these flags. */
void fixture_compile(const char *name, const char *flags, const char *source);

#endif
