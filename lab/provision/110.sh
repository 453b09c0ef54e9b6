# 110: registry and observability. What comes back after a reboot does so by units, cron and restart policies alone.
mkdir -p "/home/$LAB_USER"/{node_exporter_textfiles,reboot-recovery}
chown -R "$LAB_USER:$LAB_USER" "/home/$LAB_USER" /backup
# Prometheus and the node exporter read their rules and textfiles in there.
chmod 755 "/home/$LAB_USER" "/home/$LAB_USER"/{monitoring,node_exporter_textfiles,reboot-recovery,scripts}
usermod --append --groups docker "$LAB_USER"
# With this key the cold-start monitor logs in on every host (SOP 13.3). It is started by cron, put there at each start.
install -m 600 -o "$LAB_USER" -g "$LAB_USER" /etc/lab/monitor_ed25519 "/home/$LAB_USER/.ssh/id_ed25519"
install -m 644 -o "$LAB_USER" -g "$LAB_USER" /etc/lab/known_hosts "/home/$LAB_USER/.ssh/known_hosts"

# Everything that the shared tree brings along and that 110 has not.
systemctl disable --now postgresql redis-server nginx keepalived
systemctl disable momo-startup-complete wooo-staggered-startup \
    actions.runner.awoooi.110-1 actions.runner.awoooi.110-2 gitea-act-runner-host
systemctl stop momo-startup-complete wooo-staggered-startup \
    actions.runner.awoooi.110-1 actions.runner.awoooi.110-2 gitea-act-runner-host
systemctl daemon-reload
systemctl enable --now runners-held.target

systemctl enable docker cron prometheus prometheus-alertmanager prometheus-node-exporter
systemctl restart docker prometheus prometheus-alertmanager prometheus-node-exporter
bash /usr/local/lib/lab/import_image.sh

# contain NAME ARGUMENT…: a container with the host's programs and the stand-ins, on the host's network.
contain() {
    local name=$1
    shift
    docker run --detach --name "$name" --network host --log-opt max-size=1m \
        --volume /usr:/usr:ro --env PYTHONPATH=/usr/local/lib "$@" > /dev/null
}
# healthy COMMAND: the health check of a container, with shorter intervals than upstream's: a lab has less time.
healthy() {
    health=(--health-interval=15s --health-timeout=5s --health-retries=3 "--health-cmd=$1")
}
volume=/var/lib/lab
python=(lab/base:1 python3 -m)
mkdir -p /var/log/harbor "$volume"/{harbor/docker/registry/v2,gitea/gitea,sentry-clickhouse,sentry-kafka}
install -d -o postgres -g postgres "$volume/sentry-postgres"
runuser -u postgres -- /usr/lib/postgresql/15/bin/initdb --auth=trust --no-sync "$volume/sentry-postgres" > /dev/null

# Restart policies and health checks where the upstream compose files have them.
healthy 'bash -c "exec 3<> /dev/tcp/127.0.0.1/1514"'
contain harbor-log --restart always --volume /var/log/harbor:/var/log/docker \
    "${health[@]}" "${python[@]}" lab.harbor log
healthy 'curl -sf -o /dev/null http://127.0.0.1:5000/api/v2.0/ping'
contain harbor --restart always --volume "$volume/harbor:/storage" \
    "${health[@]}" "${python[@]}" lab.harbor core
contain gitea --restart always --volume "$volume/gitea:/data" "${python[@]}" lab.gitea
healthy 'pg_isready -q -h 127.0.0.1 -p 5433'
contain sentry-postgres --restart unless-stopped --user postgres --stop-signal SIGINT \
    --volume "$volume/sentry-postgres:/var/lib/postgresql/data" \
    "${health[@]}" lab/base:1 \
    postgres -D /var/lib/postgresql/data -p 5433 -c listen_addresses=127.0.0.1 -c unix_socket_directories=
healthy 'curl -sf -o /dev/null http://127.0.0.1:8123/ping'
contain sentry-clickhouse --restart unless-stopped --volume "$volume/sentry-clickhouse:/var/lib/clickhouse" \
    "${health[@]}" "${python[@]}" lab.clickhouse
healthy 'curl -sf -o /dev/null http://127.0.0.1:9308/metrics'
contain sentry-kafka --restart unless-stopped --volume "$volume/sentry-kafka:/var/lib/kafka/data" \
    "${health[@]}" "${python[@]}" lab.kafka
healthy 'curl -sf -o /dev/null http://127.0.0.1:9000/_health/'
contain sentry-web --restart unless-stopped \
    "${health[@]}" "${python[@]}" lab.sentry

# The same scripts at boot: their files must be fresh again long before anybody could believe the old ones.
crontab -u "$LAB_USER" - << 'END'
# Docker/systemd textfile exporters, and the guard of the alert rules
* * * * * /home/wooo/scripts/docker-stats-textfile.sh
* * * * * /home/wooo/scripts/systemd-units-textfile.sh
* * * * * /home/wooo/scripts/prometheus-rule-drift-guard.sh
@reboot /home/wooo/scripts/docker-stats-textfile.sh
@reboot /home/wooo/scripts/systemd-units-textfile.sh
@reboot /home/wooo/scripts/prometheus-rule-drift-guard.sh
30 2 * * * /backup/scripts/backup-all.sh
END
/usr/local/lib/lab/freshen
