# SPDX-License-Identifier: Apache-2.0
# ferryctl, the command line client. All but the main is a library, for the unit tests.
noinst_LTLIBRARIES += ctl/libctl.la
ctl_libctl_la_SOURCES = \
	ctl/args.c ctl/args.h \
	ctl/client.c ctl/client.h \
	ctl/cmd-audit.c \
	ctl/cmd-backup.c \
	ctl/cmd-check.c \
	ctl/cmd-connectors.c \
	ctl/cmd-doctor.c \
	ctl/cmd-events.c \
	ctl/cmd-explain.c \
	ctl/cmd-health.c \
	ctl/cmd-help.c \
	ctl/cmd-history.c \
	ctl/cmd-logs.c \
	ctl/cmd-notifications.c \
	ctl/cmd-plan.c \
	ctl/cmd-problems.c \
	ctl/cmd-records.c \
	ctl/cmd-resolve.c \
	ctl/cmd-run.c \
	ctl/cmd-schedule.c \
	ctl/cmd-schema.c \
	ctl/cmd-show.c \
	ctl/cmd-status.c \
	ctl/cmd-test.c \
	ctl/cmd-token.c \
	ctl/cmd-top.c \
	ctl/cmd-trends.c \
	ctl/commands.c \
	ctl/complete.c \
	ctl/ctl.c ctl/ctl.h \
	ctl/doctor-ask.c ctl/doctor-judge.c ctl/doctor-look.c ctl/doctor-syncs.c ctl/doctor.h \
	ctl/format.c ctl/format.h \
	ctl/manual.c \
	ctl/spark.c ctl/spark.h \
	ctl/sse.c ctl/sse.h \
	ctl/program.c ctl/program.h \
	ctl/style.c ctl/style.h \
	ctl/table.c ctl/table.h \
	ctl/text.c ctl/text.h \
	ctl/view.c ctl/view.h \
	ctl/view-plan.c \
	ctl/view-problem.c \
	ctl/view-segments.c \
	ctl/view-totals.c \
	ctl/wait.c
ctl_libctl_la_CPPFLAGS = $(AM_CPPFLAGS) \
	-DFERRY_VERSION='"$(PACKAGE_VERSION)"' -DFERRY_SBIN_DIR='"$(sbindir)"'
ctl_libctl_la_LIBADD = daemon/libmodel.la daemon/libwire-http.la

bin_PROGRAMS += ctl/ferryctl
ctl_ferryctl_SOURCES = ctl/main.c
ctl_ferryctl_CFLAGS = $(PROGRAM_CFLAGS)
ctl_ferryctl_LDFLAGS = $(PROGRAM_LDFLAGS)
ctl_ferryctl_LDADD = ctl/libctl.la

bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = contrib/completion/ferryctl.bash
zshcompletiondir = $(datadir)/zsh/site-functions
dist_zshcompletion_DATA = contrib/completion/_ferryctl
fishcompletiondir = $(datadir)/fish/vendor_completions.d
dist_fishcompletion_DATA = contrib/completion/ferryctl.fish
