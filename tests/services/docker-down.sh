#!/bin/bash
# docker-down.sh: ends what docker-up.sh started in folder P: engine, containerd with its shims, registry, mounts, and
# what it registered with the kernel.      P=folder [CLEAN=1: remove the folder too] ./docker-down.sh
. "$(dirname "$0")/lib.sh"
P=${P:-$CLOUDLAB_SERVICES/docker}
[ -d "$P" ] || exit 0
[ "$(id -u)" = 0 ] || { say 'needs root: skipped'; exit 3; }
end registry
end dockerd 30
# containerd and its shims outlive an engine that was killed. They are known by this instance's own folder.
for i in 1 2 3; do
  left=
  for d in /proc/[0-9]*; do
    if tr '\0' ' ' 2>/dev/null < "$d/cmdline" | grep -qF -- "$P/run/exec"; then left="$left ${d#/proc/}"; fi
  done
  [ -n "$left" ] || break
  # shellcheck disable=SC2086
  kill -9 $left 2>/dev/null || true
  sleep .5
done
unmount_under "$P"
B=/proc/sys/fs/binfmt_misc
if [ -e "$P/binfmt-registered" ]; then
  entry=$B/qemu-$(cat "$P/binfmt-registered")
  if grep -qF "$P/root" "$entry" 2>/dev/null; then echo -1 > "$entry" || true; fi
  rm -f "$P/binfmt-registered"
fi
if [ -e "$P/binfmt-mounted" ]; then umount $B 2>/dev/null || true; rm -f "$P/binfmt-mounted"; fi
if [ -e "$P/bridge-created" ]; then
  if command -v ip > /dev/null; then ip link delete docker0 2>/dev/null || true; fi
  rm -f "$P/bridge-created"
fi
rm -f "$P/env" "$P/docker.sock" "$P/run/docker.pid"
# --one-file-system: should a mount have stayed, what is in it is not ours.
[ "${CLEAN:-0}" = 1 ] && rm -rf --one-file-system "$P"
exit 0
