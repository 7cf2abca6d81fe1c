/* SPDX-License-Identifier: Apache-2.0 */
/* trial.c - does a connection work, whatever is to be read or written through it? */
#include "postgres/postgres.h"

#include <stdlib.h>
#include <string.h>

static const struct patience some = {5000, 0};

/* The one row of a query; the caller clears it. */
static PGresult *ask(struct server *s, const char *sql, struct ferry_error *err)
{
	PGresult *res = server_query(s, &(struct query){.sql = sql}, &some);

	if (res && result_ok(res) && PQntuples(res) == 1)
		return res;
	server_fail(s, res, FERRY_E_PROTOCOL, "cannot look at the server", err);
	PQclear(res);
	return NULL;
}

/* A text of that row. */
static const char *cell(const PGresult *res, int column)
{
	return PQgetvalue(res, 0, column);
}

static int connect_and_tell(struct server *s, struct ferry_trial *trial, struct ferry_error *err)
{
	trial->step(trial, "address");
	if (server_connect(s, err)) {
		/* who says no has answered */
		if (err->code == FERRY_E_AUTH || err->code == FERRY_E_FORBIDDEN)
			trial->step(trial, "credentials");
		else if (err->code == FERRY_E_CONFIG)
			trial->step(trial, "database");
		return -1;
	}
	const char *host = PQhost(s->conn), *cipher = PQsslAttribute(s->conn, "protocol");
	bool local = host && host[0] == '/';
	trial->found(trial, "%s%s%s, %s", host ? host : "?", local ? " (socket), port " : ", port ", PQport(s->conn),
		     cipher ? cipher : "without TLS");
	if (!cipher && !local)
		trial->warn(trial, "what is sent can be read on the way: give 'tls:'");
	else if (cipher && (!s->sslmode || strncmp(s->sslmode, "verify", 6) != 0))
		trial->warn(trial, "the server's certificate is not checked: give 'tls: {ca: ...}'");
	return 0;
}

static int tell_user(struct server *s, struct ferry_trial *trial, struct ferry_error *err)
{
	trial->step(trial, "credentials");
	PGresult *res = ask(s, "SELECT current_user::text, current_database()::text,"
			       " current_setting('is_superuser')::text", err);
	if (!res)
		return -1;
	trial->found(trial, "role %s, database %s", cell(res, 0), cell(res, 1));
	if (strcmp(cell(res, 2), "on") == 0)
		trial->warn(trial, "the role is a superuser: one that may do less is safer");
	PQclear(res);
	return 0;
}

static int tell_version(struct server *s, struct ferry_trial *trial, struct ferry_error *err)
{
	trial->step(trial, "version");
	PGresult *res = ask(s, "SELECT current_setting('server_version')::text, current_setting('server_encoding')::text", err);
	if (!res)
		return -1;
	trial->found(trial, "PostgreSQL %s, %s", cell(res, 0), cell(res, 1));
	if (strcmp(cell(res, 1), "UTF8") != 0)
		trial->warn(trial, "the database's encoding is not UTF8: not every text can be written to it");
	PQclear(res);
	if (PQserverVersion(s->conn) < 100000)
		return s->host->fail(err, FERRY_E_UNSUPPORTED, "%s: the server is older than PostgreSQL 10", s->name);
	return 0;
}

static int tell_rights(struct server *s, struct ferry_trial *trial, struct ferry_error *err)
{
	trial->step(trial, "permissions");
	PGresult *res = ask(s, "SELECT count(*) FILTER (WHERE has_table_privilege(c.oid, 'SELECT'))::text,"
			       " count(*) FILTER (WHERE has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE'))::text,"
			       " pg_is_in_recovery()::text"
			       " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
			       " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT LIKE 'pg\\_%'"
			       " AND n.nspname <> 'information_schema'", err);
	if (!res)
		return -1;
	trial->found(trial, "may read %s tables and views, write %s of them", cell(res, 0), cell(res, 1));
	if (strcmp(cell(res, 0), "0") == 0)
		trial->warn(trial, "there is no table the role may read");
	if (strcmp(cell(res, 2), "true") == 0)
		trial->warn(trial, "the server is a standby: it can be read, not written");
	PQclear(res);
	return 0;
}

int server_test(const struct ferry_open *open, struct ferry_trial *trial, struct ferry_error *err)
{
	struct server s = {0};
	int status = server_init(&s, open, err);

	if (!status)
		status = connect_and_tell(&s, trial, err) || tell_user(&s, trial, err) ||
			 tell_version(&s, trial, err) || tell_rights(&s, trial, err) ? -1 : 0;
	server_release(&s);
	return status;
}
