#!/usr/bin/env pwsh
#Requires -Version 7.6

<#
.SYNOPSIS
Reports permissions that were granted and not used, roles that nobody assumed, and access keys that nobody used.
.DESCRIPTION
Permissions are compared with what CloudTrail recorded (-Trail): Measure-LabPolicy finds those that do not occur in it, and principals that do not occur at
all. Roles and access keys are judged by when IAM says they were last used. With -PolicyFolder, the smallest policy for what a
user or role did is written for each that has unused permissions. Nothing in the account is changed.

Exit code: 0 nothing found; 1 findings, or a part could not be read; 2 nothing could be read; 3 another run is in progress.
.PARAMETER Trail
CloudTrail records: files, folders, or a prefix of a bucket such as s3://trail/AWSLogs/.
.PARAMETER Principal
Only these users, groups and roles: names; wildcards are allowed.
.PARAMETER UnusedDays
Days without use after which a role or a key is reported.
.PARAMETER Baseline
File of accepted findings of the policy review, as Measure-LabPolicy -UpdateBaseline writes it.
.PARAMETER ReportPath
File for the report: JSON, or Markdown if it is named *.md.
.PARAMETER PolicyFolder
Folder for the suggested policies.
.PARAMETER LogPath
File to which the log is appended as JSON lines.
.PARAMETER StatePath
Folder of the locks, instead of $env:CLOUDLAB_RUNBOOK_STATE or a folder of the user.
.PARAMETER TimeLimit
After this time the run ends at the next step.
.EXAMPLE
./Measure-UnusedPermission.ps1 -Trail s3://trail/AWSLogs/ | ForEach-Object Findings | Format-Table Code, Target, Message

The findings as a table.
.EXAMPLE
pwsh -NoProfile -File Measure-UnusedPermission.ps1 -Trail s3://trail/AWSLogs/ -UnusedDays 90 -ReportPath unused.md -PolicyFolder policies

The line for a scheduler.
.OUTPUTS
CloudLab.Runbook.Summary, whose Result has Principals, Permissions, Roles, Keys, Policies.
#>
[CmdletBinding(SupportsShouldProcess)]
[OutputType('CloudLab.Runbook.Summary')]
param(
    [Parameter(Mandatory, Position = 0)] [ValidateNotNullOrWhiteSpace()] [string[]] $Trail,
    [ValidateNotNullOrWhiteSpace()] [string[]] $Principal = '*',
    [ValidateRange(1, 36500)] [int] $UnusedDays = 90,
    [string] $Baseline,
    [string] $ReportPath,
    [string] $PolicyFolder,
    [string] $LogPath,
    [string] $StatePath,
    [ValidateScript({ $_ -gt [TimeSpan]::Zero }, ErrorMessage = 'The time limit must be more than zero.')] [TimeSpan] $TimeLimit = '02:00:00'
)
$ErrorActionPreference = 'Stop'
Import-Module (Join-Path $PSScriptRoot Runbook.psm1)

$summary = Invoke-Runbook -Name Measure-UnusedPermission -LogPath $LogPath -StatePath $StatePath -TimeLimit $TimeLimit -Preview:$WhatIfPreference -Body {
    param($Run)
    $since = $Run.Started.AddDays(-$UnusedDays)
    function Test-Wanted([string] $Name) { @($Principal | Where-Object { $Name -like $_ }).Count -gt 0 }

    $found = @(Invoke-RunbookStep Permissions {
            $options = @{ Trail = $Trail }
            if ($Baseline) { $options.Baseline = $Baseline }
            if ('*' -notin $Principal) { $options.Principal = $Principal }
            $failed = $null
            Measure-LabPolicy @options -ErrorVariable failed -ErrorAction SilentlyContinue | Where-Object Id -In UnusedPermission, UnusedPrincipal
            foreach ($problem in $failed) { Add-RunbookFinding -ErrorRecord $problem }
        })
    foreach ($finding in $found) { Add-RunbookFinding $finding.Why -Target "$($finding.Principal)" -Code $finding.Id -Action $finding.Fix }

    $roles = @(Invoke-RunbookStep Roles {
            foreach ($role in Get-LabRole | Where-Object { Test-Wanted $_.Name }) {
                Assert-RunbookTime
                # A role of a list does not say when it was last used.
                $role = Get-LabRole $role.Name
                # One that is younger had no time to be used.
                if ($role.CreateDate -lt $since -and ($null -eq $role.LastUsed -or $role.LastUsed -lt $since)) { $role }
            }
        })
    foreach ($role in $roles) { Add-RunbookFinding "The role was last used: $(Format-RunbookTime $role.LastUsed)." -Target $role.Name -Code UnusedRole -Action "Remove-LabRole $($role.Name) if nobody needs it." }

    $keys = @(Invoke-RunbookStep Keys {
            Get-LabUser | Where-Object { Test-Wanted $_.Name } | Get-LabAccessKey -IncludeLastUsed |
                Where-Object { $_.Status -eq 'Active' -and $_.CreateDate -lt $since -and ($null -eq $_.LastUsed -or $_.LastUsed -lt $since) }
        })
    foreach ($key in $keys) { Add-RunbookFinding "The access key of '$($key.UserName)' was last used: $(Format-RunbookTime $key.LastUsed)." -Target $key.AccessKeyId -Code UnusedKey -Action "Remove-LabAccessKey $($key.AccessKeyId) $($key.UserName) -Deactivate" }

    $Run.Result.Policies = 0
    if ($PolicyFolder) {
        Invoke-RunbookStep Policies {
            foreach ($name in $found | Where-Object Id -EQ UnusedPermission | ForEach-Object { "$($_.Principal)" } | Sort-Object -Unique) {
                $file = Join-Path $PolicyFolder "$($name -replace '[^\w.-]+', '-').json"
                if (-not $PSCmdlet.ShouldProcess($file, 'Write suggested policy')) { continue }
                try {
                    $document = "$(New-LabPolicyDocument -FromTrail $Trail -Principal $name)"
                    $null = New-Item -ItemType Directory -Force $PolicyFolder
                    Set-Content -LiteralPath $file $document
                    $Run.Result.Policies++
                }
                catch { Add-RunbookFinding -ErrorRecord $_ -Target $name }
            }
        }
    }
    $Run.Result.Principals = @($found | Where-Object Id -EQ UnusedPrincipal).Count
    $Run.Result.Permissions = @($found | Where-Object Id -EQ UnusedPermission).Count
    $Run.Result.Roles = $roles.Count
    $Run.Result.Keys = $keys.Count
    if ($ReportPath -and $PSCmdlet.ShouldProcess($ReportPath, 'Write report')) {
        Save-RunbookReport $ReportPath $Run.Findings -Title 'Unused permissions' -Property Severity, Code, Target, Message, Action
    }
}
$summary
exit $summary.ExitCode
