#!/usr/bin/env pwsh
#Requires -Version 7.6

<#
.SYNOPSIS
Replaces the access key of a user in steps that never leave the user without a working key.
.DESCRIPTION
Run it daily. What is due is decided by what IAM says about the keys of the user:

- One active key older than -MaxAgeDays: a new one is created, verified (GetCallerIdentity) and handed over; then the old one is deactivated, at once or,
  with -GraceDays, by a later run. A key that is still being used then stays active, and that is a finding.
- An old key that is inactive, -RemoveAfterDays after the new one was created: it is deleted.
- Two keys and no way to tell which one is needed: nothing is done, and the finding says what to do. A user can have no third key.

Until the new key has been verified and handed over, the old one is not touched. If either fails, the new key is removed again. That a key was handed over is
noted in a tag of the user (runbook-handed-over), so that a later run knows it even if this one is killed in between.
(Update-LabAccessKey does the same in one go where nothing has to be told to others in between.)

The secret is given to the receiver only; log, summary and errors show ***.

Exit code: 0 fine, also if nothing is due; 1 something is left to do; 2 nothing could be done (no such user, no connection); 3 the rotation of this
user is running.
.PARAMETER User
Name of the user.
.PARAMETER HandOver
Script block that gives the key to whoever needs it: its argument is the key, with UserName, AccessKeyId and Credential. If it throws, the key counts as not
handed over.
.PARAMETER HandOverScript
The same as a script file, for schedulers.
.PARAMETER SecretName
Secret of Kubernetes to write the key to, as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; its other values stay.
.PARAMETER SecretNamespace
Namespace of the Secret.
.PARAMETER ProfileName
Profile of the shared credentials file (AWS_SHARED_CREDENTIALS_FILE, or ~/.aws/credentials) to write the key to.
.PARAMETER MaxAgeDays
Age in days from which a key is replaced.
.PARAMETER GraceDays
Days that the old key stays active after the new one was handed over.
.PARAMETER RemoveAfterDays
Days from the creation of the new key until the old one is deleted; until then it can be activated again.
.PARAMETER VerifySeconds
How long to wait for the service to accept the new key.
.PARAMETER LogPath
File to which the log is appended as JSON lines.
.PARAMETER StatePath
Folder of the locks, instead of $env:CLOUDLAB_RUNBOOK_STATE or a folder of the user.
.PARAMETER TimeLimit
After this time the run ends at the next step.
.EXAMPLE
./Update-AccessKey.ps1 ann -HandOver { param($key) Set-Content ann.key $key.Credential.GetNetworkCredential().Password } -WhatIf

Shows what is due.
.EXAMPLE
pwsh -NoProfile -File Update-AccessKey.ps1 -User ann -SecretName aws -SecretNamespace movies -MaxAgeDays 90 -GraceDays 1 -LogPath /var/log/keys.jsonl

The line for a scheduler: the new key goes to a Secret.
.OUTPUTS
CloudLab.Runbook.Summary, whose Result has User, Action, NewKey, OldKey.
#>
[CmdletBinding(SupportsShouldProcess, DefaultParameterSetName = 'Block')]
[OutputType('CloudLab.Runbook.Summary')]
param(
    [Parameter(Mandatory, Position = 0)] [ValidateNotNullOrWhiteSpace()] [string] $User,
    [Parameter(Mandatory, ParameterSetName = 'Block')] [scriptblock] $HandOver,
    [Parameter(Mandatory, ParameterSetName = 'File')] [ValidateScript({ Test-Path -LiteralPath $_ -PathType Leaf }, ErrorMessage = "There is no script '{0}'.")] [string] $HandOverScript,
    [Parameter(Mandatory, ParameterSetName = 'Secret')] [ValidateNotNullOrWhiteSpace()] [string] $SecretName,
    [Parameter(ParameterSetName = 'Secret')] [ValidateNotNullOrWhiteSpace()] [string] $SecretNamespace = 'default',
    [Parameter(Mandatory, ParameterSetName = 'Profile')] [ValidatePattern('^[^\[\]\s]+$')] [string] $ProfileName,
    [ValidateRange(0, 36500)] [int] $MaxAgeDays = 90,
    [ValidateRange(0, 365)] [int] $GraceDays = 0,
    [ValidateScript({ $_ -ge $GraceDays }, ErrorMessage = 'The old key cannot be deleted before it is deactivated: -RemoveAfterDays is at least -GraceDays.')] [int] $RemoveAfterDays = 7,
    [ValidateRange(0, 3600)] [int] $VerifySeconds = 60,
    [string] $LogPath,
    [string] $StatePath,
    [ValidateScript({ $_ -gt [TimeSpan]::Zero }, ErrorMessage = 'The time limit must be more than zero.')] [TimeSpan] $TimeLimit = '00:15:00'
)
$ErrorActionPreference = 'Stop'
Import-Module (Join-Path $PSScriptRoot Runbook.psm1)

# Asks STS with the key until it is accepted: a new key takes some seconds to be known everywhere.
function Test-NewKey([object] $Key) {
    $until = [DateTimeOffset]::UtcNow.AddSeconds($VerifySeconds)
    while ($true) {
        try { return Get-LabCallerIdentity -Credential $Key.Credential }
        catch {
            if ([DateTimeOffset]::UtcNow -ge $until) { throw }
            Write-RunbookLog "the new key is not accepted yet: $($_.Exception.Message)"
            Start-Sleep -Seconds 2
        }
    }
}

# Writes the key to the credentials file: all of it or, if something fails, nothing.
function Set-ProfileKey([Net.NetworkCredential] $Secret) {
    $file = $env:AWS_SHARED_CREDENTIALS_FILE ? $env:AWS_SHARED_CREDENTIALS_FILE : (Join-Path $HOME .aws credentials)
    $lines = [Collections.Generic.List[string]] @((Test-Path -LiteralPath $file) ? [IO.File]::ReadAllLines($file) : @())
    $new = "aws_access_key_id = $($Secret.UserName)", "aws_secret_access_key = $($Secret.Password)"
    $start = $lines.FindIndex({ param($line) $line -match "^\s*\[\s*$([regex]::Escape($ProfileName))\s*\]" })
    if ($start -lt 0) { $lines.AddRange([string[]] @("[$ProfileName]"; $new)) }
    else {
        # Other settings of the profile stay; a session token belongs to the old key.
        $end = $start + 1
        while ($end -lt $lines.Count -and $lines[$end] -notmatch '^\s*\[') {
            if ($lines[$end] -match '^\s*aws_(access_key_id|secret_access_key|session_token)\s*=') { $lines.RemoveAt($end) } else { $end++ }
        }
        $lines.InsertRange($start + 1, [string[]] $new)
    }
    $null = [IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName([IO.Path]::GetFullPath($file)))
    $part = "$file.$PID.part"
    $options = [IO.FileStreamOptions] @{ Mode = 'Create'; Access = 'Write' }
    if (-not $IsWindows) { $options.UnixCreateMode = 'UserRead, UserWrite' }
    $writer = [IO.StreamWriter]::new($part, [Text.UTF8Encoding]::new($false), $options)
    try { foreach ($line in $lines) { $writer.Write("$line`n") } } finally { $writer.Dispose() }
    [IO.File]::Move($part, $file, $true)
}

function Set-SecretKey([Net.NetworkCredential] $Secret) {
    # Apply of two values and a note of when; whatever else the Secret has belongs to others and stays.
    $manifest = New-LabManifest Secret $SecretName -Namespace $SecretNamespace -Data @{ AWS_ACCESS_KEY_ID = $Secret.UserName; AWS_SECRET_ACCESS_KEY = $Secret.Password } -Annotation @{ 'runbooks/rotated-at' = [DateTimeOffset]::UtcNow.ToString('o') }
    $null = $manifest | Deploy-LabManifest -FieldManager runbook-update-accesskey -Force -ErrorAction Stop
}

function Send-Key([object] $Key) {
    switch ($PSCmdlet.ParameterSetName) {
        Block { $null = & $HandOver $Key }
        File { $null = & $HandOverScript $Key }
        Secret { Set-SecretKey $Key.Credential.GetNetworkCredential() }
        Profile { Set-ProfileKey $Key.Credential.GetNetworkCredential() }
    }
}

# After an error: whether the receiver has the key all the same. What a script block throws means that it has not.
function Get-HandOverState([object] $Key) {
    if ($PSCmdlet.ParameterSetName -ne 'Secret') { return 'Missing' }
    try {
        $secret = Get-LabResource secret $SecretName -Namespace $SecretNamespace -ErrorAction Stop
        $id = $secret.Data['AWS_ACCESS_KEY_ID']
        $id -and [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($id)) -eq $Key.AccessKeyId ? 'Arrived' : 'Missing'
    }
    catch { $_.FullyQualifiedErrorId -like 'NotFound*' ? 'Missing' : 'Unknown' }
}

$summary = Invoke-Runbook -Name Update-AccessKey -Key $User -LogPath $LogPath -StatePath $StatePath -TimeLimit $TimeLimit -Preview:$WhatIfPreference -Body {
    param($Run)
    $Run.Result.User = $User
    $Run.Result.Action = 'None'
    $Run.Result.NewKey = $Run.Result.OldKey = $null
    $now = $Run.Started
    $keys = @(Invoke-RunbookStep List { Get-LabAccessKey $User -IncludeLastUsed } | Sort-Object CreateDate, { $_.Status -eq 'Active' } -Descending)
    foreach ($key in $keys) { Write-RunbookLog "key $($key.AccessKeyId) is $($key.Status), created $(Format-RunbookTime $key.CreateDate), last used $(Format-RunbookTime $key.LastUsed)" }
    $active = @($keys | Where-Object Status -EQ Active)
    $new, $old = $keys

    if (-not $active) {
        Add-RunbookFinding "The user '$User' has no active access key." -Target $User -Code NoActiveKey -Severity Error -Action "If one is needed: New-LabAccessKey $User, or Remove-LabAccessKey -Activate for one that it has."
        return
    }
    if ($old -and $new.Status -ne 'Active') {
        # Somebody went back to the old key.
        if (($now - $old.CreateDate).TotalDays -ge $MaxAgeDays) {
            Add-RunbookFinding "The key of '$User' is due, but there is no room for a new one: the newer key $($new.AccessKeyId) is inactive." -Target $User -Code TwoKeys -Action "Find out why it was deactivated. If nobody needs it: Remove-LabAccessKey $($new.AccessKeyId) $User. Then run again."
        }
        return
    }
    if ($old -and $old.Status -eq 'Active') {
        $Run.Result.OldKey, $Run.Result.NewKey = $old.AccessKeyId, $new.AccessKeyId
        if (($now - $new.CreateDate).TotalDays -lt $GraceDays) {
            Write-RunbookLog "the old key $($old.AccessKeyId) stays active until $(Format-RunbookTime $new.CreateDate.AddDays($GraceDays))"
            return
        }
        # A run that was killed after creating a key has not handed it over: then only the old one is known to anybody.
        $isHandedOver = (Get-LabUser $User).Tags['runbook-handed-over'] -eq $new.AccessKeyId
        if (-not $isHandedOver) {
            Add-RunbookFinding "The user '$User' has two active keys, and there is no note that the newer one, $($new.AccessKeyId), was handed over." -Target $User -Code TwoKeys -Action "Remove the one that nobody needs: Remove-LabAccessKey $($new.AccessKeyId) $User if a rotation was aborted. Both work until then."
            return
        }
        if ($old.LastUsed -ge $new.CreateDate.AddDays($GraceDays)) {
            Add-RunbookFinding "The old key $($old.AccessKeyId) of '$User' is still being used ($($old.LastUsedService), $(Format-RunbookTime $old.LastUsed))." -Target $User -Code OldKeyUsed -Action "Find out who uses it and give them the new key. Both work until then; Remove-LabAccessKey $($old.AccessKeyId) $User -Deactivate ends it."
            return
        }
        if ($PSCmdlet.ShouldProcess("$User/$($old.AccessKeyId)", 'Deactivate old access key')) {
            Invoke-RunbookStep Deactivate -Changes { Remove-LabAccessKey $old.AccessKeyId $User -Deactivate -Force }
            $Run.Result.Action = 'Deactivated'
        }
        return
    }
    if ($old) {
        if (($now - $new.CreateDate).TotalDays -lt $RemoveAfterDays) {
            Write-RunbookLog "the inactive key $($old.AccessKeyId) stays until $(Format-RunbookTime $new.CreateDate.AddDays($RemoveAfterDays))"
            return
        }
        $Run.Result.OldKey = $old.AccessKeyId
        if ($PSCmdlet.ShouldProcess("$User/$($old.AccessKeyId)", 'Delete inactive access key')) {
            Invoke-RunbookStep Remove -Changes { Remove-LabAccessKey $old.AccessKeyId $User -Force }
            $Run.Result.Action = 'Removed'
        }
    }
    if (($now - $new.CreateDate).TotalDays -lt $MaxAgeDays) {
        Write-RunbookLog "the key $($new.AccessKeyId) is due on $(Format-RunbookTime $new.CreateDate.AddDays($MaxAgeDays))"
        return
    }

    $old = $new
    $Run.Result.OldKey = $old.AccessKeyId
    if (-not $PSCmdlet.ShouldProcess("$User/$($old.AccessKeyId)", "Replace access key and hand the new one over ($($PSCmdlet.ParameterSetName))")) { return }
    $new = Invoke-RunbookStep Create -Changes { New-LabAccessKey $User }
    Add-RunbookSecret $new.Credential.GetNetworkCredential().Password
    $Run.Result.NewKey = $new.AccessKeyId
    try {
        Invoke-RunbookStep Verify {
            $identity = Test-NewKey $new
            if ($identity.Arn -notmatch ":user/(.+/)?$([regex]::Escape($User))$") { Stop-Runbook "The new key is that of $($identity.Arn), not of '$User'." -Code WrongIdentity -Action 'Look at the server that answers: Get-LabSession.' }
        }
        Invoke-RunbookStep HandOver -Changes { Send-Key $new }
    }
    catch {
        $state = Get-HandOverState $new
        if ($state -ne 'Arrived') {
            $Run.Result.NewKey = $null
            $then = "$($old.AccessKeyId) works as before. Correct the reason and run again."
            if ($state -eq 'Missing') {
                # Nobody has it.
                try {
                    Remove-LabAccessKey $new.AccessKeyId $User -Force
                    Write-RunbookLog "the new key $($new.AccessKeyId) was removed again"
                }
                catch { $state = 'Unknown' }
            }
            if ($state -eq 'Unknown') {
                $Run.Result.NewKey = $new.AccessKeyId
                $then = "$($old.AccessKeyId) works as before. The new key $($new.AccessKeyId) is there, too: see whether anybody has it, and if not, Remove-LabAccessKey $($new.AccessKeyId) $User. Then run again."
            }
            Add-RunbookFinding "The new key of '$User' could not be verified and handed over: $($_.Exception.Message)" -Target $User -Code NotHandedOver -Severity Error -Action $then
            return
        }
        Write-RunbookLog "the hand-over reported an error, but the key has arrived: $($_.Exception.Message)" -Level Warning
    }
    $Run.Result.Action = 'Created'
    try {
        $tags = @{ 'runbook-handed-over' = $new.AccessKeyId }
        foreach ($tag in (Get-LabUser $User).Tags.GetEnumerator()) { $tags[$tag.Key] ??= $tag.Value }
        Set-LabUser $User -Tag $tags
    }
    catch {
        Add-RunbookFinding "The key was handed over, but that could not be noted in a tag of '$User': $($_.Exception.Message)" -Target $User -Code NoteFailed -Action 'Allow iam:TagUser. A later run leaves the old key active, because it cannot know.'
    }
    if ($GraceDays) {
        Write-RunbookLog "the old key $($old.AccessKeyId) stays active for $GraceDays days"
        return
    }
    try {
        Invoke-RunbookStep Deactivate -Changes { Remove-LabAccessKey $old.AccessKeyId $User -Deactivate -Force }
        $Run.Result.Action = 'Replaced'
    }
    catch {
        Add-RunbookFinding "The new key was handed over and works; the old one, $($old.AccessKeyId), could not be deactivated: $($_.Exception.Message)" -Target $User -Code OldKeyActive -Severity Error -Action "Remove-LabAccessKey $($old.AccessKeyId) $User -Deactivate"
    }
}
$summary
exit $summary.ExitCode
