#!/usr/bin/env pwsh
# What Copy-LabObject -OnCluster costs before and beside the copying. On the null server, for buckets of -Keys keys of each -Shape: cutting
# the keys into ranges (requests, time, how equal the ranges are, whether every key is in one), beside listing them all, with Get-LabObject
# and s5cmd where there is one. The tools alternate; medians. Where -Image and CLOUDLAB_TEST_KUBECONFIG are given, also the job itself on the
# S3 server that CLOUDLAB_TEST_S3 names, beside Copy-LabObject in this session; pods reach that server by the network of their node.
#   ./build.sh; pwsh benchmarks/on-cluster.ps1 -Keys 1000000 -Shape * -Runs 1
#   CLOUDLAB_TEST_KUBECONFIG=... CLOUDLAB_TEST_S3=... pwsh benchmarks/on-cluster.ps1 -Keys @() -Image cloudlab:1 -Objects 10000 -Parallelism 4
param(
    [int[]] $Keys = (10000, 100000, 1000000),
    [string[]] $Shape = 'keys',
    [int] $Parallelism = 4,
    [int] $Runs = 3,
    [string] $Image,
    [int] $Objects = 10000,
    [string] $Build = (Join-Path (Split-Path $PSScriptRoot) 'out'),
    [string] $Markdown)
$ErrorActionPreference = 'Stop'
Import-Module (Join-Path $Build 'CloudLab/CloudLab.psd1')

$project = Join-Path $PSScriptRoot 'NullServer'
$shapes = @([regex]::Matches((Get-Content (Join-Path $project 'KeyShape.cs') -Raw), '\["(\w+)"\] =').ForEach{ $_.Groups[1].Value } | Where-Object { $key = $_; $Shape | Where-Object { $key -like $_ } })
if ($Keys -and -not $shapes) { throw "-Shape $Shape is none of NullServer/KeyShape.cs." }

function Start-NullServer {
    dotnet build $project -c Release -v quiet --nologo | Out-Null
    if ($LASTEXITCODE) { throw "dotnet build $project failed." }
    $start = [Diagnostics.ProcessStartInfo]::new('dotnet', [string[]] (Join-Path $project 'bin/Release/net10.0/NullServer.dll'))
    $start.RedirectStandardInput = $start.RedirectStandardOutput = $true
    [Diagnostics.Process]::Start($start)
}

function Get-Median([object[]] $Values) { @($Values | Sort-Object)[[Math]::Floor(($Values.Count - 1) / 2)] }

# The plan that a job would get; no cluster is asked for it.
function Get-Cut($Session, [string] $Bucket) {
    $clock = [Diagnostics.Stopwatch]::StartNew()
    $plan = Copy-LabObject $Bucket -Prefix '' -DestinationBucket cut-to -OnCluster -Parallelism $Parallelism -WhatIf -Session $Session
    [pscustomobject]@{ Seconds = $clock.Elapsed.TotalSeconds; Ranges = $plan.Ranges; Told = $plan.EstimatedObjects }
}

# How many requests that takes; to tell them costs time.
function Get-CutRequests($Session, [string] $Bucket) {
    $said = Copy-LabObject $Bucket -Prefix '' -DestinationBucket cut-to -OnCluster -Parallelism $Parallelism -WhatIf -Session $Session -Verbose 4>&1
    [int] ([regex]::Match("$said", 'sampled with ([\d,]+) request').Groups[1].Value -replace ',')
}

# Counts each range: throws where a key is in none.
function Measure-Balance($Session, [string[]] $Listed, [object[]] $Ranges, [int] $Count) {
    $order = $Session.GetType().Assembly.GetType('CloudLab.Core.Storage.Listing.KeyOrder')::Instance
    $before, $most = 0, 0
    for ($i = 0; $i -lt $Ranges.Count; $i++) {
        if ($i -and $Ranges[$i].After -cne $Ranges[$i - 1].UpTo) { throw "Range $i does not begin where the one before ends." }
        $at = $null -eq $Ranges[$i].UpTo ? $Listed.Count - 1 : [Array]::BinarySearch($Listed, $Ranges[$i].UpTo, $order)
        $upTo = $at -lt 0 ? -bnot $at : $at + 1
        if ($upTo -lt $before) { throw "Range $i ends before it begins." }
        $most, $before = [Math]::Max($most, $upTo - $before), $upTo
    }
    if ($before -ne $Count -or $null -ne $Ranges[0].After -or $null -ne $Ranges[-1].UpTo) { throw "$before of $Count keys are in a range." }
    [Math]::Round($most * $Ranges.Count / $Count, 2)
}

$results = [Collections.Generic.List[object]]::new()
if ($Keys) {
    $kept, $env:AWS_ACCESS_KEY_ID, $env:AWS_SECRET_ACCESS_KEY, $env:KUBECONFIG = $env:KUBECONFIG, 'benchmark', 'benchmark-secret', '/dev/null'
    $s5cmd = Get-Command s5cmd -CommandType Application -ErrorAction Ignore
    try {
        foreach ($one in $shapes) {
            # It keeps all pages that were asked for: a new one for each shape.
            $server = Start-NullServer
            try {
                $url = $server.StandardOutput.ReadLine()
                $session = Get-LabSession -EndpointUrl $url -Region us-east-1 -Credential ([pscredential]::new('benchmark', (ConvertTo-SecureString 'benchmark-secret' -AsPlainText)))
                foreach ($count in $Keys) {
                    $bucket = "$one-$count"
                    $cut, $list, $other = @(), @(), @()
                    # The first round warms everything up; the server makes each page once.
                    foreach ($run in 0..$Runs) {
                        if ($run) { $cut += Get-Cut $session $bucket } else { $requests = Get-CutRequests $session $bucket }
                        $list_time = (Measure-Command { $all = Get-LabObject $bucket -Session $session }).TotalSeconds
                        $other_time = if ($s5cmd) { (Measure-Command { s5cmd --endpoint-url $url ls "s3://$bucket/*" > $null }).TotalSeconds }
                        if ($run) { $list += $list_time; $other += $other_time }
                    }
                    $row = [pscustomobject]@{
                        Shape = $one; Keys = $all.Count; Ranges = $cut[-1].Ranges.Count; CutRequests = $requests
                        CutSeconds = [Math]::Round((Get-Median $cut.Seconds), 2); ListRequests = [Math]::Ceiling($all.Count / 1000)
                        ListSeconds = [Math]::Round((Get-Median $list), 2); S5cmdSeconds = if ($s5cmd) { [Math]::Round((Get-Median $other), 2) }
                        CutToList = [Math]::Round((Get-Median $cut.Seconds) / (Get-Median $list), 2)
                        LargestToMean = Measure-Balance $session $all.Key $cut[-1].Ranges $all.Count
                        ToldToTrue = [Math]::Round($cut[-1].Told / $all.Count, 2)
                    }
                    $results.Add($row)
                    $row
                }
            }
            finally {
                $server.StandardInput.Close()
                $server.WaitForExit()
            }
        }
    }
    finally {
        $env:KUBECONFIG = $kept
    }
}

if ($Image) {
    foreach ($name in 'CLOUDLAB_TEST_KUBECONFIG', 'CLOUDLAB_TEST_S3', 'CLOUDLAB_TEST_S3_ACCESS_KEY', 'CLOUDLAB_TEST_S3_SECRET_KEY') {
        if (-not [Environment]::GetEnvironmentVariable($name)) { throw "$name is not set: without it the job cannot be measured; omit -Image." }
    }
    $env:KUBECONFIG, $env:AWS_ENDPOINT_URL = $env:CLOUDLAB_TEST_KUBECONFIG, $env:CLOUDLAB_TEST_S3
    $env:AWS_ACCESS_KEY_ID, $env:AWS_SECRET_ACCESS_KEY, $env:AWS_REGION = $env:CLOUDLAB_TEST_S3_ACCESS_KEY, $env:CLOUDLAB_TEST_S3_SECRET_KEY, 'us-east-1'
    $name = "bench-$PID"
    $null = New-LabKubeNamespace $name
    try {
        $null = New-LabManifest Secret keys -Namespace $name -Data @{ AWS_ACCESS_KEY_ID = $env:AWS_ACCESS_KEY_ID; AWS_SECRET_ACCESS_KEY = $env:AWS_SECRET_ACCESS_KEY } | Deploy-LabManifest
        $null = New-LabBucket "$name-from"
        $files = (New-Item -ItemType Directory (Join-Path ([IO.Path]::GetTempPath()) $name)).FullName
        1..$Objects | ForEach-Object { [IO.File]::WriteAllText("$files/$_", "object $_") }
        $null = Send-LabObject "$name-from" -LiteralPath $files
        $times = @{ one = @(); job = @() }
        foreach ($run in 1..$Runs) {
            foreach ($way in 'one', 'job') {
                $to = "$name-$way-$run"
                $null = New-LabBucket $to
                $on = $way -eq 'job' ? @{ OnCluster = $true; Image = $Image; Parallelism = $Parallelism; CredentialSecret = 'keys'; HostNetwork = $true; Namespace = $name; Confirm = $false } : @{}
                $times[$way] += (Measure-Command { $null = Copy-LabObject "$name-from" -Prefix '' -DestinationBucket $to @on }).TotalSeconds
                $there = @(Get-LabObject $to).Count
                Remove-LabBucket $to -Force
                if ($there -ne $Objects) { throw "$there of $Objects objects were copied." }
            }
        }
        $row = [pscustomobject]@{
            Objects = $Objects; Workers = $Parallelism; OneSeconds = [Math]::Round((Get-Median $times.one), 1)
            JobSeconds = [Math]::Round((Get-Median $times.job), 1); JobToOne = [Math]::Round((Get-Median $times.job) / (Get-Median $times.one), 2)
        }
        $row
    }
    finally {
        Remove-LabKubeNamespace $name -Force -ErrorAction Continue
        Get-LabBucket "$name-*" | Remove-LabBucket -Force
        if ($files) { Remove-Item $files -Recurse -Force }
    }
}
if ($Markdown -and $results.Count) {
    $head = '| Keys | Shape | Ranges | Requests to cut | s | Requests to list | s | s5cmd ls s | cut / list | largest / mean | told / true |', '|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|'
    Set-Content $Markdown ($head + ($results | ForEach-Object {
        '| {0:#,0} | {1} |' -f $_.Keys, ((@($_.Shape, $_.Ranges, $_.CutRequests, $_.CutSeconds, $_.ListRequests, $_.ListSeconds, $_.S5cmdSeconds, $_.CutToList, $_.LargestToMean, $_.ToldToTrue)) -join ' | ')
    }))
}
