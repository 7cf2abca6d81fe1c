/* SPDX-License-Identifier: Apache-2.0 */
/* tables-daemon.c - the keywords of ferry.yaml and connections.d. */
#include "conf/tables.h"

/* ---- notifications: where to, and of what */

#define AT(member) .offset = offsetof(struct target_def, member)
static const struct keyword target_keywords[] = {
	{.name = "slack", .type = KEYWORD_TEXT, .flags = KEYWORD_SECRET, AT(slack),
	 .help = "URL of a Slack incoming webhook; a secret"},
	{.name = "webhook", .type = KEYWORD_TEXT, .flags = KEYWORD_SECRET, AT(webhook),
	 .help = "URL to which a signed JSON document is sent"},
	{.name = "secret", .type = KEYWORD_TEXT, .flags = KEYWORD_SECRET, AT(secret),
	 .help = "of a webhook: what its messages are signed with"},
	{.name = "previous_secret", .type = KEYWORD_TEXT, .flags = KEYWORD_SECRET, AT(previous_secret),
	 .help = "of a webhook, while its secret is being replaced: the one before, with which messages are "
		 "signed too"},
	{.name = "email", .type = KEYWORD_TEXTS, .min = 1, .max = 50, AT(email),
	 .count = offsetof(struct target_def, n_email), .help = "addresses to which a mail is sent"},
	{.name = "from", .type = KEYWORD_TEXT, AT(from), .help = "of mail: the sender's address"},
	{.name = "sendmail", .type = KEYWORD_TEXT, .fallback = "/usr/sbin/sendmail", AT(sendmail),
	 .help = "of mail: the program that takes it, called with -t -i"},
	{.name = "allow_addresses", .type = KEYWORD_TEXTS, .max = 50, AT(allow),
	 .count = offsetof(struct target_def, n_allow),
	 .help = "hosts, addresses and ranges such as 10.0.0.0/8 that may be reached although they are not of "
		 "the public internet"},
	{.name = "ca", .type = KEYWORD_TEXT, AT(ca),
	 .help = "file with the certificates to trust, instead of the system's"},
	{.name = "timeout", .type = KEYWORD_DURATION, .fallback = "10s", .min = SECOND, .max = MINUTE,
	 AT(timeout_ms), .help = "for one attempt, answer included"},
	{.name = "retry_base", .type = KEYWORD_DURATION, .fallback = "10s", .min = SECOND, .max = 10 * MINUTE,
	 AT(retry_base_ms),
	 .help = "wait before the second attempt; grows to 6, 30, 180 and 720 times that, and ends after 24 hours"},
	{.name = "max_per_hour", .type = KEYWORD_INT, .fallback = "60", .min = 1, .max = 10000,
	 AT(max_per_hour), .help = "messages within an hour; further ones are only counted"},
	{.name = NULL},
};
#undef AT

static const struct keyword_object target_object = {
	.name = "notification target", .keywords = target_keywords, .size = sizeof(struct target_def),
	.one_of = "slack webhook email",
	.mark = offsetof(struct target_def, mark), .check = conf_check_target,
};

/* As entries of `on:`; the two with a number are maps, which their check sees to. */
static const struct keyword_choice notify_events[] = {
	{"failed", NOTIFY_FAILED}, {"completed", NOTIFY_COMPLETED}, {"recovered", NOTIFY_RECOVERED},
	{"stuck", NOTIFY_STUCK}, {"problems_opened", NOTIFY_PROBLEMS_OPENED},
	{"error_rate", NOTIFY_ERROR_RATE}, {"consecutive_failures", NOTIFY_CONSECUTIVE_FAILURES}, {NULL, 0},
};

#define AT(member) .offset = offsetof(struct notify_on_def, member)
static const struct keyword notify_on_keywords[] = {
	{.name = "error_rate", .type = KEYWORD_LIMIT, AT(error_rate),
	 .help = "a run in which so many rows failed, or more"},
	{.name = "consecutive_failures", .type = KEYWORD_INT, .min = 2, .max = 1000, AT(consecutive_failures),
	 .help = "so many failed runs in a row; told once until a run completes"},
	{.name = NULL},
};
#undef AT

static const struct keyword_object notify_on_object = {
	.name = "event", .keywords = notify_on_keywords, .size = sizeof(struct notify_on_def),
	.mark = offsetof(struct notify_on_def, mark), .check = conf_check_event,
};

#define AT(member) .offset = offsetof(struct notify_def, member)
static const struct keyword notify_keywords[] = {
	{.name = "on", .type = KEYWORD_OBJECTS, .min = 1, .max = 20, .choices = notify_events,
	 .object = &notify_on_object, AT(on), .count = offsetof(struct notify_def, n_on),
	 .help = "what is told; left out, failed alone"},
	{.name = "to", .type = KEYWORD_NAMES, .min = 1, .max = 50, AT(to),
	 .count = offsetof(struct notify_def, n_to), .help = "names of targets; left out, all of them"},
	{.name = "repeat_after", .type = KEYWORD_DURATION, .min = MINUTE, .max = 7 * DAY, AT(repeat_after_ms),
	 .help = "the same event of the same sync is told again after this time at the earliest, with how many "
		 "were held back; left out, 1h"},
	{.name = NULL},
};
#undef AT

const struct keyword_object conf_notify_object = {
	.name = "notify", .keywords = notify_keywords, .size = sizeof(struct notify_def),
	.mark = offsetof(struct notify_def, mark), .check = conf_check_notify,
};

const struct keyword_choice conf_notify_words[] = {{"none", 0}, {NULL, 0}};

/* ---- ferry.yaml */

#define AT(member) .offset = offsetof(struct listen_def, member)
static const struct keyword listen_keywords[] = {
	{.name = "address", .type = KEYWORD_TEXT, .flags = KEYWORD_REQUIRED, AT(address),
	 .mark = offsetof(struct listen_def, mark),
	 .help = "IP address and port, such as 127.0.0.1:8270 or [::1]:8270"},
	{.name = "hosts", .type = KEYWORD_TEXTS, .max = 20, AT(hosts),
	 .count = offsetof(struct listen_def, n_hosts),
	 .help = "names under which clients may ask, besides the address itself; with a port, or without for "
		 "the usual one"},
	{.name = "tls_proxy", .type = KEYWORD_BOOL, .fallback = "false", AT(tls_proxy),
	 .help = "a proxy in front speaks TLS; without it the address must be a loopback one"},
	{.name = "connections", .type = KEYWORD_INT, .fallback = "256", .min = 1, .max = 10000,
	 AT(connections), .help = "connections at once; further ones wait"},
	{.name = "connections_per_peer", .type = KEYWORD_INT, .fallback = "64", .min = 1, .max = 10000,
	 AT(connections_per_peer),
	 .help = "connections at once from one address; further ones are closed. A proxy is one address"},
	{.name = "request_timeout", .type = KEYWORD_DURATION, .fallback = "30s", .min = SECOND,
	 .max = 10 * MINUTE, AT(request_timeout_ms),
	 .help = "a connection that has sent no whole request for so long is cut"},
	{.name = NULL},
};
#undef AT

static const struct keyword_object listen_object = {
	.name = "listen", .keywords = listen_keywords, .size = sizeof(struct listen_def),
	.check = conf_check_listen,
};

#define AT(member) .offset = offsetof(struct daemon_def, member)
static const struct keyword daemon_keywords[] = {
	{.name = "memory_limit", .type = KEYWORD_SIZE, .fallback = "256MiB", .min = 32 * MIB,
	 .max = 64 * GIB, AT(memory_limit),
	 .help = "memory one run may use; a sync may say its own"},
	{.name = "max_concurrent_runs", .type = KEYWORD_INT, .fallback = "4", .min = 1, .max = 64,
	 AT(max_concurrent_runs), .help = "runs under way at once; further ones are queued"},
	{.name = "heartbeat_timeout", .type = KEYWORD_DURATION, .fallback = "60s", .min = SECOND,
	 .max = HOUR, AT(heartbeat_timeout_ms),
	 .help = "a worker silent for longer is hung and is ended"},
	{.name = "stop_timeout", .type = KEYWORD_DURATION, .fallback = "60s", .min = SECOND,
	 .max = HOUR, AT(stop_timeout_ms),
	 .help = "when the daemon stops: how long runs may finish their batch"},
	{.name = "row_errors_max", .type = KEYWORD_LONG, .fallback = "10000", .min = 0,
	 .max = 1000000, AT(row_errors_max),
	 .help = "row errors stored per run; their total is always true"},
	{.name = "problems_max", .type = KEYWORD_LONG, .fallback = "10000", .min = 0,
	 .max = 1000000, AT(problems_max),
	 .help = "open problems kept per segment; more are only counted"},
	{.name = "quarantine_after", .type = KEYWORD_INT, .fallback = "10", .min = 0, .max = 1000,
	 AT(quarantine_after),
	 .help = "a row refused for the same reason in so many runs in a row is no longer sent and "
		 "waits for a person; 0 is never"},
	{.name = "log_lines_max", .type = KEYWORD_LONG, .fallback = "10000", .min = 0,
	 .max = 1000000, AT(log_lines_max), .help = "log lines stored per run"},
	{.name = "keep_plans", .type = KEYWORD_INT, .fallback = "20", .min = 2, .max = 100000,
	 AT(keep_plans), .help = "plans kept of each sync's latest runs; older ones are removed"},
	{.name = "retention", .type = KEYWORD_OBJECT, .object = &conf_retention_object, AT(retention),
	 .help = "how long what runs leave behind is kept"},
	{.name = "admin_group", .type = KEYWORD_TEXT, .fallback = "ferry-admin", AT(admin_group),
	 .help = "members of this Unix group may change things, others may only read"},
	{.name = "listen", .type = KEYWORD_OBJECT, .object = &listen_object, AT(listen),
	 .help = "where to listen on TCP, for clients with tokens; left out, only on the Unix socket"},
	{.name = "notifications", .type = KEYWORD_NAMED, .max = 50, .object = &target_object, AT(targets),
	 .count = offsetof(struct daemon_def, n_targets),
	 .help = "targets of notifications, a map of name: settings"},
	{.name = "notify", .type = KEYWORD_OBJECT, .choices = conf_notify_words, .object = &conf_notify_object, AT(notify),
	 .help = "what is told to whom of syncs that do not say so themselves: {on: [failed, recovered], to: "
		 "[ops]}, or none"},
	{.name = "console_url", .type = KEYWORD_TEXT, AT(console_url),
	 .help = "address of the web console, for links in notifications; left out, they have none"},
	{.name = NULL},
};
#undef AT

const struct keyword_object conf_daemon_object = {
	.name = "daemon", .keywords = daemon_keywords, .size = sizeof(struct daemon_def), .check = conf_check_daemon,
};

/* ---- connections.d */

#define AT(member) .offset = offsetof(struct rate_limit_def, member)
static const struct keyword rate_limit_keywords[] = {
	{.name = "requests_per_second", .type = KEYWORD_RATE, .fallback = "0", .min = 0,
	 .max = 1000000, AT(requests_per_second),
	 .help = "requests a second, by all runs together; 0 is no limit"},
	{.name = "burst", .type = KEYWORD_INT, .fallback = "1", .min = 1, .max = 1000000, AT(burst),
	 .help = "requests that may go at once after a pause"},
	{.name = "lanes", .type = KEYWORD_INT, .fallback = "4", .min = 1, .max = 64, AT(lanes),
	 .help = "requests one run may have under way at once"},
	{.name = NULL},
};
#undef AT

static const struct keyword_object rate_limit_object = {
	.name = "rate_limit", .keywords = rate_limit_keywords,
	.size = sizeof(struct rate_limit_def),
};

#define AT(member) .offset = offsetof(struct connection_def, member)
static const struct keyword tls_keywords[] = {
	{.name = "ca", .type = KEYWORD_TEXT, AT(tls_ca),
	 .help = "file with the certificates to trust, instead of the system's"},
	{.name = "cert", .type = KEYWORD_TEXT, AT(tls_cert),
	 .help = "file with the certificate that ferry shows of itself"},
	{.name = "key", .type = KEYWORD_TEXT, AT(tls_key),
	 .help = "file with the key of that certificate"},
	{.name = "verify", .type = KEYWORD_TRISTATE, AT(tls_verify),
	 .help = "check the other side's certificate and name; left out, it is checked wherever TLS is spoken"},
	{.name = NULL},
};

static const struct keyword_object tls_object = {
	.name = "tls", .keywords = tls_keywords, .size = sizeof(struct connection_def),
};

static const struct keyword connection_keywords[] = {
	{.name = "family", .type = KEYWORD_NAME, .flags = KEYWORD_REQUIRED, AT(family),
	 .help = "the connector family, such as lago, steve or sqlite"},
	{.name = "timeout", .type = KEYWORD_DURATION, .fallback = "30s", .min = 1, .max = HOUR,
	 AT(timeout_ms), .help = "for one request, answer included"},
	{.name = "connect_timeout", .type = KEYWORD_DURATION, .fallback = "10s", .min = 1,
	 .max = HOUR, AT(connect_timeout_ms), .help = "for making a connection"},
	{.name = "retries", .type = KEYWORD_INT, .fallback = "3", .min = 0, .max = 20, AT(retries),
	 .help = "further attempts after a transient failure"},
	{.name = "retry_base", .type = KEYWORD_DURATION, .fallback = "1s", .min = 1, .max = MINUTE,
	 AT(retry_base_ms),
	 .help = "wait before the first further attempt; grows fourfold with each"},
	{.name = "rate_limit", .type = KEYWORD_OBJECT, .object = &rate_limit_object, AT(rate_limit),
	 .help = "how fast the other side may be asked"},
	{.name = "tls", .type = KEYWORD_OBJECT, .object = &tls_object, .offset = 0,
	 .help = "certificates: which are trusted, and which is shown"},
	{.name = NULL},
};

const struct keyword_object conf_connection_object = {
	.name = "connection", .keywords = connection_keywords,
	.size = sizeof(struct connection_def), .mark = offsetof(struct connection_def, mark),
	.options = offsetof(struct connection_def, options), .check = conf_check_connection,
};
#undef AT

static const struct keyword connections_keywords[] = {
	{.name = "connections", .type = KEYWORD_NAMED, .flags = KEYWORD_REQUIRED, .max = 1000,
	 .object = &conf_connection_object, .offset = offsetof(struct conf_connections, items),
	 .count = offsetof(struct conf_connections, n), .help = "a map of name: settings"},
	{.name = NULL},
};

const struct keyword_object conf_connections_object = {
	.name = "connections file", .keywords = connections_keywords,
	.size = sizeof(struct conf_connections),
};
