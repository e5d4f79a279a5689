#!/bin/bash
# Runs once, on an empty data folder: a database and three roles for each service, as
# deploy/local/postgres.py makes them on one machine.
set -euo pipefail
for service in registry eligibility payments facilities; do
  for role in migrator app bulk; do
    name="${service}_${role}"
    variable="PASSWORD_${name^^}"
    bypass=nobypassrls
    [ "$role" = bulk ] && bypass=bypassrls
    psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" -v "password=${!variable}" <<SQL
create role $name login nosuperuser nocreatedb nocreaterole $bypass password :'password';
SQL
  done
  psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" <<SQL
create database ansinh_$service owner ${service}_migrator template template0;
revoke all on database ansinh_$service from public;
grant connect, temporary on database ansinh_$service to ${service}_migrator, ${service}_app, ${service}_bulk;
SQL
done
