/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fingerprints.h - the whole snapshot in memory, as eight bytes a row: enough to tell that a row is
 * there and unchanged, and which ones were met, without looking it up on disk. For sources that give
 * their rows in no order.
 *
 * A row that has changed passes as unchanged if its fingerprint is that of any other entry: with ten
 * million entries once in 10^12 changes.
 */
#ifndef FERRY_PIPELINE_FINGERPRINTS_H
#define FERRY_PIPELINE_FINGERPRINTS_H

#include "wire/hash.h"
#include "wire/kv.h"

struct fingerprints;

/* Room for n entries; NULL when that would take more memory than is right (64 MiB). */
struct fingerprints *fingerprints_new(int64_t n);
void fingerprints_free(struct fingerprints *f);

uint64_t fingerprint(struct kv_bytes key, const struct hash128 *hash);
/* Fetch the memory that the next calls with that one will look at. */
void fingerprints_prefetch(const struct fingerprints *f, uint64_t fp);
/* False: another entry has the same one, or there are more than n: the table cannot be used. */
bool fingerprints_add(struct fingerprints *f, uint64_t fp);

enum fingerprint_state { FINGERPRINT_ABSENT, FINGERPRINT_FIRST, FINGERPRINT_AGAIN };
/* Whether it is there; from now on it has been met. */
enum fingerprint_state fingerprints_meet(struct fingerprints *f, uint64_t fp);
bool fingerprints_all_met(const struct fingerprints *f);
bool fingerprints_met(const struct fingerprints *f, uint64_t fp);

#endif
