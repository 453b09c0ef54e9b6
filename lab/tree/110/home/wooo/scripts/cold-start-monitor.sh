#!/bin/bash
# Stands in for `coldstart monitor` (SOP 13.3) until there is one: the same seven metrics, by one question only. Green is
# that the API answers by the VIP, which it does not do without 188, 120 or 121, and the network.
set -euo pipefail
# One at a time: cron, the boot and whoever makes the host may all start it in the same second.
exec 9< "$0"
flock 9
. "$(dirname "$0")/textfile.sh"

file=cold_start_recovery.prom
log=/home/wooo/reboot-recovery/cold-start-last.log
now=$(date +%s)
green=$(awk '$1 == "awoooi_cold_start_last_green_timestamp" { print $2 }' "$textfiles/$file" 2> /dev/null || true)
if said=$(curl --silent --show-error --fail --max-time 5 http://192.168.0.125:32334/api/v1/health 2>&1); then
    pass=1 blocked=0 result=green green=$now
else
    pass=0 blocked=1 result=blocked
fi

# The log first: whoever sees the metric looks there.
printf '%s\nP2-WORKLOAD-ALERTCHAIN api: %s\nResult: %s\n' "$(date --iso-8601=seconds)" "$said" "${result^^}" > "$log.new"
mv "$log.new" "$log"

{
    echo 'awoooi_cold_start_monitor_up 1'
    echo "awoooi_cold_start_pass_gates $pass"
    echo 'awoooi_cold_start_warn_gates 0'
    echo "awoooi_cold_start_blocked_gates $blocked"
    echo "awoooi_cold_start_last_run_timestamp $now"
    echo "awoooi_cold_start_last_green_timestamp ${green:-0}"
    for one in green degraded blocked check_failed; do
        echo "awoooi_cold_start_last_result{result=\"$one\"} $([ $one = $result ] && echo 1 || echo 0)"
    done
} | publish "$file"
