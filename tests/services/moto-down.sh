#!/bin/bash
# moto-down.sh: ends what moto-up.sh started in folder P.      P=folder [CLEAN=1: remove the folder too] ./moto-down.sh
. "$(dirname "$0")/lib.sh"
P=${P:-$CLOUDLAB_SERVICES/moto}
[ -d "$P" ] || exit 0
end moto
rm -f "$P/env"
[ "${CLEAN:-0}" = 1 ] && rm -rf "$P"
exit 0
