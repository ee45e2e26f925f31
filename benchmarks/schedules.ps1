#!/usr/bin/env pwsh
# The cmdlets for schedules: next runs a second, and the calendar of a year.
#   ./build.sh; pwsh benchmarks/schedules.ps1
param([int] $Runs = 1000000, [int] $Jobs = 500, [int] $Days = 365)
$ErrorActionPreference = 'Stop'
Import-Module (Join-Path (Split-Path $PSScriptRoot) 'out/CloudLab/CloudLab.psd1')
$null = Get-LabSchedule '0 0 * * *' -Count 1

# What teams write: much at the full hour, all kinds of distances, several zones.
$kinds = '0 * * * *', '@hourly', '*/5 * * * *', '*/15 * * * *', '0 0 * * *', '@daily', '30 2 * * *', '0 9 * * 1-5', '*/10 9-17 * * 1-5', '0 0 1 * *', '0 3 * * 0', '15,45 * * * *', '@every 90m', '* * * * *', '0 0 13 * 5'
$zones = 'UTC', 'Europe/London', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe'
$mixed = foreach ($i in 0..($Jobs - 1)) {
    [pscustomobject] @{ Name = "job-$i"; Schedule = $kinds[$i % $kinds.Count]; TimeZone = $zones[$i % $zones.Count] }
}

$watch = [Diagnostics.Stopwatch]::StartNew()
foreach ($schedule in '*/10 * * * *', '30 2 * * 1-5') {
    $watch.Restart()
    # The pipeline gets each run as an object, and drops it. -TimeZone: the clocks of a zone cost more than UTC.
    Get-LabSchedule $schedule -TimeZone Europe/London -From 2026-01-01 -Count ([Math]::Min($Runs, $schedule -like '30*' ? 200000 : $Runs)) | Out-Null
    $count = [Math]::Min($Runs, $schedule -like '30*' ? 200000 : $Runs)
    [pscustomobject] @{ What = "next runs of $schedule"; Count = $count; Seconds = [Math]::Round($watch.Elapsed.TotalSeconds, 2); PerSecond = [long] ($count / $watch.Elapsed.TotalSeconds) }
}
$watch.Restart()
$calendar = $mixed | Show-LabScheduleCalendar -From 2026-01-01 -Days $Days
[pscustomobject] @{ What = "calendar of $Jobs CronJobs over $Days days"; Count = $calendar.RunCount; Seconds = [Math]::Round($watch.Elapsed.TotalSeconds, 2); PerSecond = [long] ($calendar.RunCount / $watch.Elapsed.TotalSeconds) }
$watch.Restart()
$tests = $mixed | Test-LabSchedule -From 2026-01-01
[pscustomobject] @{ What = 'tests'; Count = $tests.Count; Seconds = [Math]::Round($watch.Elapsed.TotalSeconds, 2); PerSecond = [long] ($tests.Count / $watch.Elapsed.TotalSeconds) }
