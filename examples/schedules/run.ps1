#!/usr/bin/env pwsh
# When do these CronJobs run, what is not meant, and how to spread them. No cluster is needed.
#   ./build.sh; pwsh examples/schedules/run.ps1
$ErrorActionPreference = 'Stop'
Import-Module (Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1')
$manifest = Join-Path $PSScriptRoot cronjobs.yaml

'The next run of each:'
Get-LabSchedule -Manifest $manifest -Count 1 | Sort-Object Time

'', 'In words:'
Get-LabSchedule -Manifest $manifest -Count 1 | ForEach-Object { "$($_.Name): $($_.Description)" }

'', 'What their authors may not have meant:'
Test-LabSchedule -Manifest $manifest | ForEach-Object { foreach ($finding in $_.Finding) { "$($_.Name): $finding" } }

'', 'The week:'
Show-LabScheduleCalendar -Manifest $manifest -Days 7 | Format-List

'The controller was away from Saturday to Monday. What does it start?'
Get-LabSchedule -Manifest $manifest -Missed -LastScheduleTime '2026-03-07 02:00' -Now '2026-03-09 07:30' | Format-Table Name, Missed, StartsJob, Reason -Wrap
