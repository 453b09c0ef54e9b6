#!/bin/bash
# Stands in for a runner: asks Gitea for work, of which there never is any.
set -u
seen=
while true; do
    if curl --silent --fail --output /dev/null --max-time 5 http://127.0.0.1:3001/; then state="Listening for Jobs"; else state="Gitea does not answer"; fi
    [ "$state" = "$seen" ] || echo "$1: $state"
    seen=$state
    sleep 10
done
