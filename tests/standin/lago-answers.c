/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shape of Lago's answers and errors, and the checking of known fields. The texts are
 * contract: a client may compare them.
 */
#include "lago-standin.h"

#include <ctype.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

void lago_new_id(struct lago *l, char out[40])
{
	unsigned long long n = ++l->ids;

	snprintf(out, 40, "%08llx-1a90-4000-8000-%012llx", n & 0xffffffff, n);
}

void lago_stamp(struct lago *l, struct json_object *o)
{
	char text[40];

	lago_new_id(l, text);
	lago_set_text(o, "lago_id", text);
	lago_set_now(o, "created_at");
}

void lago_set_text(struct json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, value ? json_object_new_string(value) : NULL);
}

void lago_set_now(struct json_object *o, const char *key)
{
	char now[32];

	standin_format_time(standin_now_ms(), false, now);
	lago_set_text(o, key, now);
}

void lago_reply_row(const struct lago_table *t, const struct lago_row *row,
		    struct standin_reply *reply)
{
	text_printf(&reply->body, "{\"%s\":", t->one);
	text_puts(&reply->body, row->text);
	text_puts(&reply->body, "}");
}

void lago_reply_json(const char *wrapper, struct json_object *o, struct standin_reply *reply)
{
	text_printf(&reply->body, "{\"%s\":", wrapper);
	text_puts(&reply->body, json_text(o));
	text_puts(&reply->body, "}");
}

void lago_bad_request(const char *wrapper, struct standin_reply *reply)
{
	reply->status = 400;
	text_printf(&reply->body,
		    "{\"status\":400,\"error\":\"BadRequest: param is missing or the value is "
		    "empty or invalid: %s\"}",
		    wrapper);
}

void lago_malformed(struct standin_reply *reply)
{
	reply->status = 400;
	text_puts(&reply->body, "{\"status\":400,\"error\":\"Bad Request\"}");
}

void lago_not_found(const char *what, struct standin_reply *reply)
{
	reply->status = 404;
	text_printf(&reply->body,
		    "{\"status\":404,\"error\":\"Not Found\",\"code\":\"%s_not_found\"}", what);
}

void lago_forbidden(const char *code, struct standin_reply *reply)
{
	reply->status = 403;
	text_printf(&reply->body, "{\"status\":403,\"error\":\"Forbidden\",\"code\":\"%s\"}", code);
}

void lago_not_allowed(const char *code, struct standin_reply *reply)
{
	reply->status = 405;
	text_printf(&reply->body,
		    "{\"status\":405,\"error\":\"Method Not Allowed\",\"code\":\"%s\"}", code);
}

void lago_invalid(struct json_object *details, struct standin_reply *reply)
{
	reply->status = 422;
	text_puts(&reply->body, "{\"status\":422,\"error\":\"Unprocessable Entity\","
				"\"code\":\"validation_errors\",\"error_details\":");
	text_puts(&reply->body, json_text(details));
	text_puts(&reply->body, "}");
	json_object_put(details);
}

void lago_invalid_one(const char *field, const char *code, struct standin_reply *reply)
{
	struct json_object *details = json_object_new_object();

	lago_detail(details, field, code);
	lago_invalid(details, reply);
}

void lago_detail(struct json_object *details, const char *field, const char *code)
{
	struct json_object *codes = json_member(details, field);

	if (!codes) {
		codes = json_object_new_array();
		json_object_object_add(details, field, codes);
	}
	for (size_t i = 0; i < json_object_array_length(codes); i++) {
		if (strcmp(json_object_get_string(json_object_array_get_idx(codes, i)), code) == 0)
			return;
	}
	json_object_array_add(codes, json_object_new_string(code));
}

bool lago_has_details(struct json_object *details)
{
	return json_object_object_length(details) > 0;
}

void lago_refuse(struct standin_request *req, struct json_object *in, struct json_object *details)
{
	const char *code, *field = standin_reject(req, in, &code);

	if (field)
		lago_detail(details, field, code);
}

struct json_object *lago_unwrap(const struct standin_request *req, const char *wrapper,
				struct standin_reply *reply)
{
	bool as_json = strncmp(req->content_type, "application/json", 16) == 0;
	struct json_object *o = json_member(req->json, wrapper);

	if (as_json && req->body_len && !req->json)
		lago_malformed(reply);
	else if (!json_object_is_type(o, json_type_object) || !json_object_object_length(o))
		lago_bad_request(wrapper, reply);
	else
		return o;
	return NULL;
}

/* -- fields ------------------------------------- */

static const char currencies[] =
	" AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BWP "
	"BYN BZD CAD CDF CHF CLF CLP CNY COP CRC CVE CZK DJF DKK DOP DZD EGP ETB EUR FJD FKP GBP "
	"GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR ISK JMD JOD JPY KES KGS "
	"KHR KMF KRW KWD KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRO MUR MVR MWK "
	"MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF "
	"SAR SBD SCR SEK SGD SHP SLL SOS SRD STD SZL THB TJS TND TOP TRY TTD TWD TZS UAH UGX USD "
	"UYU UZS VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ";

static const char countries[] =
	" AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL "
	"BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV "
	"CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD "
	"GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM "
	"IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK "
	"LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW "
	"MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR "
	"PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS "
	"ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY "
	"UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW ";

bool lago_one_of(struct json_object *value, const char *words)
{
	const char *s = json_object_is_type(value, json_type_string) ?
				json_object_get_string(value) :
				"";
	size_t len = strlen(s);

	for (const char *at = len ? strstr(words, s) : NULL; at; at = strstr(at + 1, s)) {
		if ((at == words || at[-1] == ' ') && (at[len] == ' ' || !at[len]))
			return true;
	}
	return false;
}

const char *lago_check_currency(struct json_object **value)
{
	return lago_one_of(*value, currencies) ? NULL : "value_is_invalid";
}

const char *lago_check_country(struct json_object **value)
{
	char upper[8] = "";
	const char *s = json_object_get_string(*value);

	for (size_t i = 0; s[i] && i < sizeof(upper) - 1; i++)
		upper[i] = (char)toupper((unsigned char)s[i]);
	json_object_put(*value);
	*value = json_object_new_string(upper);
	return lago_one_of(*value, countries) ? NULL : "not_a_valid_country_code";
}

static bool good_address(const char *s, size_t len)
{
	const char *at = memchr(s, '@', len);
	size_t host = at ? len - (size_t)(at + 1 - s) : 0;
	const char *dot = host ? memchr(at + 1, '.', host) : NULL;

	if (!dot || at == s || dot == at + 1 || s[len - 1] == '.')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (isspace((unsigned char)s[i]) || (s[i] == '@' && s + i != at))
			return false;
	}
	return true;
}

const char *lago_check_email(struct json_object **value)
{
	const char *s = json_object_get_string(*value);

	while (*s) {
		size_t len = strcspn(s, ",");

		while (len && *s == ' ') {
			s++;
			len--;
		}
		if (!good_address(s, len))
			return "invalid_email_format";
		s += len + (s[len] == ',');
	}
	return NULL;
}

void lago_need(struct json_object *o, const char *field, struct json_object *details)
{
	if (lago_blank(json_member(o, field)) && !json_member(details, field))
		lago_detail(details, field, "value_is_mandatory");
}

bool lago_code_taken(struct lago_table *t, struct json_object *o, const struct lago_row *self)
{
	const struct lago_row *other = lago_table_find(t, json_member_text(o, "code"));

	return other && other != self;
}

bool lago_decimal(struct json_object *value, __int128 *ret_nano)
{
	const char *s = json_object_is_type(value, json_type_string) ?
				json_object_get_string(value) :
				NULL;

	return s && *s != '-' && *s != '+' && standin_parse_decimal(s, ret_nano);
}

bool lago_text_is(struct json_object *value, const char *s)
{
	return json_object_is_type(value, json_type_string) &&
	       strcmp(json_object_get_string(value), s) == 0;
}

bool lago_blank(struct json_object *value)
{
	const char *s;

	if (!json_object_is_type(value, json_type_string))
		return value == NULL;
	for (s = json_object_get_string(value); isspace((unsigned char)*s); s++)
		;
	return !*s;
}

size_t lago_characters(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static bool is_scalar(struct json_object *v)
{
	return !json_object_is_type(v, json_type_object) &&
	       !json_object_is_type(v, json_type_array);
}

/* The value as the field stores it (owned), or NULL; `fits` is false if it is dropped. */
static struct json_object *cast(const struct lago_field *f, struct json_object *v, bool *fits)
{
	*fits = true;
	if (!v)
		return NULL;
	switch (f->type) {
	case LAGO_TEXT:
		*fits = is_scalar(v);
		if (*fits && !json_object_is_type(v, json_type_string))
			return json_object_new_string(json_object_get_string(v));
		break;
	case LAGO_INT:
		*fits = is_scalar(v);
		if (*fits && !json_object_is_type(v, json_type_int))
			return json_object_new_int64(json_object_get_int64(v));
		break;
	case LAGO_BOOL:
		*fits = is_scalar(v);
		if (json_object_is_type(v, json_type_string))
			return json_object_new_boolean(strcmp(json_object_get_string(v), "false"));
		break;
	case LAGO_OBJECT:
		*fits = json_object_is_type(v, json_type_object);
		break;
	case LAGO_ARRAY:
		*fits = json_object_is_type(v, json_type_array);
		break;
	case LAGO_ANY:
		break;
	}
	return *fits ? json_object_get(v) : NULL;
}

void lago_assign(struct json_object *to, struct json_object *from,
		 const struct lago_field *fields, size_t n, struct json_object *details)
{
	for (size_t i = 0; i < n; i++) {
		const struct lago_field *f = &fields[i];
		bool fits;

		if (!json_member_present(from, f->name))
			continue;
		struct json_object *v = cast(f, json_member(from, f->name), &fits);

		if (!fits)
			continue;
		const char *wrong = v && !lago_blank(v) && f->check ? f->check(&v) : NULL;

		if (v && f->max && lago_characters(json_object_get_string(v)) > f->max)
			wrong = "value_is_too_long";
		if (wrong)
			lago_detail(details, f->name, wrong);
		json_object_object_add(to, f->name, v);
	}
}
