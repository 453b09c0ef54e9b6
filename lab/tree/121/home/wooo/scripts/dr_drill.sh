#!/bin/bash
# The weekly drill: could this host take over? Says so in a log, and changes nothing.
set -uo pipefail

pg_isready --host=192.168.0.188 --port=5432 --timeout=3
curl --silent --show-error --max-time 5 --output /dev/null --write-out 'VIP: %{http_code}\n' \
    http://192.168.0.125:32334/api/v1/health
