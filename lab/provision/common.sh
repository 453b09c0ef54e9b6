# Every host: the user, the key, sshd. Runs once as root, on the booted host; LAB_HOST and LAB_USER are set.
install -m 600 /etc/lab/ssh_host_ed25519_key /etc/ssh/ssh_host_ed25519_key
ssh-keygen -y -f /etc/ssh/ssh_host_ed25519_key > /etc/ssh/ssh_host_ed25519_key.pub

useradd --create-home --shell /bin/bash --groups systemd-journal,adm "$LAB_USER"
# Files of the tree may have made the home before its user was there.
cp --recursive --no-clobber /etc/skel/. "/home/$LAB_USER/"
install -d -m 700 "/home/$LAB_USER/.ssh"
{
    cat /etc/lab/operator.pub
    # 110's monitor comes from 110, and nobody else with its key. It needs no terminal and no agent.
    echo "from=\"192.168.0.110,127.0.0.1\",no-agent-forwarding,no-X11-forwarding,no-pty $(cat /etc/lab/monitor_ed25519.pub)"
} > "/home/$LAB_USER/.ssh/authorized_keys"
chmod 600 "/home/$LAB_USER/.ssh/authorized_keys"
chown --recursive "$LAB_USER:$LAB_USER" "/home/$LAB_USER"

# The tree has the services of all hosts; what a host has of them, its own script leaves on.
# Debian's own housekeeping would add load whenever a boot finds it overdue, and there is nothing to update from.
systemctl disable --now apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer
test "$LAB_HOST" = 110 || systemctl disable --now prometheus prometheus-alertmanager

systemctl enable --now lab-proc.service
systemctl enable lab-records.service  # nothing to shift on the first boot that matters
systemctl restart ssh
