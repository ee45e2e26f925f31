#!/bin/bash
# simulate-down.sh: nothing runs; CLEAN=1 removes what simulate-up.sh installed.
. "$(dirname "$0")/lib.sh"
P=${P:-$CLOUDLAB_SERVICES/simulate}
[ -z "${CLEAN:-}" ] || rm -rf "$P"
