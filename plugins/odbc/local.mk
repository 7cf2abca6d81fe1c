# SPDX-License-Identifier: Apache-2.0
# The odbc connector: any database with an ODBC driver.
