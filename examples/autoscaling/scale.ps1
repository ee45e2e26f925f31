#!/usr/bin/env pwsh
# What an autoscaler does, and would do with other settings: no cluster is needed.
#   ./build.sh; pwsh examples/autoscaling/scale.ps1
$ErrorActionPreference = 'Stop'
Import-Module (Join-Path $PSScriptRoot '../../out/CloudLab')
Push-Location $PSScriptRoot
try {
    '--- Five replicas at 120 millicores each, 50 wanted'
    (Measure-HpaReplicas -CurrentReplicas 5 -CurrentValue 120 -TargetValue 50).Reason

    '--- The autoscaler of hpa.yaml, its three pods at 450m of 500m, one of them still starting'
    $pods = @{ name = 'web-1' }, @{ name = 'web-2' }, @{ name = 'web-3'; phase = 'Pending' }
    $used = @{ pod = 'web-1'; value = '450m' }, @{ pod = 'web-2'; value = '450m' }
    (Measure-HpaReplicas -Manifest hpa.yaml -Pod $pods -Metric $used -CurrentReplicas 3).Reason

    '--- Yesterday: the first changes, and why'
    Import-Csv load.csv | Measure-HpaReplicas -Manifest hpa.yaml | Where-Object Change -NE 0 |
        Select-Object -First 5 | Format-Table | Out-String

    '--- Yesterday with hpa-calm.yaml in place of hpa.yaml'
    $sums = Measure-HpaReplicas -Manifest hpa.yaml -Compare hpa-calm.yaml -LoadPath load.csv
    $sums | Format-Table | Out-String
    $sums[1].Comparison
    Measure-HpaReplicas -Manifest hpa.yaml -LoadPath load.csv -Plot

    '--- What the web shop should request, from two days of its usage'
    (Import-Csv usage.csv | Measure-VpaRequest -Manifest vpa.yaml -Hpa hpa.yaml -WarningAction SilentlyContinue).Reason

    '--- Would the larger shop fit into the quota of its namespace?'
    (Measure-LabQuota quota.yaml, shop.yaml).Reason
    Measure-LabQuota quota.yaml, shop.yaml -By Quota | Format-Table | Out-String

    '--- And onto three nodes?'
    Measure-LabCapacity nodes.yaml, shop.yaml -WarningAction SilentlyContinue | Format-Table | Out-String
    (Measure-LabCapacity nodes.yaml, shop.yaml -By Workload).Reason
}
finally { Pop-Location }
