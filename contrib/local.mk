# SPDX-License-Identifier: Apache-2.0
# What a system needs around the programs.
systemdunitdir = $(prefix)/lib/systemd/system
nodist_systemdunit_DATA = contrib/ferryd.service contrib/ferryd.socket
sysusersdir = $(prefix)/lib/sysusers.d
dist_sysusers_DATA = contrib/sysusers.d/ferryd.conf
tmpfilesdir = $(prefix)/lib/tmpfiles.d
dist_tmpfiles_DATA = contrib/tmpfiles.d/ferryd.conf
catalogdir = $(prefix)/lib/systemd/catalog
dist_catalog_DATA = contrib/ferryd.catalog
EXTRA_DIST += contrib/ferryd.service.in contrib/ferryd.socket.in \
	contrib/deb contrib/debian/control contrib/debian/copyright contrib/debian/ferryd-dev.docs \
	contrib/debian/ferryd-dev.examples contrib/debian/ferryd-dev.install contrib/debian/ferryd.docs \
	contrib/debian/ferryd.install contrib/debian/ferryd.postrm contrib/debian/rules contrib/debian/source/format \
	tests/system/lib.bash tests/system/probe.c tests/system/run
CLEANFILES += contrib/ferryd.service contrib/ferryd.socket

contrib/ferryd.service contrib/ferryd.socket: contrib/ferryd.%: contrib/ferryd.%.in Makefile
	$(AM_V_GEN)$(MKDIR_P) contrib && \
	sed -e 's,@sbindir[@],$(sbindir),; s,@bindir[@],$(bindir),; s,@sysconfdir[@],$(sysconfdir),' $< >$@
