#!/usr/bin/env pwsh
# A namespace in operation: quota and limits, scaling, requests, jobs that fail, schedules, a rollout and the way back, a node in maintenance.
# It needs a cluster whose nodes have busybox:1.36 and busybox:latest, and takes the current context of the kubeconfig; without one it runs on the
# emulator. Everything is in a namespace of its own. No node of a real cluster is touched, unless -Node names it.
#   ./build.sh; pwsh examples/operations/lab.ps1
[CmdletBinding()]
param(
    # Parts to show: quota, hpa, replay, vpa, job, cronjob, rollout, drain. All if omitted.
    [ValidateSet('quota', 'hpa', 'replay', 'vpa', 'job', 'cronjob', 'rollout', 'drain')]
    [string[]] $Step,

    # Uses the emulator, whatever is configured. It is used too where nothing is.
    [switch] $Emulator,

    # Node of a real cluster for the part drain. Only pods of this lab are moved; but until it ends, nobody's new pods come to this node.
    [string] $Node,

    # Leaves everything as it is at the end.
    [switch] $Keep
)
. (Join-Path (Split-Path $PSScriptRoot) Common.ps1)
$scaling = Join-Path (Split-Path $PSScriptRoot) autoscaling
$id = "lab-$([guid]::NewGuid().ToString('n').Substring(0, 8))"
$at = @{ Namespace = $id }

try {
    $onEmulator = Start-Place Kubernetes $Emulator
    $null = New-LabKubeNamespace $id -Quota @{ pods = 12; 'requests.cpu' = 2 } -DefaultLimit @{ cpu = '500m'; memory = '64Mi' } -DefaultRequest @{ cpu = '100m'; memory = '16Mi' }
    Add-CleanUp { Remove-LabKubeNamespace $id -Force -Wait -Timeout 120 }
    $null = Deploy-LabManifest (Join-Path $PSScriptRoot web.yaml) @at -Wait -Timeout 120

    Show-Part quota 'A namespace with quota and limits' {
        $requested = (Get-LabPod -LabelSelector app=web @at)[0].Spec.containers[0].resources.requests.cpu
        Say "The Deployment asks for nothing; its pods got a request of $requested from the LimitRange: a quota counts requests, and refuses pods without."
        $usage = Measure-LabQuota -Namespace $id
        $usage | Say
        $shop = Measure-LabQuota (Join-Path $scaling shop.yaml) -Namespace $id
        $shop | ForEach-Object { Say "- $($_.Kind) $($_.Name): $($_.Reason)" }
        try {
            $refused = $null
            $giant = @{ name = 'giant'; image = 'busybox:1.36'; resources = @{ requests = @{ cpu = '4' }; limits = @{ cpu = '4' } } }
            $null = @{ apiVersion = 'v1'; kind = 'Pod'; metadata = @{ name = 'giant' }; spec = @{ containers = @($giant) } } | Deploy-LabManifest @at
        }
        catch { $refused = $_ }
        Say "The server says the same of a pod with 4 CPUs: $refused"
        @{
            Requested = $requested; Pods = ($usage | Where-Object Resource -EQ pods).Used; ShopFits = @($shop | Where-Object Kind -EQ Deployment).Fits
            Refused = "$refused"
        }
    }

    Show-Part hpa 'HorizontalPodAutoscaler under load' {
        $facts = @{ Replicas = $null; Calculated = $null; Reason = $null; Finding = $null }
        $facts.ByHand = (Measure-HpaReplicas -CurrentReplicas 2 -CurrentValue 125 -TargetValue 50).DesiredReplicas
        Say "On paper: 2 pods use 125 % of what they request, 50 % are wanted: 2 x 125 / 50 = $($facts.ByHand) pods."
        try { $null = Get-LabMetric @at -WarningAction SilentlyContinue }
        catch {
            if ($_.FullyQualifiedErrorId -notlike 'MetricsUnavailable,*') { throw }
            $finding = Test-LabHpa web @at | Select-Object -First 1
            $facts.Finding = $finding.Rule
            Say "This cluster measures nothing ($_), so nothing is scaled. Test-LabHpa says: $($finding.Message)"
            return $facts
        }
        # On the emulator the annotation of the autoscaler is the load. In a cluster it is a loop in each pod, which takes what it gets, up to the limit.
        $loops = @{}
        if (-not $onEmulator) {
            foreach ($pod in (Get-LabPod -LabelSelector app=web @at).Name) { $loops[$pod] = Invoke-LabPod $pod -Command sh, -c, 'while :; do :; done > /dev/null 2>&1 & echo $!' @at }
            Say "A loop without end runs in each of the $($loops.Count) pods now."
        }
        try {
            if ($onEmulator) { $null = Wait-LabResource hpa web -For jsonpath='{.status.desiredReplicas}'=5 -Timeout 120 @at }
            else {
                # How many it makes depends on what else the node has to do.
                for ($tries = 180; ($hpa = Get-LabResource hpa web @at).DesiredReplicas -le 2; $tries--) {
                    if (-not $tries) { Skip-Part "the controller has not scaled within three minutes: $($hpa.Status.conditions.message -join '; ')" }
                    Start-Sleep -Seconds 1
                }
            }
            $null = Wait-LabRollout deploy/web -Timeout 60 @at
            $hpa = Get-LabResource hpa web @at
            $next = $hpa | Measure-HpaReplicas
            $facts.Replicas, $facts.Calculated, $facts.Reason = $hpa.DesiredReplicas, $next.DesiredReplicas, $next.Reason
            Say "The controller made $($hpa.DesiredReplicas) of 2. Measure-HpaReplicas beside it, for its next look: $($next.DesiredReplicas). $($next.Reason)"
            Get-LabMetric -LabelSelector app=web @at -WarningAction SilentlyContinue | Say
        }
        finally { $loops.Keys | ForEach-Object { $null = Invoke-LabPod $_ -Command kill, $loops[$_] @at -ErrorAction SilentlyContinue } }
        $facts
    }

    Show-Part replay 'A day replayed, with two settings' {
        $files = @{ Manifest = Join-Path $scaling hpa.yaml; LoadPath = Join-Path $scaling load.csv }
        $sums = Measure-HpaReplicas @files -Compare (Join-Path $scaling hpa-calm.yaml)
        Measure-HpaReplicas @files -Plot | Out-String -Width 160 | Say
        $sums | Say
        Say "$($sums[1].Comparison)"
        @{ Comparison = "$($sums[1].Comparison)"; Plans = @($sums).Count }
    }

    Show-Part vpa 'VerticalPodAutoscaler: what it should request' {
        $from = Measure-VpaRequest (Join-Path $scaling usage.csv) -Manifest (Join-Path $scaling vpa.yaml) -Hpa (Join-Path $scaling hpa.yaml) -WarningAction SilentlyContinue |
            Where-Object Container -EQ web
        Say "Two days of usage: request $($from.CpuTarget) of CPU and $([Math]::Round($from.MemoryTarget / 1MB)) MiB of memory. $($from.CpuReason)"
        Say "But: $($from.Conflict)"
        @{ Cpu = $from.CpuTarget; Memory = $from.MemoryTarget; Conflict = $from.Conflict }
    }

    Show-Part job 'A Job that fails, with back-off' {
        # The image's name is what makes it fail on the emulator, which starts no programs.
        $image = $onEmulator ? 'crash:1' : 'busybox:1.36'
        try { $null = Start-LabJob import -Image $image -Command sh, -c, 'echo no database; exit 1' -Pull IfNotPresent -BackoffLimit 1 -Wait -Timeout 120 @at }
        catch { $failed = $_ }
        $job = Get-LabResource jobs import @at
        Say "backoffLimit 1: $($job.Failed) pods, the second after a pause that doubles each time (10 s, 20 s, up to 6 minutes). Then: $failed"
        @{ Failed = $job.Failed; JobState = $job.State; Error = $failed.FullyQualifiedErrorId.Split(',')[0]; Message = "$failed" }
    }

    Show-Part cronjob 'A CronJob, every 5 minutes and then every minute' {
        $null = Deploy-LabManifest (Join-Path $PSScriptRoot cronjob.yaml) @at
        $first = Get-LabCronJob report @at
        Say "'*/5 * * * *': $($first.Description); next at $($first.NextScheduleTime.ToString('HH:mm:ss')), last at $($first.LastScheduleTime ?? 'no time yet')."
        $null = Edit-LabResource cronjobs/report -Patch @{ spec = @{ schedule = '* * * * *' } } @at
        $second = Get-LabCronJob report @at
        Say "'* * * * *': $($second.Description); next at $($second.NextScheduleTime.ToString('HH:mm:ss')). Waiting for it…"
        $null = Wait-LabResource cronjobs report -For jsonpath='{.status.lastScheduleTime}' -Timeout 150 @at
        $last = Get-LabCronJob report @at
        Say "Last scheduled for $($last.LastScheduleTime.ToString('HH:mm:ss')), as job $($last.LastJob)."
        @{ First = $first.Description; FirstLast = $first.LastScheduleTime; Second = $second.Description; Last = $last.LastScheduleTime; Job = $last.LastJob }
    }

    Show-Part rollout 'Rollout, and rollback' {
        $null = Get-LabResource hpa web -ErrorAction Ignore @at | Remove-LabManifest -Force
        $null = Set-LabScale deploy/web -Replicas 2 -Wait -Timeout 60 @at
        $null = Set-LabWorkloadImage deploy/web web=busybox:latest -Wait -Timeout 60 @at
        Say 'busybox:latest is rolled out: a new pod is ready before an old one goes.'
        try {
            $stuck = $null
            $null = Set-LabWorkloadImage deploy/web web=no.such.registry.invalid/web:nonexistent -Wait -Timeout 60 @at
        }
        catch { $stuck = $_ }
        $ready = (Get-LabResource deploy/web @at).Status.readyReplicas
        Say "An image that does not exist gets stuck: $stuck"
        Say "Meanwhile $ready pods serve as before."
        $null = Undo-LabRollout deploy/web -Wait -Timeout 60 @at
        $history = Get-LabRolloutHistory deploy/web @at
        $history | Say
        $image = (Get-LabResource deploy/web @at).Spec.template.spec.containers[0].image
        Say "Undo-LabRollout: $image again, as a new revision."
        @{ Stuck = "$stuck".Length -gt 0; Message = "$stuck"; Ready = $ready; Image = $image; Revisions = $history.Revision }
    }

    Show-Part drain 'A node in maintenance' {
        if (-not $onEmulator -and -not $Node) { Skip-Part 'a node of a real cluster is drained only if -Node names it; -Emulator shows it, too' }
        $script:drained = $onEmulator ? (Get-LabNode).Name : $Node
        if ("$((Get-LabNode $drained).State)" -match 'SchedulingDisabled') { Skip-Part "somebody has cordoned $drained already" }
        Add-CleanUp { Resume-LabNode $drained }
        $null = Get-LabResource hpa web -ErrorAction Ignore @at | Remove-LabManifest -Force
        # A label that no pod of others has, and this node if it may be.
        $here = @{ matchFields = @(@{ key = 'metadata.name'; operator = 'In'; values = @($drained) }) }
        $template = @{
            metadata = @{ labels = @{ lab = $id } }
            spec = @{ affinity = @{ nodeAffinity = @{ preferredDuringSchedulingIgnoredDuringExecution = @(@{ weight = 100; preference = $here }) } } }
        }
        $null = Edit-LabResource deploy/web -Patch @{ spec = @{ replicas = 2; template = $template } } @at
        $null = Wait-LabRollout deploy/web -Timeout 60 @at
        $null = @{ apiVersion = 'policy/v1'; kind = 'PodDisruptionBudget'; metadata = @{ name = 'web' }; spec = @{ minAvailable = 2; selector = @{ matchLabels = @{ app = 'web' } } } } | Deploy-LabManifest @at
        $null = Wait-LabResource pdb web -For jsonpath='{.status.currentHealthy}'=2 -Timeout 60 @at
        try {
            $blocked = $null
            $null = Clear-LabNode $drained -PodSelector lab=$id -Timeout 3
        }
        catch { $blocked = $_ }
        Say "A budget that lets no pod go: $blocked"
        $null = Resume-LabNode $drained
        $null = Edit-LabResource pdb/web -Patch @{ spec = @{ minAvailable = 0 } } @at
        $null = Wait-LabResource pdb web -For jsonpath='{.status.disruptionsAllowed}'=2 -Timeout 60 @at
        $drain = Clear-LabNode $drained -PodSelector lab=$id -Timeout 60
        $drain.Pods | Say
        $state = (Get-LabNode $drained).State
        $null = Resume-LabNode $drained
        $null = Wait-LabRollout deploy/web -Timeout 60 @at
        Say "With a budget that allows it, $drained has none of these pods any more ($state). Resume-LabNode takes it into use again, and as many pods as before run."
        @{ Blocked = $blocked ? $blocked.FullyQualifiedErrorId.Split(',')[0] : ''; Message = "$blocked"; Moved = @($drain.Pods).Count; NodeState = "$state"; After = (Get-LabNode $drained).State }
    }
}
finally { Clear-Lab }
$parts
