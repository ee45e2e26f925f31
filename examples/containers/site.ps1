#!/usr/bin/env pwsh
# The movie site as containers: built for two platforms, pushed, looked into, run, watched, and what a clean-up would take. It needs a Docker
# Engine with a registry at 127.0.0.1:5000 (docker run -d -p 127.0.0.1:5000:5000 registry:2).
#   ./build.sh; pwsh examples/containers/site.ps1
$ErrorActionPreference = 'Stop'
$site = Join-Path $PSScriptRoot ../movies/site
$image = '127.0.0.1:5000/movies/site:example'
Import-Module (Join-Path $PSScriptRoot '../../out/CloudLab/CloudLab.psd1')
sh (Join-Path $site prepare.sh)

'1. Built for two platforms, and pushed'
Build-LabImage $site -Tag $image -Platform linux/amd64, linux/arm64 -Push | Out-Default

'2. The layers, each with the instruction that made it'
Get-LabImageLayer $image | Out-Default

'3. Port 8000 of the container on port 8001 of this machine'
$web = Start-LabContainer $image -Publish 8001:8000
try {
    $web | Wait-LabContainer -Port 8000 -Timeout 30 | Out-Default
    (Invoke-RestMethod http://127.0.0.1:8001/data/movies.json).Count
    $null = Invoke-WebRequest http://127.0.0.1:8001/nosuch -SkipHttpErrorCheck

    '4. The log, followed until two requests are in it'
    $web | Get-LabContainerLog -Follow | Select-Object -First 2 | Out-Default
    $web | Measure-LabContainer | Out-Default
}
finally {
    $web | Remove-LabContainer -Force
}

'5. What a clean-up would remove, and how many bytes'
Clear-LabImage -All -WhatIf
