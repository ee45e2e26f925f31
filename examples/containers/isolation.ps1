#!/usr/bin/env pwsh
# How a container is made: namespaces one by one, limits, layers; and at the end a container made by hand beside one of the Docker Engine.
# Linux, as root, with a Docker Engine on this machine and an image of busybox (or another one with a shell).
#   ./build.sh; sudo pwsh examples/containers/isolation.ps1 -Image busybox
param([string] $Image = 'busybox')
$ErrorActionPreference = 'Stop'
Import-Module (Join-Path $PSScriptRoot '../../out/CloudLab/CloudLab.psd1')
$folder = (New-Item -ItemType Directory (Join-Path ([IO.Path]::GetTempPath()) "isolation-$PID")).FullName
$web = $job = $overlay = $null
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

    '5. The read-only layers of a container, with another writable layer on top'
    $web = Start-LabContainer $Image -Command sleep, 1000 -Memory 32m
    $layers = (Get-LabContainerIsolation $web).Layers
    $layers | Out-Default
    $overlay = Mount-LabOverlay -LowerPath ($layers | Where-Object Kind -NE Writable).Path -UpperPath "$folder/changes" -Path "$folder/root"
    $overlay | Out-Default

    '6. A container made by hand beside one of the engine'
    $made = @{ Pid = $true; Uts = $true; Network = $true; Mount = $true; Ipc = $true; Cgroup = $true; Hostname = 'made-by-hand'; Root = $overlay.Path; Memory = '32m' }
    $job = Start-ThreadJob {
        Import-Module $using:PSScriptRoot/../../out/CloudLab/CloudLab.psd1
        $made = $using:made
        Invoke-LabLinuxNamespace @made -Command sh, -c, 'hostname; ps; rm /etc/hostname; echo new > /etc/hello; sleep 1000'
    }
    while ($job.State -in 'NotStarted', 'Running' -and -not ($hand = Get-Process sleep -ErrorAction Ignore | Where-Object { Test-Path "/proc/$($_.Id)/root/etc/hello" })) {
        Start-Sleep -Milliseconds 100
    }
    Receive-Job $job
    $both = @($web | Get-LabContainerIsolation; $hand | Get-LabContainerIsolation)
    $both | Out-Default
    foreach ($one in $both) {
        $one.Namespaces | Out-Default
        $one.Layers | Out-Default
        $one.Cgroup | Format-Table | Out-Default
    }

    '7. What it changed, and in which layer'
    $overlay | Get-LabOverlayChange | Out-Default
}
finally {
    if ($job) { $job | Stop-Job }
    if ($web) { $web | Remove-LabContainer -Force }
    if ($overlay) { $overlay | Dismount-LabOverlay -Force }
    if ($job) { $job | Wait-Job | Remove-Job }
    Remove-Item -Recurse -Force $folder
}
