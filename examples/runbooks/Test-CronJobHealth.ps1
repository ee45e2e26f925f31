#!/usr/bin/env pwsh
#Requires -Version 7.6

<#
.SYNOPSIS
Reports CronJobs that do not run as they should: missed, failing, hanging, suspended.
.DESCRIPTION
For each CronJob its schedule is computed as its controller does it, and compared with the jobs that there are. The cluster is not changed.

Findings: ScheduleInvalid; MissedRun, when a run is overdue by more than -LateMinutes; LastRunFailed, with the number of failures in a row and the reason;
NoSuccess, when the last run has ended and is not the last success; RunsLong, when a job has been active for longer than -MaxRun; Suspended, unless -AllowSuspended names it.

Exit code: 0 all is well; 1 findings; 2 nothing could be read (no cluster); 3 another run is in progress.
.PARAMETER Namespace
Namespace; all if omitted.
.PARAMETER LabelSelector
Only CronJobs with these labels: app=movies.
.PARAMETER Context
Context of the kubeconfig; the current one if omitted.
.PARAMETER LateMinutes
Minutes after which a run that was not started is missed.
.PARAMETER MaxRun
Time after which an active job is reported.
.PARAMETER AllowSuspended
CronJobs that may be suspended, as namespace/name; wildcards are allowed.
.PARAMETER ReportPath
File for the list: JSON, or Markdown if it is named *.md.
.PARAMETER LogPath
File to which the log is appended as JSON lines.
.PARAMETER StatePath
Folder of the locks, instead of $env:CLOUDLAB_RUNBOOK_STATE or a folder of the user.
.PARAMETER TimeLimit
After this time the run ends at the next CronJob.
.EXAMPLE
./Test-CronJobHealth.ps1 | ForEach-Object Result | ForEach-Object Items | Format-Table

All CronJobs and their state.
.EXAMPLE
pwsh -NoProfile -File Test-CronJobHealth.ps1 -LateMinutes 10 -MaxRun 02:00:00 -AllowSuspended movies/manual-* -LogPath /var/log/cronjobs.jsonl

The line for a scheduler.
.OUTPUTS
CloudLab.Runbook.Summary, whose Result has CronJobs, Healthy, Items.
#>
[CmdletBinding(SupportsShouldProcess)]
[OutputType('CloudLab.Runbook.Summary')]
param(
    [Parameter(Position = 0)] [string] $Namespace,
    [string] $LabelSelector,
    [string] $Context,
    [ValidateRange(1, 100000)] [int] $LateMinutes = 5,
    [ValidateScript({ $_ -gt [TimeSpan]::Zero }, ErrorMessage = '-MaxRun must be more than zero.')] [TimeSpan] $MaxRun = '1.00:00:00',
    [SupportsWildcards()] [ValidateNotNullOrWhiteSpace()] [string[]] $AllowSuspended,
    [string] $ReportPath,
    [string] $LogPath,
    [string] $StatePath,
    [ValidateScript({ $_ -gt [TimeSpan]::Zero }, ErrorMessage = 'The time limit must be more than zero.')] [TimeSpan] $TimeLimit = '00:30:00'
)
$ErrorActionPreference = 'Stop'
Import-Module (Join-Path $PSScriptRoot Runbook.psm1)

# What is known of each CronJob; all that reads the cluster is here.
function Get-CronJobState([hashtable] $Place, [DateTimeOffset] $Now) {
    $selection = $LabelSelector ? @{ LabelSelector = $LabelSelector } : @{}
    $cronJobs = @(Get-LabResource cronjobs @Place @selection)
    if (-not $cronJobs) { return }
    # An owner may have jobs without its labels, so all of them are read.
    $jobs = Get-LabResource jobs @Place | Group-Object { ($_.Metadata.ownerReferences | Where-Object { $_.controller }).uid } -AsHashTable
    foreach ($cronJob in $cronJobs) {
        $own = @(if ($jobs) { $jobs[$cronJob.Metadata.uid] } ) | Where-Object { $_ } | Sort-Object { [DateTimeOffset] ($_.Status.startTime ?? $_.CreationTimestamp) }
        $ended = foreach ($job in $own) {
            $end = $job.Status.conditions | Where-Object { $_.type -in 'Complete', 'Failed' -and $_.status -eq 'True' } | Select-Object -First 1
            if ($end) { [pscustomobject] @{ Name = $job.Name; Failed = $end.type -eq 'Failed'; Why = "$($end.reason): $($end.message)" } }
        }
        $failures = 0
        for ($index = @($ended).Count - 1; $index -ge 0 -and @($ended)[$index].Failed; $index--) { $failures++ }
        $wrong = $null
        $missed = $cronJob | Get-LabSchedule -Missed -Now $Now -ErrorVariable wrong -ErrorAction SilentlyContinue
        [pscustomobject] @{
            Namespace = $cronJob.Namespace; Name = $cronJob.Name; Schedule = $cronJob.Spec.schedule; TimeZone = $cronJob.Spec.timeZone
            Suspended = [bool] $cronJob.Spec.suspend
            Invalid = $wrong ? "$($wrong[0].Exception.Message)" : $null
            Missed = $missed
            LastSchedule = $cronJob.Status.lastScheduleTime ? [DateTimeOffset] $cronJob.Status.lastScheduleTime : $null
            LastSuccess = $cronJob.Status.lastSuccessfulTime ? [DateTimeOffset] $cronJob.Status.lastSuccessfulTime : $null
            Next = $wrong -or $cronJob.Spec.suspend ? $null : ($cronJob | Get-LabSchedule -Count 1 -From $Now -ErrorAction SilentlyContinue).Time
            Failures = $failures
            LastFailure = $failures ? @($ended)[-1] : $null
            Active = @($own | Where-Object { $_.Name -notin $ended.Name } | ForEach-Object { [pscustomobject] @{ Name = $_.Name; Since = [DateTimeOffset] ($_.Status.startTime ?? $_.CreationTimestamp) } })
        }
    }
}

$summary = Invoke-Runbook -Name Test-CronJobHealth -Key "$Context $Namespace $LabelSelector" -LogPath $LogPath -StatePath $StatePath -TimeLimit $TimeLimit -Preview:$WhatIfPreference -Body {
    param($Run)
    $place = $Namespace ? @{ Namespace = $Namespace } : @{ AllNamespaces = $true }
    if ($Context) { $place.Context = $Context }
    $now = $Run.Started
    $items = @(Invoke-RunbookStep Check {
            foreach ($state in Get-CronJobState $place $now) {
                Assert-RunbookTime
                $name = "$($state.Namespace)/$($state.Name)"
                $before = $Run.Findings.Count
                $active = $state.Active | Sort-Object Since | Select-Object -First 1
                if ($state.Invalid) {
                    Add-RunbookFinding "$name never runs: $($state.Invalid)" -Target $name -Code ScheduleInvalid -Severity Error -Action 'Correct spec.schedule or spec.timeZone.'
                }
                elseif ($state.Suspended) {
                    if (-not ($AllowSuspended | Where-Object { $name -like $_ })) {
                        Add-RunbookFinding "$name is suspended; $($state.LastSchedule ? "its last run was $(Format-RunbookTime $state.LastSchedule)" : 'it has never run')." -Target $name -Code Suspended -Action "Edit-LabResource cronjobs/$($state.Name) -Namespace $($state.Namespace) -Patch @{ spec = @{ suspend = `$false } } lets it run again; -AllowSuspended leaves it out."
                    }
                }
                elseif ($state.Missed.MostRecentTime -and ($now - $state.Missed.MostRecentTime).TotalMinutes -gt $LateMinutes) {
                    $why = $active ? "its job $($active.Name) is still active" : $state.Missed.Reason
                    Add-RunbookFinding "$name did not run at $(Format-RunbookTime $state.Missed.MostRecentTime): $why" -Target $name -Code MissedRun -Severity Error -Action ($active ? "See what it does: Debug-LabPod job/$($active.Name) -Namespace $($state.Namespace)" : "Get-LabEvent cronjob/$($state.Name) -Namespace $($state.Namespace); without events, see whether the controller runs.")
                }
                if ($state.Failures) {
                    Add-RunbookFinding "$name $($state.Failures -eq 1 ? 'failed' : "failed $($state.Failures) times in a row, the last time") in $($state.LastFailure.Name): $($state.LastFailure.Why)" -Target $name -Code LastRunFailed -Severity Error -Action "Get-LabPodLog job/$($state.LastFailure.Name) -Namespace $($state.Namespace)"
                }
                elseif ($state.LastSchedule -and -not $active -and ($null -eq $state.LastSuccess -or $state.LastSuccess -lt $state.LastSchedule) -and ($now - $state.LastSchedule).TotalMinutes -gt $LateMinutes) {
                    Add-RunbookFinding "$name ran at $(Format-RunbookTime $state.LastSchedule) and did not succeed; its job is gone." -Target $name -Code NoSuccess -Severity Error -Action 'Keep failed jobs (spec.failedJobsHistoryLimit) to see why.'
                }
                if ($active -and $now - $active.Since -gt $MaxRun) {
                    Add-RunbookFinding "$name has been running for $([int] ($now - $active.Since).TotalMinutes) minutes in $($active.Name)." -Target $name -Code RunsLong -Action "Debug-LabPod job/$($active.Name) -Namespace $($state.Namespace); set spec.jobTemplate.spec.activeDeadlineSeconds."
                }
                [pscustomobject] @{
                    Namespace = $state.Namespace; Name = $state.Name; Schedule = $state.Schedule; TimeZone = $state.TimeZone; Suspended = $state.Suspended
                    LastSchedule = $state.LastSchedule; LastSuccess = $state.LastSuccess; Next = $state.Next
                    Failures = $state.Failures; Active = @($state.Active).Count; Problems = @($Run.Findings | Select-Object -Skip $before | ForEach-Object Code)
                }
            }
        })
    $Run.Result.CronJobs = $items.Count
    $Run.Result.Healthy = @($items | Where-Object { -not $_.Problems }).Count
    if ($ReportPath -and $PSCmdlet.ShouldProcess($ReportPath, 'Write report')) {
        Save-RunbookReport $ReportPath $items -Title 'CronJobs' -Property Namespace, Name, Schedule, LastSchedule, LastSuccess, Next, Failures, Problems
    }
    $Run.Result.Items = $items
}
$summary
exit $summary.ExitCode
