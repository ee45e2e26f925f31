#!/usr/bin/env pwsh
# How fast the HPA's arithmetic is: steps a second with numbers and from the pipeline, steps of a manifest, and a day at 15 s for many workloads.
#   ./build.sh; pwsh benchmarks/autoscaling.ps1 [-Workloads 1000] [-Steps 100000]
# Goals: 100,000 steps a second in the pipeline; a day of 1,000 workloads in 60 s.
param([int] $Workloads = 1000, [int] $Steps = 100000)
$ErrorActionPreference = 'Stop'
Import-Module (Join-Path (Split-Path $PSScriptRoot) 'out/CloudLab')
$work = New-Item -ItemType Directory -Path (Join-Path ([IO.Path]::GetTempPath()) "cloudlab-autoscaling-$PID")
function Show([string] $What, [double] $Seconds, [long] $Count) {
    '{0,-58} {1,8:n2} s  {2,12:n0} a second' -f $What, $Seconds, ($Count / $Seconds)
}
try {
    $hpa = Join-Path (Split-Path $PSScriptRoot) 'examples/autoscaling/hpa.yaml'
    $rows = foreach ($i in 1..$Steps) { [pscustomobject]@{ CurrentReplicas = 1 + $i % 40; CurrentValue = $i % 211 } }
    $null = $rows[0..5000] | Measure-HpaReplicas -TargetValue 50 -MaxReplicas 30
    $time = Measure-Command { $null = $rows | Measure-HpaReplicas -TargetValue 50 -MaxReplicas 30 }
    Show "$Steps steps by property name from the pipeline" $time.TotalSeconds $Steps
    $time = Measure-Command { $null = $rows | Measure-HpaReplicas -TargetValue 50 -MaxReplicas 30 | ForEach-Object Reason }
    Show 'the same, with their reasons in words' $time.TotalSeconds $Steps
    $time = Measure-Command { $null = $rows | ForEach-Object { $_ } }
    Show 'PowerShell itself: ForEach-Object { $_ }' $time.TotalSeconds $Steps

    # A load at 15 s for a day and more, so that there are as many steps.
    $csv = Join-Path $work 'steps.csv'
    $writer = [IO.StreamWriter]::new($csv)
    $writer.WriteLine('Time,cpu')
    for ($i = 0; $i -lt $Steps; $i++) { $writer.WriteLine("$($i * 15),$(2 + [math]::Round([math]::Sin($i / 400), 3))") }
    $writer.Dispose()
    $rows = Import-Csv $csv
    $time = Measure-Command { $null = $rows | Measure-HpaReplicas -Manifest $hpa }
    Show "$Steps rows from the pipeline to steps of the controller" $time.TotalSeconds $Steps
    $time = Measure-Command { $null = Measure-HpaReplicas -Manifest $hpa -LoadPath $csv }
    Show 'the same from the file' $time.TotalSeconds $Steps

    # A day at 15 s as Prometheus answers it.
    $json = Join-Path $work 'day.json'
    $writer = [IO.StreamWriter]::new($json)
    $writer.Write('{"status":"success","data":{"resultType":"matrix","result":[')
    $day = 5760
    $random = [Random]::new(7)
    $shape = [double[]]::new($day)
    for ($i = 0; $i -lt $day; $i++) { $shape[$i] = 1.2 + [math]::Sin(($i / $day - 0.25) * 2 * [math]::PI) + $random.NextDouble() * 0.2 }
    for ($w = 0; $w -lt $Workloads; $w++) {
        $scale = 0.5 + $random.NextDouble() * 4
        $values = for ($i = 0; $i -lt $day; $i++) { "[$(1795824000 + $i * 15),`"$([math]::Round($shape[$i] * $scale, 3))`"]" }
        $writer.Write("$($w ? ',' : ''){`"metric`":{`"deployment`":`"web-$w`"},`"values`":[$($values -join ',')]}")
    }
    $writer.Write(']}}')
    $writer.Dispose()
    [GC]::Collect()
    $before = [GC]::GetTotalAllocatedBytes($true)
    $time = Measure-Command { $script:sums = Measure-HpaReplicas -Manifest $hpa -LoadPath $json -Summary }
    $allocated = [GC]::GetTotalAllocatedBytes($true) - $before
    if ($sums.Count -ne $Workloads -or $sums[0].Steps -ne $day) { throw "There are $($sums.Count) sums of $($sums[0].Steps) steps." }
    Show "a day at 15 s of $Workloads workloads (file of $([math]::Round((Get-Item $json).Length / 1MB)) MB)" $time.TotalSeconds ($day * $Workloads)
    '{0:n0} bytes allocated for each step, the file included' -f ($allocated / ($day * $Workloads))
}
finally {
    Remove-Item $work -Recurse
}
