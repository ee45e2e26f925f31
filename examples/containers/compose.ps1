#!/usr/bin/env pwsh
# A compose project: checked, started and waited for, read, converted for a cluster, and removed. It needs docker compose and a Docker Engine
# with the image of examples/movies/site (SITE_IMAGE names it).
#   ./build.sh; pwsh examples/containers/compose.ps1
$ErrorActionPreference = 'Stop'
$file = Join-Path $PSScriptRoot compose.yaml
Import-Module (Join-Path $PSScriptRoot '../../out/CloudLab/CloudLab.psd1')

'1. What is wrong with the file'
(Test-LabCompose $file).Problems | Out-Default

'2. Started, and waited for'
try {
    Start-LabCompose $file -Wait -Timeout 60 | Out-Default

    '3. What the services wrote, in the order of time'
    Get-LabComposeLog $file | Out-Default

    '4. The same for a cluster: here the emulator'
    $emulator = Start-LabEmulator
    try { ConvertTo-LabManifest -Compose $file | Deploy-LabManifest | Out-Default } finally { $emulator | Stop-LabEmulator }
}
finally {
    Stop-LabCompose $file -Remove -Volume -Force -Timeout 1
}
