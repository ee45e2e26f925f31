# Runs the Pester suite for test.sh and writes "passed failed skipped" to $env:CLOUDLAB_TEST_RESULT.
# $env:CLOUDLAB_TEST_AREAS names the areas (tags) to run, all if empty.
$ErrorActionPreference = 'Stop'
if (-not (Get-Module -ListAvailable Pester | Where-Object Version -GE ([version] '5.0'))) {
    Write-Output '****  SKIPPED: the whole Pester suite. This PowerShell has no Pester 5: Install-Module Pester.'
    $count = (Select-String -Path (Join-Path $PSScriptRoot '*.Tests.ps1') -Pattern '^\s*It ').Count
    Set-Content -Path $env:CLOUDLAB_TEST_RESULT -Value "0 0 $count"
    exit 0
}

Import-Module Pester -MinimumVersion 5.0
$configuration = New-PesterConfiguration
$configuration.Run.Path = $PSScriptRoot
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'Normal'
if ($env:CLOUDLAB_TEST_AREAS) {
    $configuration.Filter.Tag = -split $env:CLOUDLAB_TEST_AREAS
}
$result = Invoke-Pester -Configuration $configuration
$failed = $result.FailedCount + $result.FailedBlocksCount + $result.FailedContainersCount
Set-Content -Path $env:CLOUDLAB_TEST_RESULT -Value "$($result.PassedCount) $failed $($result.SkippedCount)"
exit [int] ($failed -gt 0)
