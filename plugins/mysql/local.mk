# SPDX-License-Identifier: Apache-2.0
# The mysql connector: MariaDB and MySQL as source and destination.
