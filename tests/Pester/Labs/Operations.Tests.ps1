#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# The lab examples/operations, on the emulator and, where there is one, on a cluster with a node.

BeforeDiscovery {
    $places = @(@{ Place = 'the emulator' }; if ($env:CLOUDLAB_TEST_KUBECONFIG) { @{ Place = 'a cluster' } })
}

BeforeAll { . (Join-Path $PSScriptRoot Common.ps1) }

Describe 'Lab operations on <Place>' -Tag Kubernetes -ForEach $places {
    BeforeAll {
        $real = $Place -eq 'a cluster'
        $before = Set-Environment @{ KUBECONFIG = $real ? $env:CLOUDLAB_TEST_KUBECONFIG : '/nosuch' }
        $parts = Invoke-Lab operations @{ Emulator = -not $real }
    }

    AfterAll { $null = Set-Environment $before }

    It 'holds the namespace to its quota' {
        $parts.quota.Requested, $parts.quota.Pods | Should -Be 100m, 2
        $parts.quota.ShopFits | Should -Be $true, $false
        $parts.quota.Refused | Should -Match 'exceeded quota: quota, requested: requests\.cpu=4'
    }

    It 'scales as it is calculated, or says why nothing scales' {
        $parts.hpa.ByHand | Should -Be 5
        if ($real -and $parts.hpa.Finding) { $parts.hpa.Finding | Should -Be MetricsUnavailable }
        if (-not $real) {
            $parts.hpa.Replicas, $parts.hpa.Calculated | Should -Be 5, 5
            $parts.hpa.Reason | Should -Match 'cpu at 50% is 1 times the target'
        }
    }

    It 'replays and plots a day' {
        $parts.replay.Plans, $parts.replay.Comparison | Should -Be 2, 'hpa-calm.yaml takes 4.2 % more replica-seconds than hpa.yaml, 6780 s less over the target, 6 fewer flaps.'
        $said | Should -Match '20 ┤.*█'
    }

    It 'recommends requests, and warns of two autoscalers in one place' {
        $parts.vpa.Cpu | Should -Be 476m
        $parts.vpa.Conflict | Should -Match 'HorizontalPodAutoscaler web scales on the utilization of cpu'
    }

    It 'lets a Job fail for good after its back-off' {
        $parts.job.Failed, $parts.job.JobState, $parts.job.Error | Should -Be 2, Failed, JobFailed
        $parts.job.Message | Should -Match 'BackoffLimitExceeded.*it wrote last: no database'
    }

    It 'waits for the CronJob that runs every minute' {
        $parts.cronjob.First, $parts.cronjob.Second | Should -Be 'Every 5 minutes.', 'Every minute.'
        $parts.cronjob.FirstLast | Should -BeNullOrEmpty
        $parts.cronjob.Last.Second | Should -Be 0
        $parts.cronjob.Job | Should -Match '^report-\d+$'
    }

    It 'takes a stuck rollout back, while the old pods serve' {
        $parts.rollout.Message | Should -Match 'exceeded its progress deadline.*ImagePullBackOff|exceeded its progress deadline.*ErrImagePull'
        $parts.rollout.Ready, $parts.rollout.Image | Should -Be 2, busybox:latest
        $parts.rollout.Revisions | Should -Be 1, 3, 4
    }

    It 'drains a node of the emulator, and one of a cluster only if it is named' {
        if ($real) {
            $parts.drain.State | Should -Be LeftOut
            $said | Should -Match 'a node of a real cluster is drained only if -Node names it'
            return
        }
        $parts.drain.Blocked | Should -Be DrainTimeout
        $parts.drain.Message | Should -Match 'PodDisruptionBudget web \(minAvailable 2\)'
        $parts.drain.Moved, $parts.drain.NodeState, $parts.drain.After | Should -Be 2, 'Ready,SchedulingDisabled', Ready
    }

    It 'leaves nothing behind' {
        $warned | Should -BeNullOrEmpty
        if ($real) { Get-LabResource namespaces ([regex]::Match($said, 'lab-[0-9a-f]{8}').Value) -ErrorAction Ignore | Should -BeNullOrEmpty }
        else { Get-LabEmulator | Should -BeNullOrEmpty }
    }
}

Describe 'Lab operations on a cluster with metrics' -Tag Kubernetes -Skip:(-not $env:CLOUDLAB_TEST_KUBECONFIG) {
    BeforeAll {
        $before = Set-Environment @{ KUBECONFIG = $env:CLOUDLAB_TEST_KUBECONFIG }
        $metrics = Start-MetricsServer
        $parts = Invoke-Lab operations @{ Step = 'hpa' }
    }

    AfterAll {
        if ($metrics -is [hashtable]) { Stop-MetricsServer $metrics }
        $null = Set-Environment $before
    }

    It 'scales with the load that is measured' {
        if ($metrics -is [string] -and $parts.hpa.Finding) { Set-ItResult -Skipped -Because $metrics }
        $parts.hpa.Finding | Should -BeNullOrEmpty
        $parts.hpa.Replicas, $parts.hpa.Calculated | ForEach-Object { $_ | Should -BeIn (3..6) }
        $parts.hpa.Reason | Should -Match 'cpu at \d+%'
        $said | Should -Match "The controller made $($parts.hpa.Replicas) of 2"
    }
}
