#!/bin/bash
# Make the image lab/base:1, once: a skeleton whose programs are the host's own. Needs a running dockerd.
#
# There is no registry in the lab, and the storage driver copies each layer for each container: so the image holds a few
# links and files of some bytes, and whoever runs it lends it the host's programs: `docker run -v /usr:/usr:ro …`.
set -euo pipefail

image=lab/base:1
if docker image inspect "$image" > /dev/null 2>&1; then
    exit 0
fi

skeleton=$(mktemp -d)
trap 'rm -rf "$skeleton"' EXIT
chmod 755 "$skeleton"
cd "$skeleton"
mkdir -p dev etc home proc root run sys usr var/lib var/log
mkdir -m 1777 tmp var/tmp
ln -s usr/bin usr/sbin usr/lib usr/lib64 .
ln -s ../run var/run
# The host's numbers, so that files on a volume belong to the same users on both sides.
getent passwd root nobody postgres redis > etc/passwd || true
getent group root nogroup postgres redis > etc/group || true
printf 'passwd: files\ngroup: files\nhosts: files\n' > etc/nsswitch.conf
cp /etc/localtime etc/localtime 2> /dev/null || true
# As in the official images: PostgreSQL's own psql first, not Debian's wrapper, which looks for clusters of the host.
tar --create --owner=0 --group=0 . | docker import \
    --change 'ENV PATH=/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
    --change 'ENV LANG=C.UTF-8' --change 'ENV PYTHONUNBUFFERED=1' --change 'ENV PYTHONDONTWRITEBYTECODE=1' \
    - "$image" > /dev/null
