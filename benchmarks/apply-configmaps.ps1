#!/usr/bin/env pwsh
# Server-side apply of many ConfigMaps: CloudLab (in this session, and as the cloudlab command) beside kubectl, alternating in
# the same run, each round in namespaces of its own. Writes medians and how many times faster than kubectl each is.
# "create" applies to an empty namespace, "again" applies the same once more.
#   ./build.sh; CLOUDLAB_TEST_KUBECONFIG=... pwsh benchmarks/apply-configmaps.ps1 -Count 500 -Runs 3
param([int] $Count = 500, [int] $Runs = 3, [string] $Kubectl = 'kubectl')
$ErrorActionPreference = 'Stop'
if (-not $env:CLOUDLAB_TEST_KUBECONFIG) { throw 'CLOUDLAB_TEST_KUBECONFIG names no kubeconfig.' }
$env:KUBECONFIG = $env:CLOUDLAB_TEST_KUBECONFIG
$root = Split-Path $PSScriptRoot
Import-Module (Join-Path $root 'out/CloudLab/CloudLab.psd1')
$cloudlab = Join-Path $root 'out/bin/cloudlab'
$work = New-Item -ItemType Directory -Path (Join-Path ([IO.Path]::GetTempPath()) "cloudlab-apply-$PID")
$file = Join-Path $work 'configmaps.yaml'
$namespaces = [Collections.Generic.List[string]]::new()
try {
    @(foreach ($number in 1..$Count) {
            "apiVersion: v1`nkind: ConfigMap`nmetadata:`n  name: bench-$number`n  labels: { bench: 'yes' }`ndata:`n  key: value $number`n  text: |`n    some lines`n    of text`n---"
        }) | Set-Content $file
    $tools = [ordered]@{
        kubectl              = { & $Kubectl apply --server-side -n $args[0] -f $file | Out-Null }
        'cloudlab (command)' = { & $cloudlab Deploy-LabManifest -Path $file -Namespace $args[0] | Out-Null }
        'CloudLab (session)' = { Deploy-LabManifest -Path $file -Namespace $args[0] | Out-Null }
    }
    $times = @{}
    foreach ($run in 0..$Runs) {
        foreach ($tool in $tools.Keys) {
            $namespace = "bench-$PID-$run-$($namespaces.Count)"
            $namespaces.Add($namespace)
            $null = @{ apiVersion = 'v1'; kind = 'Namespace'; metadata = @{ name = $namespace } } | Deploy-LabManifest
            foreach ($phase in 'create', 'again') {
                $watch = [Diagnostics.Stopwatch]::StartNew()
                & $tools[$tool] $namespace
                # The first round warms everything up.
                if ($run) { $times["$tool $phase"] = @($times["$tool $phase"]) + $watch.Elapsed.TotalSeconds }
            }
            if (@(Get-LabResource configmaps bench-* -Namespace $namespace).Count -ne $Count) { throw "$tool lost objects." }
        }
    }
    foreach ($phase in 'create', 'again') {
        $median = @{}
        foreach ($tool in $tools.Keys) {
            $sorted = @($times["$tool $phase"] | Where-Object { $_ } | Sort-Object)
            $median[$tool] = $sorted[[int][Math]::Floor($sorted.Count / 2)]
        }
        foreach ($tool in $tools.Keys) {
            [pscustomobject]@{
                Phase = $phase; Tool = $tool; Objects = $Count; Seconds = [Math]::Round($median[$tool], 2)
                TimesFasterThanKubectl = [Math]::Round($median['kubectl'] / $median[$tool], 1)
            }
        }
    }
}
finally {
    $namespaces | ForEach-Object { @{ apiVersion = 'v1'; kind = 'Namespace'; metadata = @{ name = $_ } } } | Remove-LabManifest -Force
    Remove-Item $work -Recurse -Force
}
