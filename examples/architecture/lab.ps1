#!/usr/bin/env pwsh
# The road of the movie site from one machine to a cluster that runs it, each stage a manifest that replaces the one before, measured by requests
# through a port of this machine and by what it takes of a node. It needs a cluster whose nodes have busybox:1.36, and takes
# the current context of the kubeconfig; without one it runs on the emulator, which answers requests with the name of a pod.
#   ./build.sh; pwsh examples/architecture/lab.ps1
[CmdletBinding()]
param(
    # Stages to show: single, split, replicated, cached, services, orchestrated. All if omitted.
    [ValidateSet('single', 'split', 'replicated', 'cached', 'services', 'orchestrated')]
    [string[]] $Step,

    # How many requests each stage gets for each of its paths.
    [ValidateRange(1, 10000)]
    [int] $Count = 20,

    # Uses the emulator, whatever is configured. It is used too where nothing is.
    [switch] $Emulator,

    # Leaves everything as it is at the end.
    [switch] $Keep
)
. (Join-Path (Split-Path $PSScriptRoot) Common.ps1)
$movies = Join-Path (Split-Path $PSScriptRoot) movies
$id = "lab-$([guid]::NewGuid().ToString('n').Substring(0, 8))"
$at = @{ Namespace = $id }

# Where each path of the site is answered, stage by stage, and whose pod is deleted to see who notices.
$stages = [ordered] @{
    single       = @{ Title = 'One machine'; Paths = @{ 'index.html' = 'site'; 'data/movies.json' = 'site'; 'data/users.json' = 'site' }; Hit = 'site' }
    split        = @{ Title = 'Page and data apart'; Paths = @{ 'index.html' = 'site'; 'data/movies.json' = 'data'; 'data/users.json' = 'data' }; Hit = 'data' }
    replicated   = @{ Title = 'More than one of each'; Paths = @{ 'index.html' = 'site'; 'data/movies.json' = 'data'; 'data/users.json' = 'data' }; Hit = 'data' }
    cached       = @{ Title = 'A cache before the data'; Paths = @{ 'index.html' = 'site'; 'data/movies.json' = 'cache'; 'data/users.json' = 'cache' }; Hit = 'data' }
    services     = @{ Title = 'A service for each kind of data'; Paths = @{ 'index.html' = 'site'; 'data/movies.json' = 'movies'; 'data/users.json' = 'users' }; Hit = 'users' }
    orchestrated = @{ Title = 'Run by the cluster'; Paths = @{ 'index.html' = 'site'; 'data/movies.json' = 'movies'; 'data/users.json' = 'users' }; Hit = 'movies' }
}

# Sends requests through a port of this machine, and counts what came back.
function Measure-Path([string] $Path, [string] $Service) {
    $forward = Start-LabPortForward "svc/$Service" -Port 0:80 @at
    try {
        $clock = [Diagnostics.Stopwatch]::StartNew()
        $answers = 1..$Count | ForEach-Object {
            try { Invoke-WebRequest "http://$forward/$Path" -TimeoutSec 10 -SkipHttpErrorCheck } catch { Write-Verbose "$_" }
        }
        [pscustomobject] @{
            Path = $Path; Service = $Service; Good = @($answers | Where-Object StatusCode -EQ 200).Count; Requests = $Count
            Bytes = ($answers | Select-Object -First 1).RawContentLength; RequestsPerSecond = [Math]::Round($Count / $clock.Elapsed.TotalSeconds, 1)
        }
    }
    finally { $forward | Stop-LabPortForward }
}

try {
    $onEmulator = Start-Place Kubernetes $Emulator
    $null = New-LabKubeNamespace $id
    Add-CleanUp { Remove-LabKubeNamespace $id -Force -Wait -Timeout 120 }
    $files = (Join-Path $movies site/index.html), (Join-Path $movies data/movies.json), (Join-Path $movies data/users.json)
    $null = New-LabManifest ConfigMap content -FromFile $files | Deploy-LabManifest @at
    $number = 0
    foreach ($name in $stages.Keys) {
        $stage, $number = $stages[$name], ($number + 1)
        $file = Join-Path $PSScriptRoot "$number-$name.yaml"
        Show-Part $name "$number. $($stage.Title)" {
            Say (Get-Content $file -TotalCount 1).TrimStart('# ')
            # The objects of the stage before that this one has no more are removed.
            $deployed = Deploy-LabManifest $file @at -ApplySet road -Prune -Wait -Timeout 120
            $paths = $stage.Paths.Keys | Sort-Object | ForEach-Object { Measure-Path $_ $stage.Paths[$_] }
            $paths | Format-Table | Out-String | Say
            $rows = Measure-LabCapacity $file -Cpu 2 -Memory 4Gi -By Workload -WarningAction SilentlyContinue
            $pods = ($rows | Measure-Object PodCount -Sum).Sum
            $node = Measure-LabCapacity $file -Cpu 2 -Memory 4Gi -WarningAction SilentlyContinue
            Say "On a node of 2 CPUs and 4 GiB: $pods $($pods -eq 1 ? 'pod' : 'pods'). $(($rows | ForEach-Object { "$($_.Name) $($_.PodCount), and $($_.MorePodCount) more would fit" }) -join '; ')."
            # Those of the stage before that are still ending do not count.
            $alive = { Get-LabPod -LabelSelector "app=$($stage.Hit)" @at | Where-Object { -not $_.Metadata.deletionTimestamp } }
            $before = @(& $alive)
            $before[0] | Remove-LabManifest -Force -Wait -Timeout 60 -GracePeriod 0
            $left = @(& $alive | Where-Object { $_.Name -in $before.Name }).Count
            $behind = $stage.Hit -notin $stage.Paths.Values
            $answer = if ($behind) { Measure-Path data/users.json $stage.Paths['data/users.json'] }
            $lost = "A pod of $($stage.Hit) was deleted"
            if ($behind) { Say "${lost}: $($answer.Good) of $($answer.Requests) requests were answered by $($answer.Service) before it." }
            elseif ($left) { Say "${lost}: $left of its kind went on answering." }
            else { Say "${lost}: until its successor is ready, nobody answered for it." }
            # Stable: the status may still be that of before the loss.
            $null = Wait-LabRollout "deploy/$($stage.Hit)" -StableFor 2 -Timeout 60 @at
            @{
                Objects = @($deployed | Where-Object Action -NE Pruned | ForEach-Object { "$($_.Kind)/$($_.Name)" } | Sort-Object)
                Pods = $pods; Paths = $paths; Left = $left; Answered = $answer.Good
                More = @($rows | ForEach-Object { "$($_.Name)=$($_.MorePodCount)" }); Running = @(Get-LabPod @at | Where-Object State -EQ Running).Count; Nodes = @($node).Count
            }
        }
    }
    Say "`nThe stages beside each other:"
    $parts | ForEach-Object {
        [pscustomobject] @{ Stage = $_.Part; Pods = [int] $_.Facts.Pods; Good = [int] ($_.Facts.Paths | Measure-Object Good -Sum).Sum; Requests = [int] ($_.Facts.Paths | Measure-Object Requests -Sum).Sum; LeftAfterALoss = $_.Facts.Left; RequestsPerSecond = [int] ($_.Facts.Paths | Measure-Object RequestsPerSecond -Average).Average }
    } | Format-Table | Out-String | Say
    if ($onEmulator) { Say 'The emulator starts no programs: its answers are names of pods, and how fast they come says nothing.' }
}
finally { Clear-Lab }
$parts
