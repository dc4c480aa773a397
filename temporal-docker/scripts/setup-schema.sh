#!/bin/sh
# Creates Temporal's two databases and brings their schema to the version of these tools. Safe to run again.
# Reads SQL_HOST, SQL_PORT, SQL_USER and SQL_PASSWORD, as temporal-sql-tool does.
set -eu

schemas=${SCHEMAS:-/etc/temporal/schema/postgresql/v12}

tool() {
  temporal-sql-tool --plugin postgres12 "$@"
}

bring_up_to_date() {
  database=$1 versions=$2
  tool --db "$database" create
  # Leaves a database alone that has a newer schema already.
  tool --db "$database" setup-schema -v 0.0
  tool --db "$database" update-schema -d "$versions"
}

bring_up_to_date temporal "$schemas/temporal/versioned"
bring_up_to_date temporal_visibility "$schemas/visibility/versioned"
echo 'schema ready'
