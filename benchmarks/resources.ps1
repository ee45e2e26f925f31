#!/usr/bin/env pwsh
# Long lists: CloudLab in this session beside kubectl, alternating in the same run. Makes -Count ConfigMaps in a namespace of its own
# and writes medians, each as a share of kubectl's, and when the first object came.
# "json" is what scripts do with kubectl: get -o json, and ConvertFrom-Json; "get -o json" is kubectl alone.
#   ./build.sh; CLOUDLAB_TEST_KUBECONFIG=... pwsh benchmarks/resources.ps1 -Count 10000 -Runs 3
param(
    [int] $Count = 10000,
    [int] $Runs = 3,
    [string] $Kubectl = $env:CLOUDLAB_TEST_KUBECTL ? $env:CLOUDLAB_TEST_KUBECTL : 'kubectl',
    [string] $Build = (Join-Path (Split-Path $PSScriptRoot) 'out')
)
$ErrorActionPreference = 'Stop'
if (-not $env:CLOUDLAB_TEST_KUBECONFIG) { throw 'CLOUDLAB_TEST_KUBECONFIG names no kubeconfig.' }
$env:KUBECONFIG = $env:CLOUDLAB_TEST_KUBECONFIG
Import-Module (Join-Path $Build 'CloudLab/CloudLab.psd1')
$namespace = "bench-$PID"
$null = New-LabKubeNamespace $namespace
try {
    foreach ($from in 1..$Count | Where-Object { $_ % 1000 -eq 1 }) {
        $made = @(foreach ($number in $from..[Math]::Min($from + 999, $Count)) {
                "apiVersion: v1`nkind: ConfigMap`nmetadata:`n  name: bench-$number`n  labels: { bench: 'yes' }`ndata:`n  key: value $number`n  text: |`n    some lines`n    of text`n---"
            }) | Deploy-LabManifest -Namespace $namespace
        if ($made.Count -lt [Math]::Min(1000, $Count)) { throw 'Not all objects were made.' }
    }
    $tools = [ordered]@{
        'kubectl get -o json'  = { (& $Kubectl get configmaps -n $namespace -l bench=yes -o json | Measure-Object -Line).Lines -gt $Count ? $Count : 0 }
        'kubectl get -o name'  = { (& $Kubectl get configmaps -n $namespace -l bench=yes -o name).Count }
        'Get-LabResource'      = { @(Get-LabResource configmaps -Namespace $namespace -LabelSelector bench=yes).Count }
        'Get-LabResource | %'  = {
            $script:first = $null
            $number = 0
            Get-LabResource configmaps -Namespace $namespace -LabelSelector bench=yes | ForEach-Object { $script:first ??= $watch.Elapsed.TotalSeconds; $number++ }
            $number
        }
    }
    $times = @{}
    foreach ($run in 0..$Runs) {
        foreach ($tool in $tools.Keys) {
            $watch = [Diagnostics.Stopwatch]::StartNew()
            $found = & $tools[$tool]
            # The first round warms everything up.
            if ($run) { $times[$tool] = @($times[$tool]) + $watch.Elapsed.TotalSeconds }
            if ($found -lt $Count) { throw "$tool lost objects: $found of $Count." }
        }
    }
    $median = @{}
    foreach ($tool in $tools.Keys) {
        $sorted = @($times[$tool] | Where-Object { $_ } | Sort-Object)
        $median[$tool] = $sorted[[int][Math]::Floor($sorted.Count / 2)]
    }
    foreach ($tool in $tools.Keys) {
        [pscustomobject]@{
            Tool = $tool; Objects = $Count; Seconds = [Math]::Round($median[$tool], 3)
            ShareOfKubectl = [Math]::Round($median[$tool] / $median['kubectl get -o json'], 3)
            First = $tool -like '*%' ? [Math]::Round($script:first, 3) : $null
        }
    }
    [GC]::Collect()
    "Memory of this process: {0:0} MiB" -f ([Diagnostics.Process]::GetCurrentProcess().PeakWorkingSet64 / 1MB)
}
finally {
    Remove-LabKubeNamespace $namespace -Force
}
