#!/usr/bin/env pwsh
# How a container is made: namespaces one by one, limits, layers; and at the end a container made by hand beside one of the Docker Engine.
# Linux, as root, with a Docker Engine on this machine and an image of busybox (or another one with a shell).
#   ./build.sh; sudo pwsh examples/containers/isolation.ps1 -Image busybox
param([string] $Image = 'busybox')
$ErrorActionPreference = 'Stop'
Import-Module (Join-Path $PSScriptRoot '../../out/CloudLab/CloudLab.psd1')
$folder = (New-Item -ItemType Directory (Join-Path ([IO.Path]::GetTempPath()) "isolation-$PID")).FullName
$web = $null
try {
    '1. A PID namespace: process 1, but the host name is still the host''s'
    Invoke-LabLinuxNamespace -Pid -Command sh, -c, 'echo "process $$ on $(uname -n)"'

    '2. With a UTS namespace too: a name of its own'
    Invoke-LabLinuxNamespace -Pid -Uts -Hostname made-by-hand -Command sh, -c, 'echo "process $$ on $(uname -n)"'

    '3. A network namespace: only a loopback device'
    Invoke-LabLinuxNamespace -Network -Command cat, /proc/net/dev

    '4. A limit of memory: the kernel kills what exceeds it'
    try { Invoke-LabLinuxNamespace -Memory 32m -Command dd, if=/dev/zero, of=/dev/null, bs=128M, count=1 }
    catch { "$_" }

    '5. The root folder: a read-only layer from the image, and a writable one'
    $container = Start-LabContainer $Image -Command sleep, 1000
    New-Item -ItemType Directory "$folder/image" | Out-Null
    try { Copy-LabContainerItem "$($container.Name):/bin" "$folder/image" }
    finally { $container | Remove-LabContainer -Force }
    New-Item -ItemType Directory "$folder/image/proc", "$folder/image/etc" | Out-Null
    Set-Content "$folder/image/etc/motd" 'from the image'
    $overlay = Mount-LabOverlay -LowerPath "$folder/image" -UpperPath "$folder/changes" -Path "$folder/root"
    $overlay | Out-Default

    '6. A container made by hand beside one of the engine'
    $web = Start-LabContainer $Image -Command sleep, 1000 -Memory 32m
    $made = @{ Pid = $true; Uts = $true; Network = $true; Mount = $true; Ipc = $true; Cgroup = $true; Hostname = 'made-by-hand'; Root = $overlay.Path; Memory = '32m' }
    $job = Start-ThreadJob {
        Import-Module $using:PSScriptRoot/../../out/CloudLab/CloudLab.psd1
        $made = $using:made
        Invoke-LabLinuxNamespace @made -Command sh, -c, 'hostname; ps; rm /etc/motd; echo new > /etc/hello; sleep 1000'
    }
    $hand = $null
    while (-not $hand -and $job.State -in 'NotStarted', 'Running') {
        Start-Sleep -Milliseconds 100
        $hand = Get-Process sleep -ErrorAction Ignore | Where-Object { $_.Id -in (Get-LabLinuxNamespace -Type pid | Where-Object { -not $_.Shared }).ProcessId -or (Get-Content "/proc/$($_.Id)/root/etc/hello" -ErrorAction Ignore) }
    }
    Receive-Job $job
    $both = @(Get-LabContainerIsolation $web; Get-LabContainerIsolation -ProcessId $hand[-1].Id)
    $both | Out-Default
    $both | ForEach-Object { $_.Name; $_.Namespaces | Out-Default; $_.Layers | Out-Default; $_.Cgroup | Out-Default }

    '7. What it changed, and in which layer'
    $overlay | Get-LabOverlayChange | Out-Default
    $job | Stop-Job
}
finally {
    if ($web) { $web | Remove-LabContainer -Force }
    Get-LabOverlay "$folder/*" | Dismount-LabOverlay -Force
    Remove-Item -Recurse -Force $folder
}
