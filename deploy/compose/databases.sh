#!/bin/sh
# A database, a role and a password of its own for each service; a role can connect to its own database only. Run once by
# the image of PostgreSQL.
set -eu
for service in localisation warranty identity_verification case routing repair_logistics; do
    password=$(printenv "$(echo "$service" | tr a-z A-Z)_PASSWORD")
    psql -v ON_ERROR_STOP=1 -v name="support_$service" -v password="$password" --username "${POSTGRES_USER:-postgres}" <<'SQL'
create role :"name" login password :'password';
create database :"name" owner :"name";
revoke connect on database :"name" from public;
SQL
done
for database in postgres template1; do
    psql -v ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" -c "revoke connect on database $database from public"
done
