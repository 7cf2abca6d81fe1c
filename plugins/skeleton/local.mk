# SPDX-License-Identifier: Apache-2.0
# The connector to copy: built and tested, never installed. The -rpath makes libtool build a shared
# object although there is nowhere to install it to.
noinst_LTLIBRARIES += plugins/skeleton/skeleton.la
plugins_skeleton_skeleton_la_SOURCES = plugins/skeleton/skeleton.c
plugins_skeleton_skeleton_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_skeleton_skeleton_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere
EXTRA_DIST += plugins/skeleton/ferry-skeleton.md doc/writing-a-connector.md
