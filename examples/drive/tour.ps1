#!/usr/bin/env pwsh
# A tour of the LabS3 drive, against the emulator: nothing to install, no cloud, and nothing is left behind.
#   ./build.sh; pwsh examples/drive/tour.ps1
# To take it on a server of your own, connect first (Connect-Lab) and say -Connected.
[CmdletBinding()]
param(
    # Uses the session that Connect-Lab has set, instead of an emulator.
    [switch] $Connected,

    # Name of the bucket to make for the tour.
    [string] $Bucket = "drive-tour-$PID"
)
$ErrorActionPreference = 'Stop'
if (-not (Get-Module CloudLab)) {
    Import-Module (Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1')
}

function Step([string] $Title, [scriptblock] $Script) {
    "`n## $Title"
    ($Script.ToString().Trim() -split '\r?\n').Trim() | ForEach-Object { "PS> $_" }
    & $Script
}

$emulator = if (-not $Connected) { Start-LabEmulator }
Push-Location
try {
    $null = New-LabBucket -Bucket $Bucket
    $null = Send-LabObject -Bucket $Bucket -Path (Join-Path $PSScriptRoot '../movies/data/*.json') -Prefix data/

    Step 'A bucket becomes a drive' {
        New-PSDrive -PSProvider LabS3 -Name tour -Root $Bucket -Scope Global | Format-Table Name, Provider, Root
        Set-Location tour:
        Get-ChildItem
        Get-ChildItem data
    }

    Step 'Content, as from files' {
        Get-Content data/users.json | ConvertFrom-Json | Select-Object -First 2
        Set-Content notes/today.txt -Value 'Seen: Metropolis'
        Add-Content notes/today.txt -Value 'Seen: Nosferatu'
        Get-Content notes/today.txt
    }

    Step 'Copy, move, rename' {
        Copy-Item data backup -Recurse
        Move-Item notes/today.txt backup
        Rename-Item backup/today.txt seen.txt
        Get-ChildItem -Recurse -Include *.txt
    }

    Step 'The entries are objects of the storage cmdlets' {
        Get-ChildItem backup -File | Where-Object Size -gt 100 | Sort-Object Size -Descending | Select-Object Bucket, Key, Size
        (Get-Item data/users.json).ContentType
    }

    Step 'Folders are prefixes: any key can be written, and has a path' {
        Set-LabObjectContent -Bucket $Bucket -Key 'odd//key' -Value 'one slash too many'
        Get-ChildItem odd -Recurse
        Get-Content tour:/odd//key
    }

    Step 'What would go, and what goes' {
        Remove-Item backup -Recurse -WhatIf
        Remove-Item backup, odd -Recurse
        Get-ChildItem
    }
}
finally {
    Pop-Location
    Get-PSDrive tour -ErrorAction SilentlyContinue | Remove-PSDrive
    Get-LabBucket $Bucket -ErrorAction SilentlyContinue | Remove-LabBucket -Force
    if ($emulator) { $emulator | Stop-LabEmulator }
}
