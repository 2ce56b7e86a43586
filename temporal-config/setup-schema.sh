#!/bin/sh
# Creates Temporal's two databases and brings their tables to the version of this temporal-sql-tool. Safe to run again:
# what is there stays, and only missing steps are taken. To be run before a server of a newer version starts.
#
# SQL_HOST, SQL_PORT, SQL_USER   where PostgreSQL is, and as whom
# SQL_PASSWORD                   its password, or
# SQL_PASSWORD_FILE              the file that holds it
set -eu

if [ -n "${SQL_PASSWORD_FILE:-}" ]; then
  SQL_PASSWORD=$(cat "$SQL_PASSWORD_FILE")
  export SQL_PASSWORD
fi
export SQL_PLUGIN=postgres12

for database in temporal visibility; do
  case $database in
    temporal) SQL_DATABASE=temporal ;;
    visibility) SQL_DATABASE=temporal_visibility ;;
  esac
  export SQL_DATABASE
  echo "bringing $SQL_DATABASE up to date"
  temporal-sql-tool create-database --defaultdb postgres
  temporal-sql-tool setup-schema --version 0.0
  temporal-sql-tool update-schema --schema-name "postgresql/v12/$database"
done
echo "the tables of Temporal are up to date"
