/* SPDX-License-Identifier: Apache-2.0 */
/* decisions-doc.c - the page doc/decisions.md out of the rows that decide. */
#include "decisions-doc.h"

#include <string.h>

static const char head[] =
	"# Decisions\n"
	"\n"
	"For each record of a segment ferry makes one decision, for one reason, by this table: the first row that fits\n"
	"decides. What a row does not name may be anything. This page is made from the rows in the code by\n"
	"`tests/unit/test-decisions --print`, and a test compares them. Each reason is explained in [codes.md](codes.md) and by\n"
	"`ferryctl explain`; keys of `policy:` are explained in [configuration.md](configuration.md#policy).\n"
	"\n"
	"| word | values | meaning |\n"
	"| --- | --- | --- |\n";

static const char between[] =
	"\n"
	"A rule of the sync's own (`skip:`, `reject:`, `where:`) comes before this table, a connector's word after it: it may turn\n"
	"a decision into a skip or a conflict, never into a write.\n"
	"\n"
	"| | when | decision | reason |\n"
	"| --- | --- | --- | --- |\n";

static const char tail[] =
	"\n"
	"## Problems\n"
	"\n"
	"A conflict and an invalid record become a problem that stays open until it is dealt with. A conflict's reason tells its\n"
	"group; a reason made up by a connector belongs to `conflict`.\n"
	"\n"
	"| group | severity | reasons | meaning |\n"
	"| --- | --- | --- | --- |\n";

/* Each condition, in the table's own order. */
static const struct {
	const char *name, *text;
} meanings[] = {
	{"change", "new: the key was never delivered; same, different: compared with what was last acknowledged; "
		   "gone: delivered, and the source does not have it any more"},
	{"tier", "for a new key, what was found over there: a sure counterpart (strong), a likely one (medium), "
		 "several (ambiguous), none"},
	{"drift", "what verify found over there: as delivered or not looked at (none), only empty fields differ (fill), "
		  "values differ (values), the record is not there (absent)"},
	{"ruling", "what a person said of the record: it is that one over there (link), it is none of them (create), "
		   "leave it alone (ignore)"},
	{"policy strong", "`policy: {strong: ...}`"},
	{"policy medium", "`policy: {medium: ...}`"},
	{"policy ambiguous", "`policy: {ambiguous: ...}`"},
	{"policy none", "`policy: {none: ...}`"},
	{"policy missing", "`policy: {missing: ...}`; the default follows from the mode"},
	{"policy conflict", "`policy: {conflict: ...}`"},
	{"same there", "the counterpart of a new key has all mapped fields already"},
	{"claimed", "the counterpart of a new key belongs to another key"},
	{"in doubt", "an earlier run cannot tell whether it was delivered"},
	{"quarantined", "refused in `quarantine_after` runs in a row"},
	{"truncated", "the source was cut short"},
	{"full", "the run was asked to send everything again"},
	{"disabled", "an earlier run disabled it, since it was missing"},
	{"mode", "`mode:`"},
};

static uint64_t bits_of(const struct decision_condition *c)
{
	return (((uint64_t)1 << c->n) - 1) << c->first;
}

static bool is_flag(const struct decision_condition *c)
{
	return strcmp(c->values[0], "no") == 0;
}

static void add_values(const struct decision_condition *c, uint64_t bits, const char *between_values,
		       struct buf *out)
{
	const char *comma = "";

	for (unsigned i = 0; i < c->n; i++)
		if (bits >> (c->first + i) & 1) {
			buf_addf(out, "%s%s", comma, c->values[i]);
			comma = between_values;
		}
}

void decisions_doc_when(const struct decision_rule *rule, struct buf *out)
{
	const char *comma = "";

	for (const struct decision_condition *c = decision_conditions(); c->name; c++) {
		uint64_t bits = rule->allowed & bits_of(c);
		if (bits == bits_of(c))
			continue;
		buf_adds(out, comma);
		if (is_flag(c)) {
			buf_addf(out, "%s%s", bits >> c->first & 1 ? "not " : "", c->name);
		} else {
			buf_addf(out, "%s ", c->name);
			add_values(c, bits, " or ", out);
		}
		comma = "; ";
	}
}

static void add_words(struct buf *out)
{
	for (const struct decision_condition *c = decision_conditions(); c->name; c++) {
		const char *text = "";
		for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
			if (strcmp(meanings[i].name, c->name) == 0)
				text = meanings[i].text;
		FERRY_ASSERT(*text);
		buf_addf(out, "| %s | ", c->name);
		add_values(c, bits_of(c), ", ", out);
		buf_addf(out, " | %s |\n", text);
	}
}

static void add_rules(struct buf *out)
{
	size_t n;
	const struct decision_rule *rules = decision_rules(&n);

	for (size_t i = 0; i < n; i++) {
		buf_addf(out, "| %zu | ", i + 1);
		decisions_doc_when(&rules[i], out);
		buf_addf(out, " | %s | `%s` |\n", decision_name(rules[i].decision), rules[i].reason);
	}
}

static bool is_conflict(const char *reason)
{
	size_t n;
	const struct decision_rule *rules = decision_rules(&n);

	for (size_t i = 0; i < n; i++)
		if (rules[i].decision == FERRY_CONFLICT && strcmp(rules[i].reason, reason) == 0)
			return true;
	return strcmp(problem_group(reason), "conflict") != 0;
}

static void add_groups(struct buf *out)
{
	for (const struct problem_group_info *g = problem_group_table(); g->name; g++) {
		const char *comma = "";
		buf_addf(out, "| `%s` | %s | ", g->name, g->severity);
		for (const struct reason_info *r = reason_table(); r->code; r++)
			if (is_conflict(r->code) && strcmp(problem_group(r->code), g->name) == 0) {
				buf_addf(out, "%s`%s`", comma, r->code);
				comma = ", ";
			}
		buf_addf(out, " | %s |\n", g->text);
	}
}

void decisions_doc(struct buf *out)
{
	buf_adds(out, head);
	add_words(out);
	buf_adds(out, between);
	add_rules(out);
	buf_adds(out, tail);
	add_groups(out);
}
