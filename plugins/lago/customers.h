/* SPDX-License-Identifier: Apache-2.0 */
/* customers.h - the tables of lago-customers (customers-fields.c), for what writes them. */
#ifndef FERRY_PLUGINS_LAGO_CUSTOMERS_H
#define FERRY_PLUGINS_LAGO_CUSTOMERS_H

#include "lago/resource.h"

extern const struct ferry_field customer_fields[];
extern const struct rest_column customer_columns[];
int customers_canonicalize(const struct ferry_pure *pure, struct ferry_value *fields,
			   struct ferry_issue *issue);

#endif
