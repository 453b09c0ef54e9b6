# Sourced by the exporters: publish NAME puts what comes in into NAME.prom of the node exporter's textfile directory.
publish() {
    local new
    # Beside it and renamed, so that the node exporter never reads half a file.
    new=$(mktemp "$HOME/node_exporter_textfiles/.$1.XXXXXX")
    cat > "$new"
    chmod 644 "$new"
    mv "$new" "$HOME/node_exporter_textfiles/$1.prom"
}
