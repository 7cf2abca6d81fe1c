/* SPDX-License-Identifier: Apache-2.0 */
/* subscriptions-fields.c - fields and columns of a subscription, a record's own form. No I/O. */
#include "lago/subscriptions.h"

#include "lago/pure.h"

#include <string.h>

static const char *const billing_times[] = {"calendar", "anniversary", NULL};
static const char *const credit_notes[] = {"credit", "refund", "offset", "skip", NULL};
static const char *const invoices[] = {"generate", "skip", NULL};

#define READONLY(n, kind, words) \
	{.name = n, .type = kind, .flags = FERRY_FIELD_READONLY, .help = words}

const struct ferry_field subscription_fields[] = {
	{.name = "external_id", .type = FERRY_TEXT, .max_len = 255,
	 .flags = FERRY_FIELD_REQUIRED | FERRY_FIELD_IDENTIFIER,
	 .help = "your own id of the subscription; its identity in Lago"},
	{.name = "external_customer_id", .type = FERRY_TEXT, .max_len = 255,
	 .flags = FERRY_FIELD_REQUIRED, .help = "your id of the customer, who must be there"},
	{.name = "plan_code", .type = FERRY_TEXT, .max_len = 255, .flags = FERRY_FIELD_REQUIRED,
	 .help = "code of the plan; another one is an upgrade or downgrade"},
	{.name = "name", .type = FERRY_TEXT, .max_len = 255,
	 .help = "its name on invoices; NULL: the plan's"},
	{.name = "billing_time", .type = FERRY_TEXT, .choices = billing_times,
	 .help = "calendar or anniversary; counts when it is created"},
	{.name = "subscription_at", .type = FERRY_TIME,
	 .help = "when it begins; can be changed while that is in the future"},
	{.name = "ending_at", .type = FERRY_TIME, .help = "when it ends by itself; NULL: never"},
	{.name = "billing_entity_code", .type = FERRY_TEXT, .max_len = 255,
	 .help = "the billing entity that invoices it"},
	{.name = "consolidate_invoice", .type = FERRY_BOOL,
	 .help = "on one invoice with the customer's others"},
	{.name = "purchase_order_number", .type = FERRY_TEXT, .max_len = 255,
	 .help = "the customer's order number"},
	{.name = "on_termination_credit_note", .type = FERRY_TEXT, .choices = credit_notes,
	 .help = "what it leaves when it ends by itself (plans paid in advance)"},
	{.name = "on_termination_invoice", .type = FERRY_TEXT, .choices = invoices,
	 .help = "whether it is invoiced when it ends by itself"},
	READONLY("lago_id", FERRY_TEXT, "Lago's own id; another one after an upgrade"),
	READONLY("status", FERRY_TEXT, "pending, active, terminated, canceled or incomplete"),
	READONLY("started_at", FERRY_TIME, "when it became active"),
	READONLY("next_plan_code", FERRY_TEXT, "the plan of a downgrade to come"),
	READONLY("created_at", FERRY_TIME, "when it was made"),
	{0},
};

/* ------------------------------------------------------------------ columns */

const struct rest_column subscription_columns[] = {
	{"lago_id", "lago_id", FERRY_TEXT, true},
	{"external_id", "external_id", FERRY_TEXT, true},
	{"lago_customer_id", "lago_customer_id", FERRY_TEXT, false},
	{"external_customer_id", "external_customer_id", FERRY_TEXT, false},
	{"billing_entity_code", "billing_entity_code", FERRY_TEXT, false},
	{"name", "name", FERRY_TEXT, false},
	{"status", "status", FERRY_TEXT, false},
	{"plan_code", "plan_code", FERRY_TEXT, false},
	{"plan_amount_cents", "plan_amount_cents", FERRY_INT, false},
	{"plan_amount_currency", "plan_amount_currency", FERRY_TEXT, false},
	{"previous_plan_code", "previous_plan_code", FERRY_TEXT, false},
	{"next_plan_code", "next_plan_code", FERRY_TEXT, false},
	{"downgrade_plan_date", "downgrade_plan_date", FERRY_TEXT, false},
	{"billing_time", "billing_time", FERRY_TEXT, false},
	{"subscription_at", "subscription_at", FERRY_TIME, false},
	{"started_at", "started_at", FERRY_TIME, false},
	{"activated_at", "activated_at", FERRY_TIME, false},
	{"trial_ended_at", "trial_ended_at", FERRY_TIME, false},
	{"ending_at", "ending_at", FERRY_TIME, false},
	{"terminated_at", "terminated_at", FERRY_TIME, false},
	{"canceled_at", "canceled_at", FERRY_TIME, false},
	{"cancellation_reason", "cancellation_reason", FERRY_TEXT, false},
	{"current_billing_period_started_at", "current_billing_period_started_at", FERRY_TIME,
	 false},
	{"current_billing_period_ending_at", "current_billing_period_ending_at", FERRY_TIME, false},
	{"on_termination_credit_note", "on_termination_credit_note", FERRY_TEXT, false},
	{"on_termination_invoice", "on_termination_invoice", FERRY_TEXT, false},
	{"consolidate_invoice", "consolidate_invoice", FERRY_BOOL, false},
	{"purchase_order_number", "purchase_order_number", FERRY_TEXT, false},
	{"created_at", "created_at", FERRY_TIME, false},
	{"payload", "", FERRY_JSON, true},
	{0},
};

/* ------------------------------------------------------------- what goes where */

static bool among(const char *field, const char *const *names)
{
	while (*names && strcmp(*names, field) != 0)
		names++;
	return *names;
}

bool subscription_posts(const char *field)
{
	static const char *const not[] = {"on_termination_credit_note", "on_termination_invoice",
					  NULL};
	return !among(field, not);
}

bool subscription_puts(const char *field, bool pending)
{
	static const char *const not[] = {"external_id", "external_customer_id", "plan_code",
					  "billing_time", NULL};
	return !among(field, not) && (pending || strcmp(field, "subscription_at") != 0);
}

bool subscription_clears(const char *field)
{
	static const char *const these[] = {"name", "ending_at", "purchase_order_number", NULL};
	return among(field, these);
}

/* ------------------------------------------------------------- canonicalize */

/* Lago keeps whole seconds. */
static void whole_seconds(struct ferry_value *v)
{
	v->i -= (v->i % 1000000 + 1000000) % 1000000;
}

static const struct ferry_value *value(const struct ferry_pure *pure,
				       const struct ferry_value *fields, const char *name)
{
	int i = rest_field(pure->layout, name);
	return i >= 0 && fields[i].type == FERRY_TIME ? &fields[i] : NULL;
}

int subscriptions_canonicalize(const struct ferry_pure *pure, struct ferry_value *fields,
			       struct ferry_issue *issue)
{
	if (lago_storable(pure, fields, issue))
		return -1;
	for (size_t i = 0; i < pure->layout->n; i++) {
		const char *name = pure->layout->names[i];
		struct ferry_value *v = &fields[i];
		bool own_id = !strcmp(name, "external_id");
		if (v->type == FERRY_TIME)
			whole_seconds(v);
		if (!own_id && strcmp(name, "external_customer_id") != 0)
			continue;
		/* as Lago does with both when it takes a subscription */
		if (v->type == FERRY_TEXT)
			lago_strip(v);
		if (!lago_addressable(v))
			return lago_issue(issue, name,
					  "is empty, or dots that no address can hold");
	}
	const struct ferry_value *from = value(pure, fields, "subscription_at");
	const struct ferry_value *to = value(pure, fields, "ending_at");
	if (from && to && to->i <= from->i)
		return lago_issue(issue, "ending_at", "must be later than subscription_at");
	return 0;
}
