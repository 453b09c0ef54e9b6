#!/bin/bash
# Are the rules that Prometheus reads the canonical ones? Cron runs it every minute. It reports, and repairs nothing:
# a drift must stay until somebody has looked at it.
set -euo pipefail
. "$(dirname "$0")/textfile.sh"

monitoring=/home/wooo/monitoring
drift=0
cmp --silent "$monitoring/alerts.yml" "$monitoring/alerts-unified.canonical.yml" || drift=1
loaded=$(curl --silent --fail --max-time 5 http://127.0.0.1:9090/api/v1/rules | grep -o '"type":"alerting"' | wc -l) || loaded=0
publish prometheus_rule_drift_guard.prom << END
prometheus_rule_drift $drift
prometheus_rule_drift_guard_rules_loaded $loaded
prometheus_rule_drift_guard_last_run_timestamp $(date +%s)
END
