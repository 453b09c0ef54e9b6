# 120, the K3s server: keepalived, kubectl for root, K3s. 188 is up meanwhile. Runs once, as root.
# What the tree has for the other hosts. K3s brings its own containerd.
systemctl disable --quiet --now postgresql redis-server nginx docker.socket docker containerd

# The cluster's administrator: as K3s writes it, but with a token in the place of a client certificate.
umask 077
cat > /etc/rancher/k3s/k3s.yaml << YAML
apiVersion: v1
kind: Config
clusters:
- name: default
  cluster:
    certificate-authority-data: $(base64 --wrap=0 /etc/lab/ca.pem)
    server: https://127.0.0.1:6443
users:
- name: default
  user:
    token: $(openssl rand -hex 32)
contexts:
- name: default
  context:
    cluster: default
    user: default
current-context: default
YAML
umask 022
mkdir --mode=700 --parents /root/.kube
ln --symbolic /etc/rancher/k3s/k3s.yaml /root/.kube/config

systemctl daemon-reload
systemctl enable --now keepalived
k3s seed
systemctl enable k3s
systemctl start k3s

# The first boot from the factory shall find a cluster that was well when it was shut down. 121 joins meanwhile.
all_ready() {
    test "$(kubectl get nodes --no-headers | grep --count ' Ready ')" = 2 &&
        test "$(kubectl get pods --all-namespaces --no-headers | grep --count ' 1/1 ')" = 11
}
for _ in {1..100}; do
    all_ready && break
    sleep 0.3
done
all_ready
