# 121, the K3s agent: keepalived, K3s, the DR drill in its user's crontab. Runs once, as root, beside 120's.
# What the tree has for the other hosts. K3s brings its own containerd.
systemctl disable --quiet --now postgresql redis-server nginx docker.socket docker containerd

crontab -u "$LAB_USER" "/home/$LAB_USER/scripts/crontab"
systemctl daemon-reload
systemctl enable --now keepalived
systemctl enable k3s-agent
systemctl start k3s-agent
