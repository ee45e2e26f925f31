#!/usr/bin/env pwsh
# Builds CloudLab and runs the tests that need no server started for them: xunit and Pester. On Linux use ./test.sh,
# which also starts the real servers; here they are used where the CLOUDLAB_TEST_* variables name them.
#   ./test.ps1 storage identity    the named areas only
param([Parameter(ValueFromRemainingArguments)] [string[]] $Area)
$ErrorActionPreference = 'Stop'
Set-Location $PSScriptRoot
& ./build.ps1
if ($LASTEXITCODE) { exit $LASTEXITCODE }
dotnet build tests/OtherAwsModule -c Release --nologo -v quiet
if ($LASTEXITCODE) { exit $LASTEXITCODE }
$filters = $Area | ForEach-Object { '-trait'; "Area=$($_.Substring(0, 1).ToUpperInvariant() + $_.Substring(1).ToLowerInvariant())" }
dotnet run --project tests/CloudLab.Tests -c Release -- @filters
$xunit = $LASTEXITCODE
New-Item -ItemType Directory -Force out/test-results | Out-Null
$env:CLOUDLAB_TEST_AREAS = "$Area"
$env:CLOUDLAB_TEST_RESULT = Join-Path $PSScriptRoot 'out/test-results/pester.txt'
& (Get-Process -Id $PID).Path -NoProfile -NonInteractive -File tests/Pester/Invoke-Tests.ps1
exit [int] ($xunit -ne 0 -or $LASTEXITCODE -ne 0)
