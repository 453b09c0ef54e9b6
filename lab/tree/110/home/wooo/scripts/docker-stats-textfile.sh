#!/bin/bash
# What Docker says of its containers, for the node exporter. Cron runs it every minute.
set -euo pipefail
. "$(dirname "$0")/textfile.sh"

format='{{.Name}} {{.State.Running}} {{.RestartCount}} {{with .State.Health}}{{.Status}}{{else}}none{{end}}'

containers() {
    local ids name running restarts health
    if ! ids=$(timeout 20 docker ps --all --quiet); then
        echo 'docker_up 0'
        return
    fi
    echo 'docker_up 1'
    [ -n "$ids" ] || return 0
    # shellcheck disable=SC2086 - one word an id
    timeout 20 docker inspect --format "$format" $ids | while read -r name running restarts health; do
        name=${name#/}
        echo "docker_container_running{name=\"$name\"} $([ "$running" = true ] && echo 1 || echo 0)"
        echo "docker_container_restarts{name=\"$name\"} $restarts"
        [ "$health" = none ] || echo "docker_container_healthy{name=\"$name\"} $([ "$health" = healthy ] && echo 1 || echo 0)"
    done
}

# Sorted: samples of one metric stand together, as the text format wants it.
{ containers | sort; echo "docker_textfile_last_run_timestamp $(date +%s)"; } | publish docker_stats.prom
