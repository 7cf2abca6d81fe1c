# SPDX-License-Identifier: Apache-2.0
# The file connector: CSV and JSON lines.
