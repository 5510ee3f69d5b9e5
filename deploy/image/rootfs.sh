#!/bin/sh
# Lays out everything that the image has: rootfs.sh <eastwest> <its list> <folder>. The last stage of the Dockerfile copies
# the folder.
#
# The program, the list of what it is compiled from, the C library that it is linked against, trusted roots, a user. No
# shell, no other program, no folder that anybody may write. Since 2.34 the C library resolves host names by itself, so it
# needs no further file for that.
set -eu
program=$1 list=$2 root=$3

install -D -m 0555 "$program" "$root/usr/local/bin/eastwest"
install -D -m 0444 "$list" "$root/usr/local/share/sbom/eastwest.cdx.json"
# `ldd` names each library as `name => path (address)`, and the loader as `path (address)`.
for library in $(ldd "$program" | awk '$2 == "=>" { print $3 } $1 ~ /^\// { print $1 }'); do
    install -D -m 0555 "$(readlink -f "$library")" "$root$library"
done
install -D -m 0444 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
echo 'eastwest:x:65532:65532:eastwest:/:/sbin/nologin' > "$root/etc/passwd"
echo 'eastwest:x:65532:' > "$root/etc/group"
chmod 0444 "$root/etc/passwd" "$root/etc/group"
find "$root" -type d -exec chmod 0555 {} +
