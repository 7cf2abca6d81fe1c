/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metadata.h - metadata that is a list of entries, as customers and invoices have it: Lago replaces
 * the whole list and tells entries by an id of its own, so an entry that is sent again without it
 * collides with itself.
 */
#ifndef FERRY_PLUGINS_LAGO_METADATA_H
#define FERRY_PLUGINS_LAGO_METADATA_H

#include "lago/resource.h"

#define LAGO_METADATA "metadata."	/* what such fields begin with */
#define LAGO_METADATA_MAX 5		/* entries of one record */
#define LAGO_METADATA_KEY_MAX 20	/* characters */

bool lago_is_metadata(const char *field);
/* What is wrong with the metadata that is mapped: a field's name and why; false: nothing. */
bool lago_metadata_mistake(const struct ferry_layout *layout, const char **field, char why[120]);
/* The value of the entry that a field stands for. False: it is no text. */
bool lago_metadata_read(struct lago *h, rest_node *record, const char *field,
			struct ferry_value *ret);
/* The list that makes the mapped entries what they should be, with all others; NULL when they are. */
rest_node *lago_metadata_merge(const struct lago *h, const struct ferry_value *fields,
			       rest_node *record);

#endif
