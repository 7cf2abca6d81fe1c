# SPDX-License-Identifier: Apache-2.0
# What a system needs around the programs.
systemdunitdir = $(prefix)/lib/systemd/system
nodist_systemdunit_DATA = contrib/ferryd.service
sysusersdir = $(prefix)/lib/sysusers.d
dist_sysusers_DATA = contrib/sysusers.d/ferry.conf
EXTRA_DIST += contrib/ferryd.service.in
CLEANFILES += contrib/ferryd.service

contrib/ferryd.service: contrib/ferryd.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) contrib && \
	sed -e 's,@sbindir[@],$(sbindir),; s,@bindir[@],$(bindir),' $(srcdir)/contrib/ferryd.service.in >$@
