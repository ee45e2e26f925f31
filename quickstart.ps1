#!/usr/bin/env pwsh
# Builds CloudLab and runs the main job (examples/movies) on the emulator. Needs .NET SDK 10.
$ErrorActionPreference = 'Stop'
& (Join-Path $PSScriptRoot 'build.ps1')
if ($LASTEXITCODE) { exit $LASTEXITCODE }
& (Get-Process -Id $PID).Path -NoProfile -NonInteractive -File (Join-Path $PSScriptRoot 'examples/movies/run.ps1')
exit $LASTEXITCODE
