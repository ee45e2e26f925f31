#!/usr/bin/env pwsh
# Import time of CloudLab beside an empty binary module, in the same run: each import in a process of its own, the two
# alternating. Writes the medians and what CloudLab costs above the empty module.
#   ./build.sh; pwsh benchmarks/import-time.ps1 -Runs 15
param([int] $Runs = 15)
$ErrorActionPreference = 'Stop'
$root = Split-Path $PSScriptRoot
# A PowerShell that is a .NET tool runs in a process of dotnet: PWSH names the one to start.
$pwsh = $env:PWSH ? $env:PWSH : (Get-Process -Id $PID).Path
$work = New-Item -ItemType Directory -Path (Join-Path ([IO.Path]::GetTempPath()) "cloudlab-import-$PID")
try {
    $empty = Join-Path $work 'EmptyModule.dll'
    Add-Type -OutputAssembly $empty -OutputType Library -TypeDefinition @'
using System.Management.Automation;
[Cmdlet(VerbsCommon.Get, "Nothing")]
public sealed class GetNothingCommand : PSCmdlet { }
'@
    $modules = [ordered]@{ Empty = $empty; CloudLab = Join-Path $root 'out/CloudLab/CloudLab.psd1' }
    $times = @{ Empty = @(); CloudLab = @() }
    for ($run = 0; $run -le $Runs; $run++) {
        foreach ($name in $modules.Keys) {
            # The stopwatch runs inside the process, after PowerShell itself has warmed up its module code.
            $milliseconds = & $pwsh -NoProfile -NonInteractive -Command "
                Import-Module Microsoft.PowerShell.Utility
                `$watch = [Diagnostics.Stopwatch]::StartNew()
                Import-Module '$($modules[$name])'
                `$watch.Elapsed.TotalMilliseconds"
            # The first round warms the disk cache.
            if ($run) { $times[$name] += [double] $milliseconds }
        }
    }
    $median = @{}
    foreach ($name in $modules.Keys) { $median[$name] = ($times[$name] | Sort-Object)[[int] [Math]::Floor($Runs / 2)] }
    [pscustomobject]@{
        Runs       = $Runs
        EmptyMs    = [Math]::Round($median.Empty, 1)
        CloudLabMs = [Math]::Round($median.CloudLab, 1)
        AboveMs    = [Math]::Round($median.CloudLab - $median.Empty, 1)
        Ratio      = [Math]::Round($median.CloudLab / $median.Empty, 2)
    }
}
finally {
    Remove-Item -Recurse -Force $work
}
