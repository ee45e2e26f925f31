#!/bin/bash
# ceph-down.sh: ends what ceph-up.sh started in folder P and releases its mounts.
#   P=folder [CLEAN=1: remove the folder too] ./ceph-down.sh
. "$(dirname "$0")/lib.sh"
P=${P:-$CLOUDLAB_SERVICES/ceph}
[ -d "$P" ] || exit 0
[ "$(id -u)" = 0 ] || { say 'needs root: skipped'; exit 3; }
for name in rgw osd mon; do end $name 3; done # kept in memory: nothing to flush
unmount_under "$P"
rm -f "$P/env"
# --one-file-system: should a mount have stayed, its files (the machine's /dev) are not ours.
[ "${CLEAN:-0}" = 1 ] && rm -rf --one-file-system "$P"
exit 0
