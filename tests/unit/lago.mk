# SPDX-License-Identifier: Apache-2.0
# Lago's catalogue and billing connectors.
