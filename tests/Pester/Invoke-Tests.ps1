# Runs the Pester suite for test.sh and test.ps1 and writes "passed failed skipped" to $env:CLOUDLAB_TEST_RESULT, and under it
# a line for each skipped case: its name, and why where it says so (Set-ItResult -Skipped -Because).
# $env:CLOUDLAB_TEST_AREAS names the areas (tags) to run, all if empty.
$ErrorActionPreference = 'Stop'
$project = [xml] (Get-Content -Raw (Join-Path $PSScriptRoot 'Pester.csproj'))
$version = $project.SelectSingleNode('//PesterVersion').InnerText
Import-Module (Join-Path $PSScriptRoot "../../out/tools/modules/Pester/$version/Pester.psd1")
$configuration = New-PesterConfiguration
$configuration.Run.Path = $PSScriptRoot
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'Normal'
if ($env:CLOUDLAB_TEST_AREAS) {
    $configuration.Filter.Tag = -split $env:CLOUDLAB_TEST_AREAS
}
$result = Invoke-Pester -Configuration $configuration
$failed = $result.FailedCount + $result.FailedBlocksCount + $result.FailedContainersCount
$skipped = $result.Skipped | ForEach-Object {
    $reason = "$($_.ErrorRecord)" -replace '^is skipped(, because )?' -replace '\s+', ' '
    $_.ExpandedPath + ($reason ? ": $reason" : '')
}
Set-Content -Path $env:CLOUDLAB_TEST_RESULT -Value @("$($result.PassedCount) $failed $($result.SkippedCount)"; $skipped)
exit [int] ($failed -gt 0)
