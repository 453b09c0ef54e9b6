#!/bin/bash
# Which containers there are, and whether they run.
set -euo pipefail
. "$(dirname "$0")/textfile.sh"

{
    echo '# HELP docker_container_running Whether the container runs.'
    echo '# TYPE docker_container_running gauge'
    docker ps --all --format '{{.Names}} {{.State}}' | while read -r name state; do
        running=0
        [ "$state" = running ] && running=1
        echo "docker_container_running{name=\"$name\"} $running"
    done
} | publish docker_stats
