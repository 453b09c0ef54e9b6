#!/bin/bash
# What systemd says of the units that matter here, for the node exporter. Cron runs it every minute.
set -euo pipefail
. "$(dirname "$0")/textfile.sh"

units=(docker cron ssh prometheus prometheus-alertmanager prometheus-node-exporter gitea-act-runner-host 'actions.runner.*')

state() {
    systemctl list-units --all --plain --no-legend --type=service "${units[@]/%/.service}" | while read -r unit _ active _; do
        echo "systemd_unit_active{name=\"$unit\"} $([ "$active" = active ] && echo 1 || echo 0)"
    done
    echo "systemd_units_failed $(systemctl list-units --failed --plain --no-legend | wc -l)"
    echo "systemd_textfile_last_run_timestamp $(date +%s)"
}

state | publish systemd_units.prom
