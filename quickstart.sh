#!/usr/bin/env bash
# Sets up what is missing, builds CloudLab and runs the main job (examples/movies) on the emulator.
#   ./quickstart.sh              in PowerShell
#   ./quickstart.sh --cloudlab   through the `cloudlab` command, which needs no PowerShell
set -euo pipefail
CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 POWERSHELL_TELEMETRY_OPTOUT=1 POWERSHELL_UPDATECHECK=Off
# No compiler or build node that stays when this is done.
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false
case ${1:-} in
    '' | --cloudlab) ;;
    *) echo "quickstart.sh takes --cloudlab or nothing, not '$1'." >&2; exit 2 ;;
esac

. ./tests/services/prepare.sh
need_dotnet
if [ "${1:-}" = --cloudlab ]; then
    ./build.sh
    exec examples/movies/run.sh
fi
PWSH=$(find_pwsh)
./build.sh
exec "$PWSH" -NoProfile -NonInteractive -File examples/movies/run.ps1
