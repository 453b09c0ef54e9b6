# 188, the data layer: PostgreSQL, Redis, nginx, momo, SignOz, litellm, and what cron does. Runs once, as root.
cd /
systemctl disable --quiet --now prometheus prometheus-alertmanager keepalived  # 110's and 120's

# The first boot of a disk enables what Debian presets: backups of the cluster, which nobody here asked for.
systemctl disable --quiet pg_receivewal@.service pg_compresswal@.timer pg_basebackup@.timer pg_dump@.timer
systemctl stop 'pg_receivewal@*' 'pg_compresswal@*' 'pg_basebackup@*' 'pg_dump@*'

# PostgreSQL: only K3s's nodes come in from outside; the SSH user is the role coldstart, by the socket alone.
cluster=(/etc/postgresql/*/main)
sed -i '0,/^local *all *all/s//local   k3s_datastore   coldstart                               peer map=coldstart\n&/' \
    "${cluster[0]}/pg_hba.conf"
echo "coldstart   $LAB_USER   coldstart" >> "${cluster[0]}/pg_ident.conf"
for node in 192.168.0.120/32 192.168.0.121/32; do
    for name in k3s_datastore:k3s awoooi:awoooi; do
        echo "host    ${name%:*}   ${name#*:}   $node   trust" >> "${cluster[0]}/pg_hba.conf"
    done
done
# Without fsync: when a host of the lab loses its power, the machine below it does not, and nothing written is lost.
# With it recovery syncs some thousand files first, on a disk that all hosts share.
printf "listen_addresses = '*'\nfsync = off\n" > "${cluster[0]}/conf.d/lab.conf"
systemctl restart postgresql
runuser -u postgres -- psql --no-psqlrc --quiet --output=/dev/null \
    --command='SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots'
for file in coldstart_role k3s_datastore awoooi; do
    runuser -u postgres -- psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --file="/usr/local/lib/lab/sql/$file.sql"
done
systemctl enable --quiet kine-maintenance

# Redis
sed -i -e 's/^port .*/port 6380/' -e 's/^bind .*/bind 0.0.0.0/' -e 's/^protected-mode .*/protected-mode no/' \
    /etc/redis/redis.conf
systemctl restart redis-server

# nginx
rm /etc/nginx/sites-enabled/default
nginx -t -q
systemctl restart nginx

# cron and the node exporter. It runs as another user, who must be able to pass through the home directory.
usermod --append --groups docker "$LAB_USER"
home=/home/$LAB_USER
chmod 755 "$home"
install -d -o "$LAB_USER" -g "$LAB_USER" "$home/node_exporter_textfiles"
crontab -u "$LAB_USER" "$home/scripts/crontab"
systemctl restart prometheus-node-exporter

# Containers: dockerd starts them again at each boot. run NAME OPTION... -- COMMAND...
systemctl start docker
bash /usr/local/lib/lab/import_image.sh
# Each health check starts a process by runc, which is not cheap: as seldom as upstream does it.
run() {
    local name=$1 options=()
    shift
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    docker run --detach --name "$name" --network host --restart unless-stopped --volume /usr:/usr:ro \
        --env PYTHONPATH=/usr/local/lib --health-timeout 5s --health-interval 15s --health-retries 3 \
        "${options[@]}" lab/base:1 "${@:2}" > /dev/null
}
alive() {
    printf 'curl --silent --fail --max-time 3 --output /dev/null http://127.0.0.1:%s' "$1"
}

data=$(docker volume inspect --format '{{.Mountpoint}}' "$(docker volume create momo-db-data)")
socket=$(docker volume inspect --format '{{.Mountpoint}}' "$(docker volume create momo-db-socket)")
chown postgres:postgres "$data" "$socket"
momo_db=(--user postgres --volume momo-db-data:/var/lib/postgresql/data --volume momo-db-socket:/run/postgresql
    --env POSTGRES_USER=momo --env POSTGRES_DB=momo --env PGDATA=/var/lib/postgresql/data)
docker run --rm --network none --volume /usr:/usr:ro "${momo_db[@]}" lab/base:1 \
    initdb --username=momo --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync > /dev/null
# PostgreSQL takes SIGTERM for "wait until the last client has gone": SIGINT is what the official image asks for.
run momo-db "${momo_db[@]}" --stop-signal SIGINT --health-cmd 'pg_isready --quiet --username=momo --dbname=momo' \
    -- postgres -c fsync=off -c listen_addresses= -c unix_socket_directories=/run/postgresql
for _ in {1..50}; do
    docker exec momo-db psql --username=momo --dbname=postgres --quiet --command='SELECT' > /dev/null 2>&1 && break
    sleep 0.1
done
docker exec momo-db createdb --username=momo momo
for file in coldstart_role momo; do
    docker exec momo-db psql --username=momo --dbname=momo --no-psqlrc --quiet --set=ON_ERROR_STOP=1 \
        --file="/usr/local/lib/lab/sql/$file.sql"
done

momo=(--volume momo-db-socket:/run/postgresql)
run momo-scheduler "${momo[@]}" --health-interval 5s \
    --health-cmd 'test $(($(date +%s) - $(stat --format=%Y /var/lib/alive))) -le 10' -- python3 -m lab.momo_scheduler
run momo-pro-system "${momo[@]}" --health-cmd "$(alive 5001/health)" -- python3 -m lab.momo_pro_system
run signoz-clickhouse --health-cmd "$(alive 8123/ping)" -- python3 -m lab.signoz_clickhouse
run signoz --health-cmd "$(alive 3301/api/v1/health)" -- python3 -m lab.signoz
run litellm --health-cmd "$(alive 4000/health/liveliness)" -- python3 -m lab.litellm_proxy
docker exec momo-scheduler python3 -m lab.momo_store
