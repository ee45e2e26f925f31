#!/usr/bin/env bash
# Sets up what is missing, builds CloudLab and runs the main job (examples/movies) on the emulator.
#   ./quickstart.sh              in PowerShell where there is one, else through the `cloudlab` command
#   ./quickstart.sh --cloudlab   through the `cloudlab` command in any case
set -euo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 POWERSHELL_TELEMETRY_OPTOUT=1 POWERSHELL_UPDATECHECK=Off

. ./tests/services/prepare.sh
need_dotnet

./build.sh

if [ "${1:-}" = --cloudlab ]; then
    exec examples/movies/run.sh
elif pwsh=$(find_pwsh); then
    exec "$pwsh" -NoProfile -NonInteractive -File examples/movies/run.ps1
else
    echo "There is no PowerShell on this machine and its package feed has none: the same steps run through 'cloudlab'."
    exec examples/movies/run.sh
fi
