#!/bin/sh
# Puts what the image needs beside the Dockerfile: the movies, and a static web server (busybox) for each platform. It
# comes from the packages of the mirror that this machine's apt uses, without root and without installing anything;
# where there is no apt, from the image busybox:stable. BUSYBOX names a folder that has them already, as linux/amd64/busybox.
# Run again, it does only what is missing.
set -eu
cd "$(dirname "$0")"
mkdir -p data
cp ../data/movies.json data/
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

missing() { for a in amd64 arm64; do [ -x "bin/linux/$a/busybox" ] || echo "$a"; done; }

# keep ARCHITECTURE FILE: the program and, by their names, the tools in it that are used.
keep() {
  mkdir -p "bin/linux/$1"
  cp "$2" "bin/linux/$1/busybox"
  chmod 755 "bin/linux/$1/busybox"
  for tool in httpd sh printf true ls; do ln -sf busybox "bin/linux/$1/$tool"; done
}

from_folder() {
  [ -n "${BUSYBOX:-}" ] || return 1
  for a in $(missing); do [ ! -x "$BUSYBOX/linux/$a/busybox" ] || keep "$a" "$BUSYBOX/linux/$a/busybox"; done
}

from_apt() {
  command -v apt-get dpkg-deb > /dev/null || return 1
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/debs"
  cat > "$work/apt.conf" <<X
Dir::State::lists "$work/lists";
Dir::Cache "$work/cache";
APT::Architectures { "amd64"; "arm64"; };
APT::Sandbox::User "";
Acquire::Languages "none";
Debug::NoLocking "1";
X
  # A source that has only one of the architectures is no trouble: the other may still come.
  APT_CONFIG=$work/apt.conf apt-get update -qq > /dev/null 2>&1 || true
  for a in $(missing); do
    (cd "$work/debs" && APT_CONFIG=$work/apt.conf apt-get download -qq "busybox-static:$a" > /dev/null 2>&1) || continue
    dpkg-deb --fsys-tarfile "$work"/debs/busybox-static_*_"$a".deb | tar -xO --wildcards './*bin/busybox' > "$work/busybox"
    keep "$a" "$work/busybox"
  done
}

from_image() {
  command -v docker > /dev/null || return 1
  for a in $(missing); do
    id=$(timeout 60 docker create -q --platform "linux/$a" busybox:stable true 2> /dev/null) || continue
    docker cp -q "$id:/bin/busybox" "$work/busybox" && keep "$a" "$work/busybox"
    docker rm "$id" > /dev/null
  done
}

[ -z "$(missing)" ] || from_folder || true
[ -z "$(missing)" ] || from_apt || true
[ -z "$(missing)" ] || from_image || true
for a in $(missing); do echo "There is no web server for linux/$a: that platform's image will hold the files only, and does not start. BUSYBOX=FOLDER $0 takes a static busybox from FOLDER/linux/$a/busybox." >&2; done
