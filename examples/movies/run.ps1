#!/usr/bin/env pwsh
# Runs the lines of movies.ps1 in this session, each with its objects, on the emulator.
# run.sh does the same through the `cloudlab` command, from any shell.
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $true
Push-Location $PSScriptRoot
$work = New-Item -ItemType Directory -Path (Join-Path ([IO.Path]::GetTempPath()) "cloudlab-movies-$PID")
$kept = $env:AWS_SHARED_CREDENTIALS_FILE
$failed = $false

function Test-Need([string] $Need) {
    try {
        $null = Get-LabImage -Image 'no-such-image*'
        if ($Need -eq 'registry') {
            $null = Invoke-WebRequest -Uri http://127.0.0.1:5000/v2/ -TimeoutSec 2
        }
        $true
    }
    catch {
        $false
    }
}

try {
    Import-Module (Join-Path $PSScriptRoot '../../out/CloudLab/CloudLab.psd1')
    # The role's temporary keys are kept here, not among the user's own.
    $env:AWS_SHARED_CREDENTIALS_FILE = Join-Path $work 'credentials'
    Start-LabEmulator | Out-Default

    # The image's web server, from this machine's own packages: a registry may be out of reach.
    if (-not $IsWindows -and (Test-Need docker)) { sh site/prepare.sh }

    $expect = $needs = ''
    foreach ($line in Get-Content movies.ps1) {
        if ($line -match '^## (.+)') { "`n$($Matches[1])"; continue }
        if ($line -match '^# expect: (.+)') { $expect = $Matches[1]; continue }
        if ($line -match '^# needs: (.+)') { $needs = $Matches[1]; continue }
        if ($line -match '^(#|\s*$)') { continue }

        "`n> $line"
        if ($needs -and -not (Test-Need $needs)) {
            "  left out: there is no $needs here"
        }
        elseif ($expect) {
            try {
                & ([scriptblock]::Create($line)) | Out-Default
                "  should have failed with $expect"
                $failed = $true
            }
            catch {
                if ($_.FullyQualifiedErrorId -notlike "$expect*") { throw }
                "  refused, as it should be: $_"
            }
        }
        else {
            & ([scriptblock]::Create($line)) | Out-Default
        }
        $expect = $needs = ''
    }
}
finally {
    Stop-LabEmulator
    $env:AWS_SHARED_CREDENTIALS_FILE = $kept
    Remove-Item -Recurse -Force $work
    Pop-Location
}
exit [int] $failed
