# SPDX-License-Identifier: Apache-2.0
# The file connector: its parsers.
