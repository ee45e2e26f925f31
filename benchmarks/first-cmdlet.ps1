#!/usr/bin/env pwsh
# What a new PowerShell takes to import CloudLab and to run its first cmdlet (Get-LabBucket on an emulator in another process), for
# each of the module folders named, alternating in one run. Without a name: the module as built, and the same without lib/<rid>.
#   ./build.sh; pwsh benchmarks/first-cmdlet.ps1 -Runs 15
param([string[]] $Module, [int] $Runs = 15)
$ErrorActionPreference = 'Stop'
$root = Split-Path $PSScriptRoot
# A PowerShell that is a .NET tool runs in a process of dotnet: PWSH names the one to start.
$pwsh = $env:PWSH ? $env:PWSH : (Get-Process -Id $PID).Path
$built = Join-Path $root 'out/CloudLab'
$work = New-Item -ItemType Directory -Path (Join-Path ([IO.Path]::GetTempPath()) "cloudlab-first-$PID")
try {
    if (-not $Module) {
        $plain = Join-Path (New-Item -ItemType Directory (Join-Path $work 'IL')) 'CloudLab'
        Copy-Item -Recurse $built $plain
        Get-ChildItem -Directory (Join-Path $plain 'lib') | Remove-Item -Recurse
        $Module = $plain, $built
    }
    Import-Module $built
    $emulator = Start-LabEmulator
    $settings = foreach ($one in $emulator.GetEnvironment().GetEnumerator()) { "`$env:$($one.Key) = '$($one.Value)';" }
    $null = New-LabBucket first-cmdlet
    $times = @{}
    for ($run = 0; $run -le $Runs; $run++) {
        foreach ($path in $Module) {
            # Measured inside the process, after PowerShell itself has warmed up its module code. CPU time and the methods
            # compiled at run time say more than the clock where the machine has other work.
            $lines = & $pwsh -NoProfile -NonInteractive -Command "
                $settings
                Import-Module Microsoft.PowerShell.Utility
                function Measure-Step([scriptblock] `$Step) {
                    `$cpu = [Environment]::CpuUsage.TotalTime
                    `$methods = [Runtime.JitInfo]::GetCompiledMethodCount()
                    `$watch = [Diagnostics.Stopwatch]::StartNew()
                    `$null = & `$Step
                    `$watch.Elapsed.TotalMilliseconds
                    ([Environment]::CpuUsage.TotalTime - `$cpu).TotalMilliseconds
                    [Runtime.JitInfo]::GetCompiledMethodCount() - `$methods
                }
                Measure-Step { 1 }
                Measure-Step { Import-Module '$path' }
                Measure-Step { Get-LabBucket }"
            # The first round warms the disk cache.
            if ($run) { $times[$path] += , ([double[]] $lines) }
        }
    }
    foreach ($path in $Module) {
        $median = 3..8 | ForEach-Object { $figure = $_; ($times[$path] | ForEach-Object { $_[$figure] } | Sort-Object)[[int] [Math]::Floor($Runs / 2)] }
        [pscustomobject]@{
            Module        = $path
            Runs          = $Runs
            ImportMs      = [Math]::Round($median[0], 1)
            ImportCpuMs   = [Math]::Round($median[1], 1)
            ImportMethods = $median[2]
            FirstMs       = [Math]::Round($median[3], 1)
            FirstCpuMs    = [Math]::Round($median[4], 1)
            FirstMethods  = $median[5]
        }
    }
}
finally {
    Stop-LabEmulator
    Remove-Item -Recurse -Force $work
}
