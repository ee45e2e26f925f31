#!/usr/bin/env pwsh
#Requires -Version 7.6

<#
.SYNOPSIS
Reports certificates that expire, and Secrets and access keys that have become old.
.DESCRIPTION
Looked at are the certificates of TLS Secrets (tls.crt and ca.crt), the certificates in kubeconfig files, the age of the other Secrets, and the access keys of IAM
users. The age of a Secret counts from its annotation -RotatedAnnotation, which Update-AccessKey.ps1 writes, or else from its creation. What one of the
places does not give is a finding, and the others go on. Nothing is changed, and no value is shown.

Exit code: 0 nothing is due; 1 findings; 2 nothing could be looked at; 3 another run is in progress.
.PARAMETER Include
What to look at: TlsSecret, Secret, KubeConfig, AccessKey.
.PARAMETER Namespace
Namespace of the Secrets; all if omitted.
.PARAMETER KubeConfig
Kubeconfig files; those of the session if omitted.
.PARAMETER WarnDays
Days before its end from which a certificate is reported.
.PARAMETER MaxSecretAgeDays
Age in days from which a Secret is reported.
.PARAMETER MaxKeyAgeDays
Age in days from which an active access key is reported.
.PARAMETER RotatedAnnotation
Annotation of a Secret with the time of its last change.
.PARAMETER Exclude
Secrets not to report, as namespace/name; wildcards are allowed.
.PARAMETER ReportPath
File for the list: JSON, or Markdown if it is named *.md.
.PARAMETER LogPath
File to which the log is appended as JSON lines.
.PARAMETER StatePath
Folder of the locks, instead of $env:CLOUDLAB_RUNBOOK_STATE or a folder of the user.
.PARAMETER TimeLimit
After this time the run ends at the next item.
.EXAMPLE
./Measure-CredentialAge.ps1 -Include TlsSecret, KubeConfig | ForEach-Object Result | ForEach-Object Items | Sort-Object Days

All certificates, those that end first at the top.
.EXAMPLE
pwsh -NoProfile -File Measure-CredentialAge.ps1 -WarnDays 30 -MaxKeyAgeDays 90 -ReportPath age.md -LogPath /var/log/age.jsonl

The line for a scheduler.
.OUTPUTS
CloudLab.Runbook.Summary, whose Result has Certificates, Secrets, Keys, Items.
#>
[CmdletBinding(SupportsShouldProcess, PositionalBinding = $false)]
[OutputType('CloudLab.Runbook.Summary')]
param(
    [ValidateSet('TlsSecret', 'Secret', 'KubeConfig', 'AccessKey')] [string[]] $Include = @('TlsSecret', 'Secret', 'KubeConfig', 'AccessKey'),
    [string] $Namespace,
    [ValidateScript({ Test-Path -LiteralPath $_ -PathType Leaf }, ErrorMessage = "There is no file '{0}'.")] [string[]] $KubeConfig,
    [ValidateRange(0, 36500)] [int] $WarnDays = 30,
    [ValidateRange(1, 36500)] [int] $MaxSecretAgeDays = 365,
    [ValidateRange(1, 36500)] [int] $MaxKeyAgeDays = 90,
    [ValidateNotNullOrWhiteSpace()] [string] $RotatedAnnotation = 'runbooks/rotated-at',
    [SupportsWildcards()] [ValidateNotNullOrWhiteSpace()] [string[]] $Exclude,
    [string] $ReportPath,
    [string] $LogPath,
    [string] $StatePath,
    [ValidateScript({ $_ -gt [TimeSpan]::Zero }, ErrorMessage = 'The time limit must be more than zero.')] [TimeSpan] $TimeLimit = '00:30:00'
)
$ErrorActionPreference = 'Stop'
Import-Module (Join-Path $PSScriptRoot Runbook.psm1)

$summary = Invoke-Runbook -Name Measure-CredentialAge -Key "$Namespace $Include $KubeConfig" -LogPath $LogPath -StatePath $StatePath -TimeLimit $TimeLimit -Preview:$WhatIfPreference -Body {
    param($Run)
    $items = [Collections.Generic.List[object]]::new()
    $now = $Run.Started

    function Add-Certificate([string] $Kind, [string] $Name, [byte[]] $Pem) {
        $chain = [Security.Cryptography.X509Certificates.X509Certificate2Collection]::new()
        try {
            $chain.ImportFromPem([Text.Encoding]::UTF8.GetString($Pem))
            if (-not $chain.Count) { throw 'It has no certificate.' }
        }
        catch {
            Add-RunbookFinding "$Name cannot be read as a certificate in PEM form." -Target $Name -Code CertificateUnreadable -Severity Error -Action 'Write it again: the certificate, then those of its issuers.'
            return
        }
        foreach ($certificate in $chain) {
            $end = [DateTimeOffset] $certificate.NotAfter.ToUniversalTime()
            $days = [int] [Math]::Floor(($end - $now).TotalDays)
            $state = $end -le $now ? 'Expired' : $certificate.NotBefore.ToUniversalTime() -gt $now.UtcDateTime ? 'NotYetValid' : $days -lt $WarnDays ? 'Expires' : 'Fine'
            $items.Add([pscustomobject] @{ Kind = $Kind; Name = $Name; Subject = $certificate.Subject; Date = $end; Days = $days; State = $state })
            $text = "The certificate $($certificate.Subject) of $Name"
            switch ($state) {
                Expired { Add-RunbookFinding "$text expired on $($end.ToString('yyyy-MM-dd'))." -Target $Name -Code CertificateExpired -Severity Error -Action 'Replace it now.' }
                NotYetValid { Add-RunbookFinding "$text is not valid before $($certificate.NotBefore.ToUniversalTime().ToString('yyyy-MM-dd'))." -Target $Name -Code CertificateNotYetValid -Severity Error -Action 'Compare the clocks of this machine and of the issuer.' }
                Expires { Add-RunbookFinding "$text expires on $($end.ToString('yyyy-MM-dd')), in $days days." -Target $Name -Code CertificateExpires -Action 'Renew it.' }
            }
            $certificate.Dispose()
        }
    }

    function Add-Age([string] $Kind, [string] $Name, [DateTimeOffset] $Since, [int] $Limit, [string] $Action) {
        $days = [int] [Math]::Floor(($now - $Since).TotalDays)
        $isOld = $days -ge $Limit
        $items.Add([pscustomobject] @{ Kind = $Kind; Name = $Name; Subject = $null; Date = $Since; Days = $days; State = $isOld ? 'Old' : 'Fine' })
        if ($isOld) { Add-RunbookFinding "$Kind $Name is $days days old." -Target $Name -Code "${Kind}Old" -Action $Action }
    }

    $script:tried = $script:failed = 0
    # One place that cannot be read leaves the others.
    function Invoke-Part([string] $Name, [scriptblock] $Body) {
        $script:tried++
        try { Invoke-RunbookStep $Name $Body }
        catch {
            if ($_.FullyQualifiedErrorId -like 'RunbookTimeLimit*') { throw }
            $script:failed++
            Add-RunbookFinding -ErrorRecord $_ -Target $Name
            $script:last = $_
        }
    }

    if ($Include -contains 'TlsSecret' -or $Include -contains 'Secret') {
        Invoke-Part Secrets {
            $place = $Namespace ? @{ Namespace = $Namespace } : @{ AllNamespaces = $true }
            foreach ($secret in Get-LabResource secrets @place) {
                Assert-RunbookTime
                $name = "$($secret.Namespace)/$($secret.Name)"
                if ($Exclude | Where-Object { $name -like $_ }) { continue }
                if ($secret.Type -eq 'kubernetes.io/tls') {
                    if ($Include -notcontains 'TlsSecret') { continue }
                    foreach ($field in 'tls.crt', 'ca.crt') {
                        $value = $secret.Data[$field]
                        if ($value) { Add-Certificate TlsSecret "$name $field" ([Convert]::FromBase64String($value)) }
                        elseif ($field -eq 'tls.crt') { Add-Certificate TlsSecret "$name $field" @() }
                    }
                }
                # What Helm keeps is its history, and a bootstrap token has an end of its own.
                elseif ($Include -contains 'Secret' -and $secret.Type -notin 'helm.sh/release.v1', 'bootstrap.kubernetes.io/token') {
                    $rotated = $secret.Annotations[$RotatedAnnotation]
                    $since = $secret.CreationTimestamp
                    $time = [DateTimeOffset]::MinValue
                    if ($rotated -and [DateTimeOffset]::TryParse($rotated, [cultureinfo]::InvariantCulture, 'AssumeUniversal', [ref] $time)) { $since = $time }
                    Add-Age Secret $name $since $MaxSecretAgeDays 'Replace its values where they come from, write it anew, and note the time in its annotation.'
                }
            }
        }
    }
    if ($Include -contains 'KubeConfig') {
        Invoke-Part KubeConfig {
            $files = $KubeConfig ? (Resolve-Path -LiteralPath $KubeConfig).ProviderPath : @(Get-LabKubeContext).File
            foreach ($file in $files | Sort-Object -Unique) {
                # Read as a manifest, which it is but for the name.
                $text = (Get-Content -Raw -LiteralPath $file).TrimStart()
                $text = $text.StartsWith('{') ? '{ "metadata": { "name": "kubeconfig" }, ' + $text.Substring(1) : "metadata: { name: kubeconfig }`n" + ($text -replace '^---\s*\r?\n')
                $config = ConvertFrom-LabManifest -Manifest $text
                $parts = @(
                    foreach ($entry in $config['users']) { @{ Owner = "user $($entry['name'])"; Of = $entry['user']; Field = 'client-certificate' } }
                    foreach ($entry in $config['clusters']) { @{ Owner = "cluster $($entry['name'])"; Of = $entry['cluster']; Field = 'certificate-authority' } }
                )
                foreach ($part in $parts | Where-Object { $_.Of }) {
                    $name = "$file $($part.Owner)"
                    $data = $part.Of["$($part.Field)-data"]
                    $path = $part.Of[$part.Field]
                    if ($data) { Add-Certificate KubeConfig $name ([Convert]::FromBase64String($data)) }
                    elseif ($path) {
                        $path = [IO.Path]::GetFullPath($path, [IO.Path]::GetDirectoryName($file))
                        if (Test-Path -LiteralPath $path) { Add-Certificate KubeConfig $name ([IO.File]::ReadAllBytes($path)) }
                        else { Add-RunbookFinding "The certificate file '$path' of $name does not exist." -Target $name -Code CertificateMissing -Severity Error -Action 'Restore it, or remove the entry from the kubeconfig.' }
                    }
                }
            }
        }
    }
    if ($Include -contains 'AccessKey') {
        Invoke-Part AccessKeys {
            foreach ($key in Get-LabUser | Get-LabAccessKey | Where-Object Status -EQ Active) {
                Assert-RunbookTime
                Add-Age AccessKey "$($key.UserName)/$($key.AccessKeyId)" $key.CreateDate $MaxKeyAgeDays "Update-AccessKey.ps1 -User $($key.UserName) replaces it."
            }
        }
    }

    $Run.Result.Certificates = @($items | Where-Object Kind -In TlsSecret, KubeConfig).Count
    $Run.Result.Secrets = @($items | Where-Object Kind -EQ Secret).Count
    $Run.Result.Keys = @($items | Where-Object Kind -EQ AccessKey).Count
    if ($script:failed -eq $script:tried) { throw $script:last }
    if ($ReportPath -and $PSCmdlet.ShouldProcess($ReportPath, 'Write report')) {
        Save-RunbookReport $ReportPath @($items | Sort-Object State, Days) -Title 'Age of certificates, Secrets and access keys' -Property State, Kind, Name, Subject, Date, Days
    }
    $Run.Result.Items = $items.ToArray()
}
$summary
exit $summary.ExitCode
