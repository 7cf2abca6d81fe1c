/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journald.h - the program's log as structured entries of the system's journal:
 *
 *   FERRY_SYNC FERRY_RUN FERRY_SEGMENT FERRY_STAGE    what a line is about, as far as it is known
 *   FERRY_CODE                                        of an error: `ferryctl explain CODE`
 *   MESSAGE_ID                                        of the events of base/log.h
 */
#ifndef FERRY_WIRE_JOURNALD_H
#define FERRY_WIRE_JOURNALD_H

/* From now on the log goes there, when standard error is the journal; else nothing changes. */
void journald_begin(void);

#endif
