#!/usr/bin/env pwsh
# Many ConfigMaps: CloudLab (in this session, and as the cloudlab command) beside kubectl, alternating in the same run, each
# round in namespaces of its own. Writes medians and each time as a share of kubectl's.
# "create" applies to an empty namespace, "again" applies the same once more, "list" reads them all, "delete" removes them.
#   ./build.sh; CLOUDLAB_TEST_KUBECONFIG=... pwsh benchmarks/apply-configmaps.ps1 -Count 500 -Runs 3
param(
    [int] $Count = 500,
    [int] $Runs = 3,
    [string] $Kubectl = $env:CLOUDLAB_TEST_KUBECTL ? $env:CLOUDLAB_TEST_KUBECTL : 'kubectl',
    # The module and, beside it in bin, the command: those of another build to compare with it.
    [string] $Build = (Join-Path (Split-Path $PSScriptRoot) 'out')
)
$ErrorActionPreference = 'Stop'
if (-not $env:CLOUDLAB_TEST_KUBECONFIG) { throw 'CLOUDLAB_TEST_KUBECONFIG names no kubeconfig.' }
$env:KUBECONFIG = $env:CLOUDLAB_TEST_KUBECONFIG
Import-Module (Join-Path $Build 'CloudLab/CloudLab.psd1')
$cloudlab = Join-Path $Build 'bin/cloudlab'
$work = New-Item -ItemType Directory -Path (Join-Path ([IO.Path]::GetTempPath()) "cloudlab-apply-$PID")
$file = Join-Path $work 'configmaps.yaml'
$namespaces = [Collections.Generic.List[string]]::new()
try {
    @(foreach ($number in 1..$Count) {
            "apiVersion: v1`nkind: ConfigMap`nmetadata:`n  name: bench-$number`n  labels: { bench: 'yes' }`ndata:`n  key: value $number`n  text: |`n    some lines`n    of text`n---"
        }) | Set-Content $file
    # Each phase of a tool; what it writes is counted.
    $tools = [ordered]@{
        kubectl              = @{
            apply  = { & $Kubectl apply --server-side -n $args[0] -f $file }
            list   = { & $Kubectl get configmaps -n $args[0] -l bench=yes -o name }
            delete = { & $Kubectl delete -n $args[0] -f $file }
        }
        'cloudlab (command)' = @{
            apply  = { & $cloudlab Deploy-LabManifest -Path $file -Namespace $args[0] }
            list   = { & $cloudlab Get-LabResource configmaps -LabelSelector bench=yes -Namespace $args[0] }
            delete = { & $cloudlab Remove-LabManifest -Path $file -Namespace $args[0] -Force -PassThru }
        }
        'CloudLab (session)' = @{
            apply  = { Deploy-LabManifest -Path $file -Namespace $args[0] }
            list   = { Get-LabResource configmaps -LabelSelector bench=yes -Namespace $args[0] }
            delete = { Remove-LabManifest -Path $file -Namespace $args[0] -Force -PassThru }
        }
    }
    $phases = [ordered]@{ create = 'apply'; again = 'apply'; list = 'list'; delete = 'delete' }
    $times = @{}
    foreach ($run in 0..$Runs) {
        foreach ($tool in $tools.Keys) {
            $namespace = "bench-$PID-$run-$($namespaces.Count)"
            $namespaces.Add($namespace)
            $null = @{ apiVersion = 'v1'; kind = 'Namespace'; metadata = @{ name = $namespace } } | Deploy-LabManifest
            foreach ($phase in $phases.Keys) {
                $watch = [Diagnostics.Stopwatch]::StartNew()
                $found = @(& $tools[$tool][$phases[$phase]] $namespace).Count
                # The first round warms everything up.
                if ($run) { $times["$tool $phase"] = @($times["$tool $phase"]) + $watch.Elapsed.TotalSeconds }
                if ($found -lt $Count) { throw "$tool $phase lost objects: $found of $Count." }
            }
        }
    }
    foreach ($phase in $phases.Keys) {
        $median = @{}
        foreach ($tool in $tools.Keys) {
            $sorted = @($times["$tool $phase"] | Where-Object { $_ } | Sort-Object)
            $median[$tool] = $sorted[[int][Math]::Floor($sorted.Count / 2)]
        }
        foreach ($tool in $tools.Keys) {
            [pscustomobject]@{
                Phase = $phase; Tool = $tool; Objects = $Count; Seconds = [Math]::Round($median[$tool], 3)
                ShareOfKubectl = [Math]::Round($median[$tool] / $median['kubectl'], 3)
            }
        }
    }
}
finally {
    $namespaces | ForEach-Object { @{ apiVersion = 'v1'; kind = 'Namespace'; metadata = @{ name = $_ } } } | Remove-LabManifest -Force
    Remove-Item $work -Recurse -Force
}
