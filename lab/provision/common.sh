# Every host: the user, the key, sshd. Runs once as root, on the booted host; LAB_HOST and LAB_USER are set.
install -m 600 /etc/lab/ssh_host_ed25519_key /etc/ssh/ssh_host_ed25519_key
ssh-keygen -y -f /etc/ssh/ssh_host_ed25519_key > /etc/ssh/ssh_host_ed25519_key.pub

useradd --create-home --shell /bin/bash --groups systemd-journal,adm "$LAB_USER"
install -d -m 700 -o "$LAB_USER" -g "$LAB_USER" "/home/$LAB_USER/.ssh"
install -m 600 -o "$LAB_USER" -g "$LAB_USER" /etc/lab/operator.pub "/home/$LAB_USER/.ssh/authorized_keys"

systemctl enable --now lab-proc.service
systemctl enable lab-records.service  # nothing to shift on the first boot that matters
systemctl restart ssh
