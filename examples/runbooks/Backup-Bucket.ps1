#!/usr/bin/env pwsh
#Requires -Version 7.6

<#
.SYNOPSIS
Copies a bucket into a dated folder of another bucket, verifies the copy, and removes old backups.
.DESCRIPTION
The objects are copied within the service to s3://DESTINATION/PREFIX/20261129T020000Z/. Then both sides are compared by size and by ETag or
checksum; what cannot be compared so, or differs, is downloaded from both and compared byte for byte. Only after that is
20261129T020000Z.json written beside the folder: a backup with this file is a good one. Objects that were written or removed while the backup ran are
no mismatch; the next backup has them. Of a bucket with versions, the latest are copied.

Old backups are removed only after today's was verified: those older than -KeepDays, but never one of the newest -KeepCount good ones. Folders that an
aborted backup left are removed at the same age.

Exit code: 0 fine; 1 objects could not be copied or differ, or old backups could not be removed; 2 nothing could be done (bucket missing, no
connection); 3 the backup of this bucket is still running.
.PARAMETER Bucket
Bucket to back up.
.PARAMETER DestinationBucket
Bucket for the backups; not the same one.
.PARAMETER DestinationPrefix
Folder for the backups in it. The name of the bucket if omitted.
.PARAMETER KeepDays
Age in days up to which all backups are kept.
.PARAMETER KeepCount
Number of good backups that are kept whatever their age.
.PARAMETER VerifyContent
Downloads each object and its copy and compares their bytes, even if the checksums say that they are equal.
.PARAMETER AllowEmpty
Accepts an empty bucket. Without it, that is a finding and no backup.
.PARAMETER LogPath
File to which the log is appended as JSON lines.
.PARAMETER StatePath
Folder of the locks, instead of $env:CLOUDLAB_RUNBOOK_STATE or a folder of the user.
.PARAMETER TimeLimit
After this time the run ends at the next object.
.EXAMPLE
./Backup-Bucket.ps1 movies movies-backup -WhatIf

Shows how much would be copied, and which old backups would be removed.
.EXAMPLE
pwsh -NoProfile -File Backup-Bucket.ps1 -Bucket movies -DestinationBucket movies-backup -KeepDays 30 -KeepCount 7 -LogPath /var/log/backup.jsonl

The line for a scheduler.
.OUTPUTS
CloudLab.Runbook.Summary, whose Result has Backup, Objects, Bytes, Mismatches, Removed, Kept.
#>
[CmdletBinding(SupportsShouldProcess)]
[OutputType('CloudLab.Runbook.Summary')]
param(
    [Parameter(Mandatory, Position = 0)] [ValidateNotNullOrWhiteSpace()] [string] $Bucket,
    [Parameter(Mandatory, Position = 1)] [ValidateNotNullOrWhiteSpace()]
    [ValidateScript({ $_ -ne $Bucket }, ErrorMessage = 'The backups of a bucket cannot be in it: name another bucket.')] [string] $DestinationBucket,
    [ValidatePattern('^[^/].*[^/]$|^[^/]$', ErrorMessage = "'{0}' is not a folder: it begins or ends with a slash.")] [string] $DestinationPrefix = $Bucket,
    [ValidateRange(0, 36500)] [int] $KeepDays = 30,
    [ValidateRange(1, 10000)] [int] $KeepCount = 7,
    [switch] $VerifyContent,
    [switch] $AllowEmpty,
    [string] $LogPath,
    [string] $StatePath,
    [ValidateScript({ $_ -gt [TimeSpan]::Zero }, ErrorMessage = 'The time limit must be more than zero.')] [TimeSpan] $TimeLimit = '12:00:00'
)
$ErrorActionPreference = 'Stop'
Import-Module (Join-Path $PSScriptRoot Runbook.psm1)

# Whether an object and its copy have the same bytes, by downloading both.
function Test-SameContent([string] $Key, [string] $CopyKey) {
    $folder = Join-Path ([IO.Path]::GetTempPath()) ([Guid]::NewGuid())
    try {
        $null = New-Item -ItemType Directory $folder -WhatIf:$false
        # Under names of its own: a key need not be a name that a file can have.
        $hashes = foreach ($object in @{ Bucket = $Bucket; Key = $Key; OutFile = "$folder/a" }, @{ Bucket = $DestinationBucket; Key = $CopyKey; OutFile = "$folder/b" }) {
            $null = Receive-LabObject @object -ErrorAction Stop
            (Get-FileHash -LiteralPath $object.OutFile -Algorithm SHA256).Hash
        }
        $hashes[0] -eq $hashes[1]
    }
    finally { Remove-Item -LiteralPath $folder -Recurse -Force -ErrorAction Ignore -WhatIf:$false }
}

$summary = Invoke-Runbook -Name Backup-Bucket -Key "$Bucket $DestinationBucket/$DestinationPrefix" -LogPath $LogPath -StatePath $StatePath -TimeLimit $TimeLimit -Preview:$WhatIfPreference -Body {
    param($Run)
    $stamp = $Run.Started.ToString('yyyyMMdd\THHmmss\Z')
    $folder = "$DestinationPrefix/$stamp/"
    $target = "s3://$DestinationBucket/$folder"
    $Run.Result.Backup = $target

    $old = Invoke-RunbookStep List {
        foreach ($name in $Bucket, $DestinationBucket) {
            if (-not (Test-LabBucket $name)) {
                Stop-Runbook "The bucket '$name' does not exist, or not for these credentials." -Code BucketMissing -Action 'Get-LabBucket lists the buckets, Get-LabSession shows which server and credentials are used.'
            }
        }
        $usage = Measure-LabBucket $Bucket
        $Run.Result.Objects = $usage.ObjectCount
        $Run.Result.Bytes = $usage.Size
        # Only names that a backup of this runbook has: whatever else is in the folder is not touched.
        $entries = Get-LabObject -Bucket $DestinationBucket -Prefix "$DestinationPrefix/" -Delimiter /
        foreach ($entry in $entries) {
            if (($entry.Key ?? $entry.Prefix).Substring($DestinationPrefix.Length + 1) -match '^(\d{8}T\d{6}Z)(/|\.json|\.partial)$') {
                [pscustomobject] @{ Stamp = $Matches[1]; Part = $Matches[2] }
            }
        }
    } | Group-Object Stamp | ForEach-Object {
        [pscustomobject] @{ Stamp = $_.Name; Good = '.json' -in $_.Group.Part; Time = [DateTimeOffset]::ParseExact($_.Name, 'yyyyMMdd\THHmmss\Z', [cultureinfo]::InvariantCulture, 'AssumeUniversal') }
    }
    if (-not $Run.Result.Objects -and -not $AllowEmpty) {
        Add-RunbookFinding "The bucket '$Bucket' is empty: no backup was made and none was removed." -Target "s3://$Bucket" -Code BucketEmpty -Severity Error -Action 'If that is intended, run with -AllowEmpty; else restore the latest backup.'
        return
    }

    $mismatches = 0
    if ($PSCmdlet.ShouldProcess($target, "Copy $($Run.Result.Objects) objects, $($Run.Result.Bytes) bytes, from s3://$Bucket and verify")) {
        $began = Invoke-RunbookStep Copy -Changes {
            # Its time is the beginning by the service's clock; it says that the folder is not a backup yet.
            (Set-LabObjectContent -Bucket $DestinationBucket -Key "$DestinationPrefix/$stamp.partial" -Value $Run.RunId -PassThru).LastModified
            $failed = $null
            $copied = @(Sync-LabObject "s3://$Bucket" $target -ErrorVariable failed -ErrorAction SilentlyContinue | ForEach-Object { Assert-RunbookTime; $_ })
            Write-RunbookLog "copied $($copied.Count) objects to $target"
            foreach ($problem in $failed) { Add-RunbookFinding -ErrorRecord $problem -Target "$($problem.TargetObject)" }
        }
        $mismatches = @(Invoke-RunbookStep Verify {
                # A synchronization that is not done: what it would do is where the two differ. -InformationAction keeps its "What if:" out of the log of a run that is none.
                $failed = $null
                $differences = @(Sync-LabObject "s3://$Bucket" $target -Checksum -Delete -Force -WhatIf -InformationAction Ignore -ErrorVariable failed -ErrorAction SilentlyContinue)
                foreach ($problem in $failed) {
                    Add-RunbookFinding -ErrorRecord $problem -Target "$($problem.TargetObject)"
                    $problem
                }
                $names = @{}
                foreach ($difference in $differences) { $names[$difference.Name] = "$($difference.Reason)" }
                if ($VerifyContent) { Get-LabObject $Bucket | Where-Object { -not $names.ContainsKey($_.Key) } | ForEach-Object { $names[$_.Key] = 'Content' } }
                foreach ($name in @($names.Keys | Sort-Object)) {
                    Assert-RunbookTime
                    # Written or removed since the beginning: what the copy has is a state that the object had.
                    $source = Get-LabObject -Bucket $Bucket -Key $name -ErrorAction SilentlyContinue
                    if (-not $source -or $source.LastModified -gt $began) {
                        Write-RunbookLog "'$name' was changed during the backup"
                        continue
                    }
                    try { $isSame = $names[$name] -notin 'Missing', 'SizeDiffers' -and (Test-SameContent $name "$folder$name") }
                    catch {
                        Add-RunbookFinding -ErrorRecord $_ -Target "$target$name"
                        $name
                        continue
                    }
                    if (-not $isSame) {
                        Add-RunbookFinding "The copy of '$name' is wrong ($($names[$name] -eq 'Content' ? 'ContentDiffers' : $names[$name]))." -Target "$target$name" -Code CopyDiffers -Severity Error -Action 'No old backup was removed. Run the backup again.'
                        $name
                    }
                }
            }).Count
        $Run.Result.Mismatches = $mismatches
        if ($Run.Findings.Count) { return }
        Invoke-RunbookStep Complete -Changes {
            $record = [ordered] @{ bucket = $Bucket; backup = $target; run = $Run.RunId; started = $Run.Started; objects = $Run.Result.Objects; bytes = $Run.Result.Bytes; content = [bool] $VerifyContent }
            Set-LabObjectContent -Bucket $DestinationBucket -Key "$DestinationPrefix/$stamp.json" -Value ($record | ConvertTo-Json) -ContentType application/json
            Remove-LabObject -Bucket $DestinationBucket -Key "$DestinationPrefix/$stamp.partial" -Force
        }
    }

    # Today's is the first of those kept.
    $limit = $Run.Started.AddDays(-$KeepDays)
    $kept = @($old | Where-Object Good | Sort-Object Stamp -Descending | Select-Object -First ($KeepCount - 1)).Stamp
    $due = @($old | Where-Object { $_.Stamp -lt $stamp -and $_.Time -lt $limit -and $_.Stamp -notin $kept } | Sort-Object Stamp)
    $Run.Result.Removed = 0
    Invoke-RunbookStep Retention -Changes {
        foreach ($backup in $due) {
            $place = "$DestinationPrefix/$($backup.Stamp)"
            if ($PSCmdlet.ShouldProcess("s3://$DestinationBucket/$place/", $backup.Good ? 'Remove old backup' : 'Remove aborted backup')) {
                try {
                    # The file that makes it a good backup goes first.
                    Remove-LabObject -Bucket $DestinationBucket -Key "$place.json", "$place.partial" -Force -ErrorAction Stop
                    Remove-LabObject -Bucket $DestinationBucket -Prefix "$place/" -Force -ErrorAction Stop
                    $Run.Result.Removed++
                    Write-RunbookLog "removed s3://$DestinationBucket/$place/"
                }
                catch { Add-RunbookFinding -ErrorRecord $_ -Target "s3://$DestinationBucket/$place/" }
            }
        }
    }
    $Run.Result.Kept = @($old | Where-Object Good).Count + 1 - @($due | Where-Object Good).Count
}
$summary
exit $summary.ExitCode
