#!/usr/bin/env pwsh
#Requires -Version 7.6

<#
.SYNOPSIS
Removes images that no container uses, keeping the newest of each repository.
.DESCRIPTION
Clear-LabImage decides what goes: an image that a container uses always stays, even if the container does not run. Only images that are old enough and not
among the newest of their repository are removed. -WhatIf shows each of them and how many bytes they free. With -MinimumFreeGB nothing is removed while the
disk of -DiskPath has so much space.

Exit code: 0 fine; 1 an image could not be removed; 2 nothing could be done (no engine); 3 the clean-up is running.
.PARAMETER Image
Only images with these names; wildcards are allowed. All if omitted.
.PARAMETER Keep
Number of images of each repository that stay, the newest.
.PARAMETER OlderThanDays
Only images built more than so many days ago.
.PARAMETER Label
Only images with all of these labels: name or name=value.
.PARAMETER MinimumFreeGB
Does nothing while the disk has so much free space.
.PARAMETER DiskPath
Folder on the disk that the engine uses.
.PARAMETER IncludeBuildCache
Also removes build cache that was not used for -OlderThanDays.
.PARAMETER ReportPath
File for the list of what was removed: JSON, or Markdown if it is named *.md.
.PARAMETER LogPath
File to which the log is appended as JSON lines.
.PARAMETER StatePath
Folder of the locks, instead of $env:CLOUDLAB_RUNBOOK_STATE or a folder of the user.
.PARAMETER TimeLimit
After this time the run ends at the next image.
.EXAMPLE
./Clear-OldImage.ps1 -Image movies/* -Keep 3 -WhatIf

Shows what would be removed.
.EXAMPLE
pwsh -NoProfile -File Clear-OldImage.ps1 -Keep 3 -OlderThanDays 14 -MinimumFreeGB 20 -LogPath /var/log/images.jsonl

The line for a scheduler.
.OUTPUTS
CloudLab.Runbook.Summary, whose Result has Before, Due, Removed, Bytes, Skipped. With -WhatIf Removed is 0, and Due and Bytes say what would be removed.
#>
[CmdletBinding(SupportsShouldProcess)]
[OutputType('CloudLab.Runbook.Summary')]
param(
    [Parameter(Position = 0)] [SupportsWildcards()] [ValidateNotNullOrWhiteSpace()] [string[]] $Image,
    [ValidateRange(1, 10000)] [int] $Keep = 3,
    [ValidateRange(0, 36500)] [int] $OlderThanDays = 14,
    [ValidateNotNullOrWhiteSpace()] [string[]] $Label,
    [ValidateRange(0, 1000000)] [int] $MinimumFreeGB = 0,
    [ValidateScript({ Test-Path -LiteralPath $_ -PathType Container }, ErrorMessage = "There is no folder '{0}'.")] [string] $DiskPath = [IO.Path]::GetPathRoot($PSScriptRoot),
    [switch] $IncludeBuildCache,
    [string] $ReportPath,
    [string] $LogPath,
    [string] $StatePath,
    [ValidateScript({ $_ -gt [TimeSpan]::Zero }, ErrorMessage = 'The time limit must be more than zero.')] [TimeSpan] $TimeLimit = '01:00:00'
)
$ErrorActionPreference = 'Stop'
Import-Module (Join-Path $PSScriptRoot Runbook.psm1)

$summary = Invoke-Runbook -Name Clear-OldImage -LogPath $LogPath -StatePath $StatePath -TimeLimit $TimeLimit -Preview:$WhatIfPreference -Body {
    param($Run)
    $Run.Result.Before = @(Invoke-RunbookStep List { Get-LabImage }).Count
    $Run.Result.Due = $Run.Result.Removed = $Run.Result.Bytes = 0
    $free = [IO.DriveInfo]::new((Resolve-Path -LiteralPath $DiskPath).ProviderPath).AvailableFreeSpace / 1GB
    $Run.Result.Skipped = $MinimumFreeGB -gt 0 -and $free -ge $MinimumFreeGB
    if ($Run.Result.Skipped) {
        Write-RunbookLog "$([Math]::Round($free, 1)) GB are free on '$DiskPath': nothing has to be removed"
        return
    }
    $choice = @{ Keep = $Keep; OlderThan = [TimeSpan]::FromDays($OlderThanDays) }
    if ($Image) { $choice.Image = $Image }
    if ($Label) { $choice.Label = $Label }
    $removed = @(Invoke-RunbookStep Remove -Changes {
            $failed = $null
            # With -WhatIf it writes the same objects and removes nothing.
            Clear-LabImage @choice -Force -ErrorVariable failed -ErrorAction SilentlyContinue | ForEach-Object {
                Assert-RunbookTime
                Write-RunbookLog "$($Run.WhatIf ? 'would remove' : 'removed') $($_.Image), $($_.Size) bytes"
                $_
            }
            foreach ($problem in $failed) { Add-RunbookFinding -ErrorRecord $problem -Target "$($problem.TargetObject)" }
        })
    $Run.Result.Due = $removed.Count + $Run.Findings.Count
    $Run.Result.Removed = $Run.WhatIf ? 0 : $removed.Count
    $Run.Result.Bytes = [long] ($removed | Measure-Object Size -Sum).Sum
    if ($IncludeBuildCache) {
        Invoke-RunbookStep BuildCache -Changes {
            try { $null = Clear-LabBuildCache -OlderThan $choice.OlderThan -Force }
            catch { Add-RunbookFinding -ErrorRecord $_ -Target 'build cache' }
        }
    }
    if ($ReportPath -and $PSCmdlet.ShouldProcess($ReportPath, 'Write report')) {
        Save-RunbookReport $ReportPath @($removed | Select-Object Image, Id, Created, Size) -Title 'Images removed' -Property Image, Id, Created, Size
    }
}
$summary
exit $summary.ExitCode
