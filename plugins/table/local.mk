# SPDX-License-Identifier: Apache-2.0
# What the connectors of SQL databases share; linked into each of them.
