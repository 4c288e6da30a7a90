#!/bin/sh
# nginx as any user, with files and a port of its own: HOST and PORT are set by loadgen, LOG is what
# access_log gets, where FOLDER stands for a folder that is removed again.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'kill -QUIT "$server"' TERM INT
sed -e "s|@LOG@|$LOG|; s|@FOLDER@|$folder|g; s|FOLDER|$folder|; s|@HOST@|$HOST|; s|@PORT@|$PORT|" \
    "$(dirname "$0")/nginx.conf" >"$folder/nginx.conf"
chmod 755 "$folder"  # root's nginx serves as somebody else
PATH=$PATH:/usr/sbin nginx -e stderr -p "$folder" -c "$folder/nginx.conf" & server=$!
# a signal ends the first wait, nginx the second
wait "$server" || wait "$server" || true
