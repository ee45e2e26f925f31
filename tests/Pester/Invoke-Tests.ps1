# Runs the Pester suite for test.sh and test.ps1 and writes "passed failed skipped" to $env:CLOUDLAB_TEST_RESULT, and under it
# a line for each case that failed ("failed NAME: WHY") or was skipped ("skipped NAME: WHY", where Set-ItResult -Because says why).
# $env:CLOUDLAB_TEST_AREAS names the areas (tags) to run, all if empty. -Path names files of it, to run these only.
param([string[]] $Path = $PSScriptRoot)
$ErrorActionPreference = 'Stop'
$project = [xml] (Get-Content -Raw (Join-Path $PSScriptRoot 'Pester.csproj'))
$version = $project.SelectSingleNode('//PesterVersion').InnerText
Import-Module (Join-Path $PSScriptRoot "../../out/tools/modules/Pester/$version/Pester.psd1")
$configuration = New-PesterConfiguration
$configuration.Run.Path = $Path
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'Normal'
if ($env:CLOUDLAB_TEST_AREAS) {
    $configuration.Filter.Tag = -split $env:CLOUDLAB_TEST_AREAS
}
$result = Invoke-Pester -Configuration $configuration
$failed = $result.FailedCount + $result.FailedBlocksCount + $result.FailedContainersCount
$lines = @($result.Failed) + $result.FailedBlocks + $result.FailedContainers + $result.Skipped | Where-Object { $_ } | ForEach-Object {
    $reason = "$($_.ErrorRecord | Select-Object -First 1)" -replace '^is skipped(, because )?' -replace '\s+', ' '
    "$($_.Result.ToLowerInvariant()) $($_.ExpandedPath ?? $_.Name ?? $_.Item)" + ($reason ? ": $reason" : '')
}
Set-Content -Path $env:CLOUDLAB_TEST_RESULT -Value @("$($result.PassedCount) $failed $($result.SkippedCount)"; $lines)
exit [int] ($failed -gt 0)
