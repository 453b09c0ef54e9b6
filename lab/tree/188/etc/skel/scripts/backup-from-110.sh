#!/bin/bash
# Fetch what 110's Prometheus and Alertmanager run with, archive it, and say when that last went well.
set -euo pipefail
# One at a time: cron, the boot and whoever makes the host may all start it in the same second.
exec 9< "$0"
flock 9
. "$(dirname "$0")/textfile.sh"

source=192.168.0.110
keep=7
archives=$HOME/backups/110
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fetch() {
    curl --fail --silent --show-error --max-time 10 --retry 20 --retry-delay 1 --retry-connrefused \
        --output "$work/$1" "http://$source:$2"
    python3 -m json.tool "$work/$1" > /dev/null
}

fetch prometheus-config.json 9090/api/v1/status/config
fetch prometheus-rules.json 9090/api/v1/rules
fetch alertmanager-status.json 9093/api/v2/status

mkdir -p "$archives"
archive=$archives/$(date +%Y%m%d-%H%M%S).tar.gz
tar -C "$work" -czf "$archive.new" .
tar -tzf "$archive.new" > /dev/null
mv "$archive.new" "$archive"
find "$archives" -name '*.tar.gz' | sort | head -n "-$keep" | xargs --no-run-if-empty rm --

publish backup_110 << END
# HELP backup_110_last_success_timestamp When 110 was last backed up as a whole, seconds since 1970.
# TYPE backup_110_last_success_timestamp gauge
backup_110_last_success_timestamp $(date +%s)
# HELP backup_110_size_bytes Size of that archive.
# TYPE backup_110_size_bytes gauge
backup_110_size_bytes $(stat --format=%s "$archive")
END
