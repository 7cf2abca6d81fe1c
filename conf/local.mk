# SPDX-License-Identifier: Apache-2.0
# Examples go beside the documentation, never into the configuration folder: that is the operator's.
examplesdir = $(docdir)/examples
dist_examples_DATA = conf/ferry.yaml
exampleconnectionsdir = $(examplesdir)/connections.d
dist_exampleconnections_DATA = \
	conf/examples/connections.d/crm.yaml \
	conf/examples/connections.d/lago.yaml \
	conf/examples/connections.d/local.yaml \
	conf/examples/connections.d/steve.yaml
examplesyncsdir = $(examplesdir)/syncs.d
dist_examplesyncs_DATA = \
	conf/examples/syncs.d/charging.yaml \
	conf/examples/syncs.d/crm-contacts.yaml \
	conf/examples/syncs.d/customers.yaml \
	conf/examples/syncs.d/lago-customers.yaml \
	conf/examples/syncs.d/shop-customers.yaml
