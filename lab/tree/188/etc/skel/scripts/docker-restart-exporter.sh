#!/bin/bash
# How often dockerd has restarted each container.
set -euo pipefail
. "$(dirname "$0")/textfile.sh"

{
    echo '# HELP docker_container_restarts Restarts of the container since it was last started by hand or at boot.'
    echo '# TYPE docker_container_restarts gauge'
    docker ps --all --quiet | xargs --no-run-if-empty docker inspect --type container \
        --format 'docker_container_restarts{name="{{slice .Name 1}}"} {{.RestartCount}}'
} | publish docker_restarts
