#!/usr/bin/env pwsh
# Builds CloudLab and runs the main job (examples/movies) on the emulator. Needs .NET SDK 10; brings PowerShell 7.6 along.
$ErrorActionPreference = 'Stop'
. (Join-Path $PSScriptRoot 'tests/services/prepare.ps1')
Assert-DotNet
$pwsh = Find-Pwsh $PSScriptRoot
& (Join-Path $PSScriptRoot 'build.ps1')
if ($LASTEXITCODE) { exit $LASTEXITCODE }
& $pwsh -NoProfile -NonInteractive -File (Join-Path $PSScriptRoot 'examples/movies/run.ps1')
exit $LASTEXITCODE
