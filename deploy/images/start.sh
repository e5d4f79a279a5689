#!/bin/sh
# `start`: serve. `start migrate`: bring the service's database to its newest schema, once.
set -eu
if [ "${1:-serve}" = migrate ]; then
  exec python -m libs.common.runtime.migrate "$SERVICE"
fi
case "$SERVICE" in
  simulators) exec python -m simulators.main ;;
  gateway) application=gateway.wiring:app ;;
  *) application="services.$SERVICE.wiring:app" ;;
esac
exec uvicorn "$application" --factory --host 0.0.0.0 --port 8000 --no-access-log --timeout-graceful-shutdown 10 \
  --ws-max-size 65536
