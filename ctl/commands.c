/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands.c - the one list of commands: it drives the parser, the dispatch, the help, the manual page
 * and the shells' completion.
 *
 * A row: .name, .group (the heading it stands under; rows of a group stand together), .summary (half a
 * sentence without a full stop) and .run; and what else there is to say:
 * .words	its arguments. A name in capitals says what kind of thing it is, and complete.c knows how to
 *		complete that kind (SYNC, RUN, ID, CONNECTION, CONNECTOR, CODE, DIR ...); brackets: may be left
 *		out; words between '|': one of these, which the parser enforces: "list|create|revoke [NAME]".
 * .options	besides those of every command, which stand in args.c.
 * .choices	what an option's value can be with this command: lines "STATUS open ignored". The parser
 *		enforces it.
 * .detail	whole sentences, a line for each paragraph; they are wrapped to the screen and go into the
 *		manual page as they stand.
 * .example	command lines.
 */
#include "ctl.h"

const char *const command_groups[GROUPS] = {
	[GROUP_LOOK] = "Looking",
	[GROUP_RUN] = "A run",
	[GROUP_START] = "Starting and ending",
	[GROUP_SCHEDULE] = "Schedules",
	[GROUP_PROBLEM] = "Problems",
	[GROUP_CONFIG] = "The configuration",
	[GROUP_SYSTEM] = "The installation",
	[GROUP_HELP] = "Help",
};

#define RUN_STATUS "STATUS queued running preview_ready completed failed cancelled"

const struct command ferryctl_commands[] = {
	{
		.name = "status", .group = GROUP_LOOK, .run = cmd_status,
		.summary = "the daemon: what it runs, since when, on which configuration",
	},
	{
		.name = "syncs", .group = GROUP_LOOK, .run = cmd_syncs,
		.options = OPTION(LIMIT) | OPTION(PAGE),
		.summary = "each sync, its last run and its next, and why that is then",
	},
	{
		.name = "runs", .group = GROUP_LOOK, .run = cmd_runs, .words = "[SYNC]",
		.options = OPTION(STATUS) | OPTION(LIMIT) | OPTION(PAGE),
		.choices = RUN_STATUS,
		.summary = "runs of all syncs or of one, the newest first",
	},
	{
		.name = "top", .group = GROUP_LOOK, .run = cmd_top,
		.summary = "what goes on right now: running runs with their progress, the queue, what failed, what is next",
		.detail = "Drawn anew each second until 'q' or Ctrl-C. Without a terminal, or with --json, one picture.",
	},
	{
		.name = "health", .group = GROUP_LOOK, .run = cmd_health, .words = "[SYNC]",
		.options = OPTION(LIMIT) | OPTION(PAGE),
		.summary = "each sync's score with the worst first, or how one sync's score came about",
		.detail = "From 80 points on a sync is healthy, from 60 degraded, from 40 unhealthy, below critical. Below "
			"stand the totals of all syncs. With --json one page of syncs in the order of their names.",
	},
	{
		.name = "trends", .group = GROUP_LOOK, .run = cmd_trends, .words = "SYNC",
		.options = OPTION(DAYS),
		.summary = "a sync's days: runs, rows, errors, durations, and which days stand out",
	},
	{
		.name = "notifications", .group = GROUP_LOOK, .run = cmd_notifications,
		.options = OPTION(STATUS) | OPTION(LIMIT) | OPTION(PAGE),
		.choices = "STATUS pending delivered failed",
		.summary = "what was told to whom, the newest first: delivered, waiting for another attempt, or given up",
	},
	{
		.name = "events", .group = GROUP_LOOK, .run = cmd_events,
		.options = OPTION(RUN) | OPTION(SYNC) | OPTION(TYPES),
		.summary = "what happens, as it happens",
		.detail = "Runs, problems, schedules and reloads, until Ctrl-C; with --run until that run has ended. TYPES "
			"are names as they are shown, or first parts of them (run, problem, sync, config, daemon), with "
			"commas between. When the daemon is restarted it is waited for. With --json one line for each.",
		.example = "ferryctl events --sync customers --types run.ended,problem",
	},
	{
		.name = "show", .group = GROUP_RUN, .run = cmd_show, .words = "RUN",
		.summary = "a run at one glance: rows, segments, stages, reasons, errors",
		.detail = "Its status, row counts, statistics of each segment, stages with their times, phases, "
			"decisions and their reasons, the error with a hint, the first row errors, and what to do next.",
	},
	{
		.name = "plan", .group = GROUP_RUN, .run = cmd_plan, .words = "RUN",
		.options = OPTION(DECISION) | OPTION(SEGMENT) | OPTION(KEY) | OPTION(DIFF) | OPTION(LIMIT) |
			OPTION(PAGE),
		.choices = "DECISION create update delete disable skip conflict",
		.summary = "what a run decided for each record",
		.detail = "Shown as a diff: + create, ~ update, - delete, / disable, ! conflict, . skip, each with its "
			"key, reason, and the fields that an update changes. Fields that a connector calls sensitive "
			"stay masked. What was applied tells what came of it.\n"
			"'ferryctl explain REASON' tells what a reason means.",
	},
	{
		.name = "history", .group = GROUP_RUN, .run = cmd_history, .words = "SYNC KEY",
		.options = OPTION(SEGMENT) | OPTION(LIMIT) | OPTION(BEFORE),
		.summary = "what runs decided for one record, the newest first",
		.detail = "KEY is the record's key as 'ferryctl plan' shows it. Only plans that are still kept can "
			"tell; a record that stayed unchanged stands in none.",
	},
	{
		.name = "records", .group = GROUP_RUN, .run = cmd_records, .words = "RUN",
		.options = OPTION(SEGMENT) | OPTION(LIMIT) | OPTION(PAGE),
		.summary = "the records that a run with --extract-only has kept",
	},
	{
		.name = "errors", .group = GROUP_RUN, .run = cmd_errors, .words = "RUN",
		.options = OPTION(LIMIT) | OPTION(PAGE),
		.summary = "the rows that failed, and why",
		.detail = "Key, code, field, message and the value refused.",
		.example = "ferryctl errors 12 --limit 100 --json | jq -r '.data[].key'",
	},
	{
		.name = "logs", .group = GROUP_RUN, .run = cmd_logs, .words = "RUN",
		.options = OPTION(SEGMENT) | OPTION(FOLLOW),
		.summary = "what a run said",
	},
	{
		.name = "run", .group = GROUP_START, .run = cmd_run, .words = "SYNC",
		.options = OPTION(PREVIEW) | OPTION(VERIFY) | OPTION(FULL) | OPTION(EXTRACT_ONLY) | OPTION(LIMIT) |
			OPTION(WAIT),
		.summary = "start a run",
		.detail = "When one with the same options is queued already, the request joins it.\n"
			"With --preview it stops when its plan is made: read it with 'ferryctl plan RUN', carry it out "
			"with 'ferryctl promote RUN'. With --extract-only it makes no plan either, writes nothing, and "
			"the sync's schedule goes on as if there had been no run: 'ferryctl records RUN' shows what the "
			"source gave, at most --limit of each segment.\n"
			"With --wait its progress is shown until it has ended, and its outcome is the exit status. "
			"Interrupting ferryctl does not end the run.",
		.example = "ferryctl run customers --preview --wait\n"
			"out=$(ferryctl run customers --wait 2>&1) || echo \"$out\"",
	},
	{
		.name = "promote", .group = GROUP_START, .run = cmd_promote, .words = "RUN",
		.options = OPTION(OVERRIDE_GUARD) | OPTION(WAIT),
		.summary = "carry out the plan of a preview, as a new run",
		.detail = "Refused when the definition or the snapshot has changed since.\n"
			"With --override-guard the guards are not asked, and the run may be one that a guard has "
			"stopped: its plan is whole, and nothing of it was written. The audit keeps who did so, and the "
			"numbers.",
		.example = "ferryctl promote last:customers --wait",
	},
	{
		.name = "retry", .group = GROUP_START, .run = cmd_retry, .words = "RUN",
		.options = OPTION(WAIT),
		.summary = "run the sync of a run again, on current data",
		.detail = "The old run stays as it is; the new one names it.",
	},
	{
		.name = "cancel", .group = GROUP_START, .run = cmd_cancel, .words = "RUN",
		.summary = "end a run after the batch under way",
		.detail = "What was acknowledged stays; the next run goes on from there.",
	},
	{
		.name = "pause", .group = GROUP_SCHEDULE, .run = cmd_pause, .words = "SYNC",
		.summary = "stop a sync's schedule from starting runs",
		.detail = "Until it is resumed, across restarts. What is queued or under way goes on; 'ferryctl run "
			"SYNC' still starts one.",
	},
	{
		.name = "resume", .group = GROUP_SCHEDULE, .run = cmd_resume, .words = "SYNC",
		.summary = "let a sync's schedule start runs again",
		.detail = "What was missed is made up for by one run, at once, unless the schedule has "
			"'catch_up: false'.",
	},
	{
		.name = "pin", .group = GROUP_SCHEDULE, .run = cmd_pin, .words = "SYNC active|idle|dormant HOURS",
		.summary = "hold an adaptive schedule in a tier",
		.detail = "For 1 to 336 hours. Until then nothing is evaluated; after that the tier is what it was "
			"before.",
	},
	{
		.name = "unpin", .group = GROUP_SCHEDULE, .run = cmd_unpin, .words = "SYNC",
		.summary = "end a pin: the sync's runs decide on its tier again",
	},
	{
		.name = "problems", .group = GROUP_PROBLEM, .run = cmd_problems, .words = "[ID]",
		.options = OPTION(SYNC) | OPTION(SEGMENT) | OPTION(GROUP) | OPTION(STATUS) | OPTION(LIMIT) |
			OPTION(PAGE),
		.choices = "STATUS open ignored resolved cleared all",
		.summary = "records that wait for a person, or one of them",
		.detail = "A problem is a record that several records over there could be, that is invalid, or that "
			"was refused again and again. Each run clears what is over and moves what has changed; for each "
			"record there is at most one. Without --status the open ones are listed.\n"
			"With an ID: the record and those it could be side by side, what was sent and answered, what "
			"happened so far, and what can be done, as commands.",
		.example = "ferryctl problems --sync customers\nferryctl problems 12",
	},
	{
		.name = "resolve", .group = GROUP_PROBLEM, .run = cmd_resolve, .words = "[ID]",
		.options = OPTION(LINK) | OPTION(CREATE) | OPTION(IGNORE) | OPTION(UNTIL) | OPTION(RETRY) |
			OPTION(REOPEN) | OPTION(SYNC) | OPTION(SEGMENT) | OPTION(GROUP),
		.summary = "say what is to be done with a problem",
		.detail = "One of --link, --create, --ignore, --retry and --reopen; the next run of its sync does so. "
			"Until then --reopen takes it back, and another word takes its place.\n"
			"Without an ID all open problems of --sync, of its --segment or --group, are ignored or retried.",
		.example = "ferryctl resolve 12 --link cus_8d1f",
	},
	{
		.name = "check", .group = GROUP_CONFIG, .run = cmd_check, .words = "[DIR]",
		.summary = "look for mistakes in a configuration folder",
		.detail = "Runs 'ferryd --check'; that program is looked for beside ferryctl, where it was "
			"installed, and in PATH. Needs no daemon. Exit status 1 when there are mistakes.",
	},
	{
		.name = "schema", .group = GROUP_CONFIG, .run = cmd_schema, .words = "[ferry|connections|syncs]",
		.summary = "the JSON Schema of a kind of configuration file, for editors",
		.detail = "Of files in syncs.d when nothing is said. The daemon adds what its connectors say of their own "
			"settings; without a daemon those are left open.",
		.example = "ferryctl schema syncs > ferry-syncs.json",
	},
	{
		.name = "reload", .group = GROUP_CONFIG, .run = cmd_reload,
		.summary = "have the daemon read its configuration again",
		.detail = "If there is any mistake in it, the configuration before stays in force, the mistakes are "
			"printed as file:line:column: text, and the exit status is 1.",
	},
	{
		.name = "connectors", .group = GROUP_CONFIG, .run = cmd_connectors, .words = "[CONNECTOR]",
		.summary = "connectors, or one connector's settings, fields and limits",
	},
	{
		.name = "connections", .group = GROUP_CONFIG, .run = cmd_connections,
		.options = OPTION(LIMIT) | OPTION(PAGE),
		.summary = "connections, and the syncs that use them",
	},
	{
		.name = "test", .group = GROUP_CONFIG, .run = cmd_test, .words = "[CONNECTION]",
		.summary = "see whether a connection works, or each of them",
		.detail = "Its settings, address, credentials, version and permissions, each with what it showed, and "
			"what failed. Exit status 1 when one does not work. Only admins may do so.",
	},
	{
		.name = "notify-test", .group = GROUP_CONFIG, .run = cmd_notify_test, .words = "TARGET",
		.summary = "send a test message to a notification target",
		.detail = "At once, past the outbox and the limits, and says how it went. Exit status 1 when it was not "
			"accepted. Only admins may do so.",
	},
	{
		.name = "token", .group = GROUP_SYSTEM, .run = cmd_token, .words = "list|create|revoke [NAME]",
		.options = OPTION(ROLE) | OPTION(EXPIRES),
		.choices = "ROLE viewer admin",
		.summary = "the tokens with which clients come in over TCP",
		.detail = "'create NAME --role viewer' prints a new token, once: it is stored only as a hash. It ends after "
			"90 days, or as --expires says (366 days at most). 'revoke NAME' ends it at once. 'list' tells when "
			"each was last used, to the hour. Only admins may do so.",
		.example = "ferryctl token create grafana --role viewer --expires 180d",
	},
	{
		.name = "audit", .group = GROUP_SYSTEM, .run = cmd_audit,
		.options = OPTION(ACTOR) | OPTION(ACTION) | OPTION(FROM) | OPTION(TO) | OPTION(BEFORE) | OPTION(LIMIT) |
			OPTION(PAGE),
		.summary = "who changed what, and who was refused, the newest first",
		.example = "ferryctl audit --actor root --from 2026-01-01",
	},
	{
		.name = "retention", .group = GROUP_SYSTEM, .run = cmd_retention, .options = OPTION(NOW),
		.summary = "what of runs, logs, plans, audit and problems is past its time",
		.detail = "The daemon takes it away by itself, every hour. With --now it does so at once and tells what has "
			"gone. Snapshots of syncs that are no longer configured are listed; they stay.",
	},
	{
		.name = "backup", .group = GROUP_SYSTEM, .run = cmd_backup, .words = "DIR",
		.summary = "copy the daemon's state and configuration to a folder, while it runs",
		.detail = "DIR is new or empty, and the daemon's user can write to it. Secrets are not in it, records are: keep "
			"it as you keep the state. 'ferryd --restore DIR' puts it back.",
		.example = "ferryctl backup /var/backups/ferry/2026-01-31",
	},
	{
		.name = "doctor", .group = GROUP_SYSTEM, .run = cmd_doctor,
		.summary = "see whether all is well with an installation, and what to do where it is not",
		.detail = "Looks at the programs, the unit, your rights, the configuration, credentials, connectors, every "
			"connection (all at once, as 'ferryctl test' does), the state folder, the disk, limits, the clock, "
			"syncs, runs and problems. Without a daemon it looks at what can be seen without one.\n"
			"Exit status 0 when all is well, 2 when there are only warnings, 1 when there is a fault.",
	},
	{
		.name = "explain", .group = GROUP_HELP, .run = cmd_explain, .words = "[CODE]",
		.summary = "what an error code or reason code means",
		.detail = "Without a code all are listed. Needs no daemon.",
	},
	{
		.name = "help", .group = GROUP_HELP, .run = cmd_help, .words = "[COMMAND]",
		.options = OPTION(MANUAL),
		.summary = "list the commands, or explain one",
		.detail = "'ferryctl help exit-codes' tells what each exit status means.",
	},
	{
		.name = "version", .group = GROUP_HELP, .run = cmd_version,
		.summary = "print the version",
	},
	{0},
};

const struct exit_status exit_statuses[] = {
	{0, "Fine. A preview that was waited for is ready."},
	{1, "Failed; or the run that was waited for failed or was cancelled; or doctor found a fault."},
	{2, "The run that was waited for completed, but not with every row: some failed, wait for a person, or "
		"belong to a segment that failed and is not required; or doctor found warnings only."},
	{3, "The command line is wrong, or there is no such sync, run, problem, connector or code."},
	{4, "No daemon answers at the socket."},
	{0, NULL},
};
