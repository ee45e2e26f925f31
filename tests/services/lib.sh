# Common to the scripts here; sourced, not run. They start real servers for the tests, on loopback, from the packages
# of the mirror that this machine's apt already uses, unpacked to folders of their own: the base system stays as it is.
# Everything said goes to stderr; stdout carries only the `export CLOUDLAB_TEST_…` lines.
set -euo pipefail
CLOUDLAB_SERVICES=${CLOUDLAB_SERVICES:-/var/tmp/cloudlab-services}
SERVERS='docker s3 moto tools kubectl simulate'

say() { printf '%s: %s\n' "$(basename "$0" .sh)" "$*" >&2; }
die() { say "$*"; exit 1; }

# script_of SERVER: what its scripts and its folder are named after.
script_of() {
  case " $SERVERS " in *" $1 "*) ;; *) die "no such server: $1 ($SERVERS)" ;; esac
  if [ "$1" = s3 ]; then echo ceph; else echo "$1"; fi
}

# Leaves with 3 where these servers cannot be had, so that a caller can tell that from a failure.
need_debian_root() {
  [ "$(id -u)" = 0 ] || { say 'needs root (mounts, chroot): skipped'; exit 3; }
  [ "$(. /etc/os-release 2>/dev/null; echo "${ID:-}")" = debian ] || { say 'needs Debian: skipped'; exit 3; }
  CODENAME=$(. /etc/os-release; echo "$VERSION_CODENAME") ARCH=$(dpkg --print-architecture)
  MIRROR=$(cat /etc/apt/sources.list.d/*.sources 2>/dev/null | sed -n 's/^URIs: *\([^ ]*\).*/\1/p' | head -n 1)
  [ -n "$MIRROR" ] || MIRROR=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
    sed -n 's/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\).*/\2/p' | head -n 1)
  [ -n "$MIRROR" ] || { say 'no Debian mirror in /etc/apt: skipped'; exit 3; }
}

# private_apt FOLDER SUITE...: an apt of its own, with its own index; the first suite is preferred. Use: APT_CONFIG=FOLDER/apt.conf
private_apt() {
  local a=$1; shift
  mkdir -p "$a"/{lists/partial,cache/archives/partial,sources.d,preferences.d,debs}
  printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
    "$MIRROR" "$*" > "$a/sources.d/main.sources"
  : > "$a/preferences.d/pin"
  for s in "${@:2}"; do printf 'Package: *\nPin: release n=%s\nPin-Priority: 50\n\n' "$s" >> "$a/preferences.d/pin"; done
  cat > "$a/apt.conf" <<X
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$a/sources.d";
Dir::Etc::preferencesparts "$a/preferences.d";
Dir::State::lists "$a/lists";
Dir::Cache "$a/cache";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
APT::Sandbox::User "root";
Debug::NoLocking "1";
X
}

# free_port PORT: that port, or the next above it that nobody listens on.
free_port() {
  local p=$1
  while (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null; do p=$((p + 1)); done
  echo "$p"
}

# Processes are remembered as "pid start-time", so that a number which was given away again is never killed.
start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
remember() { echo "$2 $(start_time "$2")" > "$P/$1.pid"; }
running() { # NAME: prints the pid
  local pid start
  [ -r "$P/$1.pid" ] || return 1
  read -r pid start < "$P/$1.pid" || return 1
  [ -n "$start" ] && [ "$(start_time "$pid")" = "$start" ] && echo "$pid"
}
end() { # NAME [SECONDS]: asks to stop, then insists
  local pid i
  if pid=$(running "$1"); then
    kill "$pid" 2>/dev/null || true
    for ((i = ${2:-10} * 10; i > 0; i--)); do running "$1" > /dev/null || break; sleep .1; done
    if pid=$(running "$1"); then kill -9 "$pid" 2>/dev/null || true; sleep .2; fi
  fi
  rm -f "$P/$1.pid"
}

# unmount_under FOLDER: every mount in it, the deepest first.
unmount_under() {
  awk -v f="$1/" 'index($5 "/", f) == 1 { print $5 }' /proc/self/mountinfo | sort -r | while read -r m; do
    umount "$m" 2>/dev/null || umount -l "$m" 2>/dev/null || true
  done
}

# until_ok SECONDS COMMAND...: true as soon as the command succeeds.
until_ok() {
  local i n=$1; shift
  for ((i = n * 10; i > 0; i--)); do "$@" > /dev/null 2>&1 && return 0; sleep .1; done
  return 1
}

# http_ok PORT PATH: somebody answers HTTP there, whatever the status.
http_ok() {
  ( exec 3<>"/dev/tcp/127.0.0.1/$1" && printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$2" >&3 &&
    IFS= read -r -t 5 line <&3 && case $line in HTTP/*) ;; *) false ;; esac ) 2>/dev/null
}
