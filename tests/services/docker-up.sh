#!/bin/bash
# docker-up.sh: Docker Engine with BuildKit and the containerd image store, the docker CLI with buildx and compose, a
# registry, and static busybox binaries for images FROM scratch.
#   P=folder REGISTRY_PORT=5000 SUITE=sid WITH_QEMU=1 ./docker-up.sh        stop: P=folder ./docker-down.sh
. "$(dirname "$0")/lib.sh"
P=${P:-$CLOUDLAB_SERVICES/docker} SUITE=${SUITE:-sid} WITH_QEMU=${WITH_QEMU:-1}
R=$P/root
tell() { cat "$P/env"; }
ping_engine() { timeout 5 env DOCKER_HOST="unix://$P/docker.sock" "$P/bin/docker" version -f '{{.Server.Version}}' 2>/dev/null; }
if running dockerd > /dev/null && running registry > /dev/null && ping_engine > /dev/null; then tell; exit 0; fi
need_debian_root
[ -d "$P" ] && P=$P "$(dirname "$0")/docker-down.sh"
mkdir -p "$R" "$P"/{run,bin,busybox}
# What an earlier run left (a container that is restarted for ever) would be listed in this one.
rm -rf --one-file-system "$P/data" "$P/registry"

if [ ! -e "$P/unpacked" ]; then
  A=$P/apt
  private_apt "$A" "$CODENAME" "$SUITE"
  OTHER=$([ "$ARCH" = arm64 ] && echo amd64 || echo arm64)
  echo "APT::Architectures { \"$ARCH\"; \"$OTHER\"; };" >> "$A/apt.conf"
  export APT_CONFIG=$A/apt.conf
  apt-get update -qq >&2
  # The engine is newer than the base system; what links to the base system's libraries comes from its own suite.
  PK="docker.io/$SUITE docker-cli/$SUITE docker-buildx/$SUITE docker-compose/$SUITE containerd/$SUITE"
  # Until trixie the static tini was part of the package tini.
  if apt-cache show tini-static > /dev/null 2>&1; then PK="$PK tini-static/$SUITE"; else PK="$PK tini/$SUITE"; fi
  for p in runc iptables libip4tc2 libip6tc2 libxtables12 libnfnetlink0 libnetfilter-conntrack3 libnftnl11 docker-registry; do
    PK="$PK $p/$CODENAME"
  done
  PK="$PK busybox-static:$ARCH/$CODENAME busybox-static:$OTHER/$CODENAME"
  [ "$WITH_QEMU" = 1 ] && PK="$PK qemu-user-static/$CODENAME"
  # shellcheck disable=SC2086
  (cd "$A/debs" && apt-get download -qq $PK >&2)
  unset APT_CONFIG
  one() {
    case $1 in
      */busybox-static_*)
        a=${1##*_}; a=${a%.deb}; mkdir -p "$P/busybox/linux/$a"
        dpkg-deb --fsys-tarfile "$1" | tar -xO --wildcards './*bin/busybox' > "$P/busybox/linux/$a/busybox"
        chmod 755 "$P/busybox/linux/$a/busybox"; return ;;
      */qemu-user*) only=(--wildcards './usr/bin/qemu-aarch64-static' './usr/bin/qemu-x86_64-static' './usr/lib/binfmt.d/*') ;;
      *) only=() ;;
    esac
    dpkg-deb --fsys-tarfile "$1" |
      tar -x -C "$R" --no-same-owner --exclude='./usr/share/doc' --exclude='./usr/share/man' --exclude='./usr/share/locale' "${only[@]}"
  }
  export -f one; export P R
  find "$A/debs" -name '*.deb' -printf '%s %p\n' | sort -rn | cut -d' ' -f2- | xargs -P2 -n1 bash -ec 'one "$0"'
  rm -rf "$A/debs" "$A/cache"
  touch "$P/unpacked"
fi

# The engine sets up name resolution inside a container with iptables; on the host it is told to change nothing.
LIB=$(dirname "$(find "$R/usr/lib" -name 'libxtables.so.12' | head -n 1)")
mkdir -p "$R/shim"
for x in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
  printf '#!/bin/sh\nLD_LIBRARY_PATH=%s XTABLES_LIBDIR=%s/xtables exec %s/usr/sbin/xtables-nft-multi %s "$@"\n' "$LIB" "$LIB" "$R" "$x" > "$R/shim/$x"
  chmod +x "$R/shim/$x"
done
[ -e "$R/usr/bin/docker-init" ] || ln -sfn "$(find "$R/usr/bin" -name 'tini*' | head -n 1)" "$R/shim/docker-init"
ln -sfn "$R/usr/bin/docker" "$P/bin/docker"
mkdir -p "$P/docker-config/cli-plugins"
ln -sfn "$R"/usr/libexec/docker/cli-plugins/* "$P/docker-config/cli-plugins/"

# Another processor's programs run in qemu; what is registered here is taken back by docker-down.sh.
if [ "$WITH_QEMU" = 1 ]; then
  B=/proc/sys/fs/binfmt_misc
  if ! mountpoint -q $B; then mount -t binfmt_misc binfmt_misc $B && touch "$P/binfmt-mounted"; fi
  Q=$([ "$ARCH" = arm64 ] && echo x86_64 || echo aarch64)
  if [ ! -e "$B/qemu-$Q" ] && sed -E "s#:[^:]*:[A-Z]*\$#:$R/usr/bin/qemu-$Q-static:OCPF#" "$R/usr/lib/binfmt.d/qemu-$Q.conf" > $B/register; then
    echo "$Q" > "$P/binfmt-registered"
  fi
fi

cat > "$P/daemon.json" <<X
{ "features": { "containerd-snapshotter": true }, "iptables": false, "ip6tables": false, "ip-forward": false, "ip-masq": false,
  "hosts": ["unix://$P/docker.sock"], "data-root": "$P/data", "exec-root": "$P/run/exec", "pidfile": "$P/run/docker.pid" }
X
[ -e /sys/class/net/docker0 ] || touch "$P/bridge-created"
rm -f "$P/docker.sock" "$P/run/docker.pid"
PATH=$R/shim:$R/usr/bin:$R/usr/sbin:$PATH setsid nohup dockerd --config-file "$P/daemon.json" > "$P/dockerd.log" 2>&1 < /dev/null &
remember dockerd $!
REGISTRY_PORT=$(free_port "${REGISTRY_PORT:-5000}")
cat > "$P/registry.yml" <<X
version: 0.1
log: { level: warn }
storage: { filesystem: { rootdirectory: $P/registry }, delete: { enabled: true } }
http: { addr: "127.0.0.1:$REGISTRY_PORT" }
X
OTEL_TRACES_EXPORTER=none setsid nohup "$R/usr/bin/docker-registry" serve "$P/registry.yml" > "$P/registry.log" 2>&1 < /dev/null &
remember registry $!
cat > "$P/env" <<X
export CLOUDLAB_TEST_DOCKER=unix://$P/docker.sock CLOUDLAB_TEST_REGISTRY=127.0.0.1:$REGISTRY_PORT CLOUDLAB_TEST_REGISTRY_PROGRAM=$R/usr/bin/docker-registry
export CLOUDLAB_TEST_BUSYBOX=$P/busybox DOCKER_CONFIG=$P/docker-config PATH=$P/bin:\$PATH
X
if [ "$WITH_QEMU" = 1 ] && [ -e "$B/qemu-$Q" ]; then echo "export CLOUDLAB_TEST_QEMU=$Q" >> "$P/env"; fi
until_ok 60 ping_engine || { tail -n 20 "$P/dockerd.log" >&2; die "the engine does not answer; its log: $P/dockerd.log"; }
until_ok 30 http_ok "$REGISTRY_PORT" /v2/ || die "the registry does not answer; its log: $P/registry.log"
say "engine $(ping_engine) ready in $P"
tell
