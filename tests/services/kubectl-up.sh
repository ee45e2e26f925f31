#!/bin/bash
# kubectl-up.sh: the current kubectl of Debian's unstable suite, to try the emulator with.
#   P=folder ./kubectl-up.sh      Nothing runs and nothing is installed: remove the folder to be rid of it.
. "$(dirname "$0")/lib.sh"
P=${P:-$CLOUDLAB_SERVICES/kubectl}
if [ ! -r "$P/env" ]; then
  need_debian_root
  rm -rf "$P"
  mkdir -p "$P/root"
  private_apt "$P/apt" sid
  export APT_CONFIG=$P/apt/apt.conf
  apt-get update -qq >&2
  package=kubectl
  apt-cache madison kubectl | grep -q sid || package=kubernetes-client
  (cd "$P/apt/debs" && apt-get download -qq "$package/sid" >&2)
  unset APT_CONFIG
  for d in "$P"/apt/debs/*.deb; do dpkg-deb -x "$d" "$P/root"; done
  rm -rf "$P/apt"
  "$P/root/usr/bin/kubectl" version --client >&2 || die "the kubectl of $package does not run here"
  echo "export CLOUDLAB_TEST_KUBECTL=$P/root/usr/bin/kubectl" > "$P/env"
fi
cat "$P/env"
