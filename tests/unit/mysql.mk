# SPDX-License-Identifier: Apache-2.0
# The mysql connector and what SQL connectors share.
