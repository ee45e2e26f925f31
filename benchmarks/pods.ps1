#!/usr/bin/env pwsh
# Pods: CloudLab in this session beside kubectl, alternating in the same run, on the same cluster and pods. Writes medians and each time as a
# share of kubectl's. The outputs are counted or compared, so that nobody is faster by doing less. "bare" is kubectl without PowerShell's pipeline.
#   ./build.sh; CLOUDLAB_TEST_KUBECONFIG=… pwsh benchmarks/pods.ps1 -Kubectl kubectl
param(
    [int] $Runs = 3,
    [int] $Pods = 8,
    [int] $Lines = 50000,
    [int] $MiB = 1024,
    [string] $Kubectl = 'kubectl',
    [string] $Image = 'busybox',
    [string[]] $Work = '*',
    [string] $Build = (Join-Path (Split-Path $PSScriptRoot) 'out')
)
$ErrorActionPreference = 'Stop'
if (-not $env:CLOUDLAB_TEST_KUBECONFIG) { throw 'CLOUDLAB_TEST_KUBECONFIG names no cluster.' }
$env:KUBECONFIG = $env:CLOUDLAB_TEST_KUBECONFIG
Import-Module (Join-Path $Build 'CloudLab/CloudLab.psd1')
$ns = "bench-$PID"
$here = @{ Namespace = $ns }
$folder = (New-Item -ItemType Directory -Path (Join-Path ([IO.Path]::GetTempPath()) "cloudlab-pods-$PID")).FullName
try {
    $null = Deploy-LabManifest -Manifest @{ apiVersion = 'v1'; kind = 'Namespace'; metadata = @{ name = $ns } }
    $run = "yes 'a line of a log, as long as they usually are: 200 GET /movies 12 ms' | head -n $Lines; sleep 100000"
    1..$Pods | ForEach-Object { Start-LabPod "log-$_" $Image -Pull IfNotPresent -Command sh, -c, $run -Label @{ app = 'log' } @here } | Out-Null
    Start-LabPod box $Image -Pull IfNotPresent -Command sleep, 100000 @here | Out-Null
    do { Start-Sleep 1; $ready = @(Get-LabResource pods @here | Where-Object State -EQ Running).Count } until ($ready -eq $Pods + 1)
    # A node takes its time to write so many lines.
    do { Start-Sleep 1; $count = @(& $Kubectl -n $ns logs -l app=log --tail=-1 --max-log-requests 100).Count } until ($count -eq $Pods * $Lines)
    $file = Join-Path $folder data.bin
    $bytes = [byte[]]::new(1MB); [Random]::new(1).NextBytes($bytes)
    $stream = [IO.File]::Create($file)
    foreach ($i in 1..$MiB) { $stream.Write($bytes) }
    $stream.Dispose()
    $back = Join-Path $folder back.bin
    function Size { [long]((& $Kubectl -n $ns exec box -- sh -c 'ls -l /in.bin') -split ' +')[4] }

    $phases = [ordered]@{
        "logs of $Pods x $Lines lines" = @{
            Expected = $Pods * $Lines
            kubectl  = { @(& $Kubectl -n $ns logs -l app=log --tail=-1 --max-log-requests 100 --timestamps).Count }
            bare     = { [int](sh -c "$Kubectl -n $ns logs -l app=log --tail=-1 --max-log-requests 100 --timestamps | wc -l") }
            CloudLab = { @(Get-LabPodLog -LabelSelector app=log @here).Count }
        }
        'exec of true'                 = @{
            Expected = 0
            kubectl  = { & $Kubectl -n $ns exec box -- true; $LASTEXITCODE }
            CloudLab = { Invoke-LabPod box -Command true @here; $LASTEXITCODE }
        }
        "copy $MiB MiB in"             = @{
            Expected = $MiB * 1MB
            kubectl  = { & $Kubectl -n $ns cp $file box:/in.bin; Size }
            CloudLab = { $null = Copy-LabPodItem $file box:/in.bin @here; Size }
        }
        "copy $MiB MiB out"            = @{
            Expected = $MiB * 1MB
            kubectl  = { & $Kubectl -n $ns cp box:/in.bin $back 2>$null | Out-Null; (Get-Item $back).Length }
            CloudLab = { $null = Copy-LabPodItem box:/in.bin $back @here; (Get-Item $back).Length }
        }
    }
    foreach ($phase in $phases.Keys) {
        if (-not ($Work | Where-Object { $phase -like $_ })) { continue }
        $tools = 'kubectl', 'bare', 'CloudLab' | Where-Object { $phases[$phase][$_] }
        $times = @{}
        foreach ($run in 0..$Runs) {
            foreach ($tool in $tools) {
                Remove-Item $back -ErrorAction Ignore
                $watch = [Diagnostics.Stopwatch]::StartNew()
                $got = & $phases[$phase][$tool]
                # The first round warms everything up.
                if ($run) { $times[$tool] += @($watch.Elapsed.TotalMilliseconds) }
                if ($got -ne $phases[$phase].Expected) { throw "$tool, ${phase}: $got instead of $($phases[$phase].Expected)." }
            }
        }
        $median = @{}
        foreach ($tool in $tools) { $median[$tool] = ($times[$tool] | Sort-Object)[[Math]::Floor($Runs / 2)] }
        [pscustomobject]@{
            Work = $phase; 'kubectl (ms)' = [Math]::Round($median.kubectl, 1); 'CloudLab (ms)' = [Math]::Round($median.CloudLab, 1)
            Ratio = [Math]::Round($median.CloudLab / $median.kubectl, 2)
            'Ratio to bare' = if ($median.bare) { [Math]::Round($median.CloudLab / $median.bare, 2) }
        }
    }
}
finally {
    & $Kubectl delete namespace $ns --wait=false | Out-Null
    Remove-Item $folder -Recurse -Force
}
