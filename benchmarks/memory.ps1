#!/usr/bin/env pwsh
# Memory over many calls: for each of some cheap cmdlets, a new PowerShell (the emulator is in another process) calls it until it is warm,
# measures itself, calls it -Calls times and measures again. Managed heap is what is left after a full collection; the kernel counts the
# working set, the threads and the handles. A leak shows as bytes for each call, and as handles or threads that grow.
#   ./build.sh; pwsh benchmarks/memory.ps1
#   CLOUDLAB_TEST_DOCKER=unix:///... pwsh benchmarks/memory.ps1 -Calls 2000 -Markdown table.md      with containers too
param(
    [int] $Calls = 10000,
    [int] $Warm = 1000,
    [int] $Runs = 1,
    [string[]] $Work = '*',
    [string] $Build = (Join-Path (Split-Path $PSScriptRoot) 'out'),
    [string] $Markdown)
$ErrorActionPreference = 'Stop'
# A PowerShell that is a .NET tool runs in a process of dotnet: PWSH names the one to start.
$pwsh = $env:PWSH ? $env:PWSH : (Get-Process -Id $PID).Path
$module = Join-Path $Build 'CloudLab/CloudLab.psd1'
Import-Module $module

# The first is what PowerShell itself leaves behind.
$works = [ordered]@{
    'Get-Date'                                 = '$null = Get-Date'
    'an error of PowerShell'                   = 'try { Get-Item /there/is/none -ErrorAction Stop } catch { $null = $_ }'
    'Get-LabObject, 10 keys'                   = '$null = Get-LabObject memory'
    'Get-LabObject, stopped after one'         = '$null = Get-LabObject memory | Select-Object -First 1'
    'Get-LabObject, no such bucket'            = 'try { Get-LabObject there-is-none -ErrorAction Stop } catch { $null = $_ }'
    'Get-LabObjectContent, 1 line of 1 MiB'    = '$null = Get-LabObjectContent memory large -TotalCount 1'
    'Get-LabObjectContent, stopped'            = '$null = Get-LabObjectContent memory large | Select-Object -First 1'
    'Get-LabRole'                              = '$null = Get-LabRole memory'
    'Get-LabRole, no such role'                = 'try { Get-LabRole there-is-none -ErrorAction Stop } catch { $null = $_ }'
    'Get-LabResource Namespace'                = '$null = Get-LabResource Namespace'
    'Get-LabResource, no such object'          = 'try { Get-LabResource ConfigMap there-is-none -ErrorAction Stop } catch { $null = $_ }'
    'Get-LabContainer'                         = '$null = Get-LabContainer -All'
    'Get-LabContainer, no such engine'         = 'try { Get-LabContainer -DockerHost tcp://127.0.0.1:1 -ErrorAction Stop } catch { $null = $_ }'
    'Test-LabSchedule'                         = '$null = Test-LabSchedule "*/5 * * * *"'
    'Get-LabSchedule, no schedule'             = 'try { $null = Get-LabSchedule "99 * * * *" -ErrorAction Stop } catch { $null = $_ }'
}
if (-not $env:CLOUDLAB_TEST_DOCKER) { $works.Remove('Get-LabContainer') }

function Get-Median([object[]] $Values) { @($Values | Sort-Object)[[Math]::Floor(($Values.Count - 1) / 2)] }

$emulator = Start-LabEmulator
try {
    $null = New-LabBucket memory
    1..10 | ForEach-Object { Set-LabObjectContent memory "key-$_" 'a little content' }
    Set-LabObjectContent memory large -Value (, ('a line of some length' * 4) * 12000)
    $null = New-LabRole memory -Service ec2.amazonaws.com
    $settings = foreach ($one in $emulator.GetEnvironment().GetEnumerator()) { "`$env:$($one.Key) = '$($one.Value)';" }
    if ($env:CLOUDLAB_TEST_DOCKER) { $settings += "`$env:DOCKER_HOST = '$env:CLOUDLAB_TEST_DOCKER';" }
    $results = [Collections.Generic.List[object]]::new()
    foreach ($name in @($works.Keys | Where-Object { $key = $_; $Work | Where-Object { $key -like $_ } })) {
        $seen = foreach ($run in 1..$Runs) {
            $lines = & $pwsh -NoProfile -NonInteractive -Command "
                `$ErrorActionPreference = 'Stop'
                $settings
                Import-Module '$module'
                function Measure-Self {
                    1..3 | ForEach-Object { [GC]::Collect(); [GC]::WaitForPendingFinalizers() }
                    `$self = [Diagnostics.Process]::GetCurrentProcess()
                    [GC]::GetTotalMemory(`$true); `$self.WorkingSet64; `$self.Threads.Count; `$self.HandleCount
                }
                # An error stays in this list, up to 256 of them.
                foreach (`$call in 1..$Warm) { $($works[$name]) }
                `$error.Clear()
                Measure-Self
                `$clock = [Diagnostics.Stopwatch]::StartNew()
                foreach (`$call in 1..$Calls) { $($works[$name]) }
                `$clock.Elapsed.TotalMilliseconds
                `$error.Clear()
                Measure-Self"
            if ($lines.Count -ne 9) { throw "$name said: $lines" }
            $figures = [double[]] $lines
            [pscustomobject]@{
                Heap = ($figures[5] - $figures[0]) / $Calls; WorkingSet = $figures[6] - $figures[1]
                End = $figures[6]; Threads = $figures[7] - $figures[2]; Handles = $figures[8] - $figures[3]; Time = $figures[4] / $Calls
            }
        }
        $row = [pscustomobject]@{
            Work = $name; Calls = $Calls
            HeapBytesPerCall = [Math]::Round((Get-Median $seen.Heap), 1); WorkingSetGrowthMiB = [Math]::Round((Get-Median $seen.WorkingSet) / 1MB, 1)
            WorkingSetMiB = [Math]::Round((Get-Median $seen.End) / 1MB); Threads = Get-Median $seen.Threads; Handles = Get-Median $seen.Handles
            MsPerCall = [Math]::Round((Get-Median $seen.Time), 2)
        }
        $results.Add($row)
        $row
    }
    if ($Markdown) {
        $head = @('| Work | heap, bytes a call | working set, growth | at the end | threads | handles | ms a call |', '|---|--:|--:|--:|--:|--:|--:|')
        Set-Content $Markdown ($head + ($results | ForEach-Object {
            "| $($_.Work) | $($_.HeapBytesPerCall) | $($_.WorkingSetGrowthMiB) MiB | $($_.WorkingSetMiB) MiB | $($_.Threads) | $($_.Handles) | $($_.MsPerCall) |"
        }))
    }
}
finally {
    Stop-LabEmulator
}
