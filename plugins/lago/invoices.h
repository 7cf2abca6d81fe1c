/* SPDX-License-Identifier: Apache-2.0 */
/* invoices.h - the tables of lago-invoices (invoices-fields.c). */
#ifndef FERRY_PLUGINS_LAGO_INVOICES_H
#define FERRY_PLUGINS_LAGO_INVOICES_H

#include "lago/resource.h"

extern const struct rest_column invoice_columns[];

#endif
