#!/usr/bin/env pwsh
#Requires -Version 7.6

<#
.SYNOPSIS
Reports where a cluster differs from the manifests of a folder.
.DESCRIPTION
Compare-LabManifest applies each object in a dry run and compares, so defaults and the fields of other managers are no difference. Values of Secrets are
masked. The cluster is not changed.

Exit code: 0 no drift; 1 drift, or a manifest could not be compared; 2 nothing could be compared (no manifests, no cluster); 3 another run about
the same manifests is in progress.
.PARAMETER Path
Files or folders with manifests; wildcards are allowed where there is no file or folder of that name.
.PARAMETER Namespace
Namespace for objects that name none.
.PARAMETER Context
Context of the kubeconfig; the current one if omitted.
.PARAMETER IgnorePath
Paths of fields that may differ, with wildcards: spec.replicas, metadata.annotations.*
.PARAMETER ReportPath
Files for the report: JSON, or Markdown if named *.md.
.PARAMETER LogPath
File to which the log is appended as JSON lines.
.PARAMETER StatePath
Folder of the locks, instead of $env:CLOUDLAB_RUNBOOK_STATE or a folder of the user.
.PARAMETER TimeLimit
After this time the run ends at the next object.
.EXAMPLE
./Test-ManifestDrift.ps1 ./deploy -Namespace movies | ForEach-Object Result | ForEach-Object Drift

The objects that differ.
.EXAMPLE
pwsh -NoProfile -File Test-ManifestDrift.ps1 -Path deploy -Namespace movies -IgnorePath spec.replicas -ReportPath drift.md

The line for a scheduler.
.OUTPUTS
CloudLab.Runbook.Summary, whose Result has Objects, Unchanged, Changed, Missing, Drift.
#>
[CmdletBinding(SupportsShouldProcess)]
[OutputType('CloudLab.Runbook.Summary')]
param(
    [Parameter(Mandatory, Position = 0)] [SupportsWildcards()] [ValidateNotNullOrWhiteSpace()] [string[]] $Path,
    [string] $Namespace,
    [string] $Context,
    [SupportsWildcards()] [ValidateNotNullOrWhiteSpace()] [string[]] $IgnorePath,
    [string[]] $ReportPath,
    [string] $LogPath,
    [string] $StatePath,
    [ValidateScript({ $_ -gt [TimeSpan]::Zero }, ErrorMessage = 'The time limit must be more than zero.')] [TimeSpan] $TimeLimit = '00:30:00'
)
$ErrorActionPreference = 'Stop'
Import-Module (Join-Path $PSScriptRoot Runbook.psm1)

$summary = Invoke-Runbook -Name Test-ManifestDrift -Key "$Context $Namespace $Path" -LogPath $LogPath -StatePath $StatePath -TimeLimit $TimeLimit -Preview:$WhatIfPreference -Body {
    param($Run)
    # A name that there is counts as it is written, brackets and all.
    $places = @($Path | ForEach-Object { (Test-Path -LiteralPath $_) ? [WildcardPattern]::Escape($_) : $_ })
    if (-not (Test-Path $places)) { Stop-Runbook "'$($Path -join ', ')' does not exist." -Code ManifestNotFound -Action 'Name the folder of the manifests with -Path; on a scheduler as a full path.' }
    $place = @{}
    if ($Namespace) { $place.Namespace = $Namespace }
    if ($Context) { $place.Context = $Context }
    $rows = @(Invoke-RunbookStep Compare {
            $failed = $null
            # -Force: a field that somebody else has taken is what is looked for, not a conflict.
            Compare-LabManifest -Path $places -Recurse -Force @place -ErrorVariable failed -ErrorAction SilentlyContinue | ForEach-Object {
                Assert-RunbookTime
                $changes = @($_.Changes | Where-Object { $field = $_.Path; -not ($IgnorePath | Where-Object { $field -like $_ }) })
                $isMissing = "$($_.Status)" -eq 'Created'
                [pscustomobject] @{
                    Kind = $_.Kind; Name = $_.Name; Namespace = $_.Namespace
                    Status = $isMissing ? 'Missing' : $changes ? 'Changed' : 'Unchanged'
                    Changes = @(if (-not $isMissing) { $changes | ForEach-Object { "$_" } })
                    Source = "$($_.Source)"
                }
            }
            foreach ($problem in $failed) { Add-RunbookFinding -ErrorRecord $problem -Target "$($problem.TargetObject)" }
        })
    $drift = @($rows | Where-Object Status -NE Unchanged)
    foreach ($row in $drift) {
        $target = "$($row.Kind)/$($row.Name)" + ($row.Namespace ? " in $($row.Namespace)" : '')
        $source = $row.Source -match '^[\w./\\:-]+$' ? $row.Source : "-LiteralPath '$($row.Source.Replace("'", "''"))'"
        if ($row.Status -eq 'Missing') { Add-RunbookFinding "$target is not in the cluster." -Target $target -Code ObjectMissing -Action "Deploy-LabManifest $source, or remove it from the manifests." }
        else { Add-RunbookFinding "$target differs: $($row.Changes -join '; ')." -Target $target -Code ObjectChanged -Action "Find out who changed it, then Deploy-LabManifest $source, or change the manifest." }
    }
    $Run.Result.Objects = $rows.Count
    $Run.Result.Unchanged = $rows.Count - $drift.Count
    $Run.Result.Changed = @($drift | Where-Object Status -EQ Changed).Count
    $Run.Result.Missing = @($drift | Where-Object Status -EQ Missing).Count
    foreach ($file in $ReportPath) {
        if ($PSCmdlet.ShouldProcess($file, 'Write report')) { Save-RunbookReport $file $drift -Title 'Drift' -Property Status, Kind, Namespace, Name, Changes, Source }
    }
    $Run.Result.Drift = $drift
    if (-not $rows -and $Run.Findings.Count) { Stop-Runbook 'No manifest could be compared.' -Code NothingCompared -Action 'See the findings.' }
    if (-not $rows) { Stop-Runbook "There are no manifests in '$($Path -join ', ')'." -Code ManifestNotFound -Action 'Name the folder of the manifests with -Path.' }
}
$summary
exit $summary.ExitCode
