#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# The autoscaling cmdlets in the real engine.

BeforeAll {
    Import-Module (Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1')
}

Describe 'Measure-HpaReplicas' -Tag Autoscaling {
    It 'gives 12 for 5 replicas at 120 against 50, and says why' {
        $decision = Measure-HpaReplicas -CurrentReplicas 5 -CurrentValue 120 -TargetValue 50
        $decision.DesiredReplicas | Should -Be 12
        $decision.Reason | Should -Be '120 is 2.4 times the target of 50: ceil(5 x 2.4) = 12 replicas.'
    }

    It 'takes inputs by property name and keeps their order' {
        $loads = 40, 50, 54, 60, 90 | ForEach-Object { [pscustomobject]@{ CurrentValue = $_ } }
        ($loads | Measure-HpaReplicas -CurrentReplicas 4 -TargetValue 50).DesiredReplicas | Should -Be 4, 4, 4, 5, 8
    }

    It 'refuses a target of <_> and ends' -ForEach 0, -1, ([double]::NaN), ([double]::PositiveInfinity) {
        { Measure-HpaReplicas 5 120 $_ } | Should -Throw -ErrorId 'InvalidTargetValue,CloudLab.Cmdlets.Autoscaling.Hpa.MeasureHpaReplicasCommand'
    }

    It 'reports a bad input from the pipeline and goes on' {
        $found = 1, -1, 2 | ForEach-Object { [pscustomobject]@{ CurrentReplicas = $_ } } |
            Measure-HpaReplicas -CurrentValue 120 -TargetValue 50 -ErrorVariable problems -ErrorAction SilentlyContinue
        $found.DesiredReplicas | Should -Be 3, 5
        $problems | Should -HaveCount 1
    }

    It 'shows a table' {
        $table = Measure-HpaReplicas 5 120 50 -MaxReplicas 10 | Out-String -Width 100
        $table | Should -Match 'CurrentReplicas\s+DesiredReplicas\s+LimitedBy\s+Reason'
        $table | Should -Match '5\s+10\s+MaxReplicas'
    }
}

Describe 'Measure-HpaReplicas with a manifest' -Tag Autoscaling {
    BeforeAll {
        Copy-Item (Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'examples/autoscaling') $TestDrive -Recurse
        Push-Location (Join-Path $TestDrive 'autoscaling')
        $pods = 'web-1', 'web-2', 'web-3' | ForEach-Object { @{ name = $_ } }
        $used = 'web-1', 'web-2', 'web-3' | ForEach-Object { [pscustomobject]@{ pod = $_; value = '450m' } }
    }

    AfterAll { Pop-Location }

    It 'decides one step from samples, and says why' {
        $decision = Measure-HpaReplicas -Manifest hpa.yaml -Pod $pods -Metric $used -CurrentReplicas 3
        $decision.DesiredReplicas, $decision.Metric, $decision.Ratio | Should -Be 5, 'cpu', 1.5
        $decision.Reason | Should -Be 'cpu at 90% is 1.5 times the target of 60%: ceil(3 x 1.5) = 5 replicas.'
    }

    It 'takes the manifest as <Kind>' -ForEach @(
        @{ Kind = 'text'; Get = { Get-Content -Raw hpa.yaml } }
        @{ Kind = 'lines'; Get = { Get-Content hpa.yaml } }
        @{ Kind = 'a file'; Get = { Get-Item hpa.yaml } }
        @{ Kind = 'objects'; Get = { @(
                    @{ kind = 'HorizontalPodAutoscaler'; spec = @{ maxReplicas = 20; scaleTargetRef = @{ kind = 'Deployment'; name = 'web' }
                            metrics = @(@{ type = 'Resource'; resource = @{ name = 'cpu'; target = @{ averageValue = '300m' } } }) } }) } }
    ) {
        (Measure-HpaReplicas -Manifest (& $Get) -Pod $pods -Metric $used -CurrentReplicas 3).DesiredReplicas | Should -Be 5
    }

    It 'replays rows from Import-Csv, lines, a file and Prometheus alike' {
        $rows = Import-Csv load.csv | Select-Object -First 20
        $expected = ($rows | Measure-HpaReplicas -Manifest hpa.yaml).DesiredReplicas
        $expected | Should -HaveCount (19 * 20 + 1)
        $rows | Export-Csv short.csv
        (Measure-HpaReplicas -Manifest hpa.yaml -LoadPath short.csv).DesiredReplicas | Should -Be $expected
        (Get-Content short.csv | Measure-HpaReplicas -Manifest hpa.yaml).DesiredReplicas | Should -Be $expected
        $json = @{ data = @{ resultType = 'matrix'; result = @(@{ metric = @{}; values = @($rows | ForEach-Object {
                                , @(([DateTimeOffset] $_.Time).ToUnixTimeSeconds(), $_.cpu) }) }) } } | ConvertTo-Json -Depth 6
        ($json | Measure-HpaReplicas -Manifest hpa.yaml).DesiredReplicas | Should -Be $expected
        ($json | ConvertFrom-Json | Measure-HpaReplicas -Manifest hpa.yaml).DesiredReplicas | Should -Be $expected
    }

    It 'stops when the pipeline has seen enough' {
        Import-Csv load.csv | Measure-HpaReplicas -Manifest hpa.yaml | Select-Object -First 3 | Should -HaveCount 3
    }

    It 'compares two manifests on one load' {
        $sums = Measure-LabHpa -Manifest hpa.yaml -Compare hpa-calm.yaml -LoadPath load.csv
        $sums.Manifest | Should -Be 'hpa.yaml', 'hpa-calm.yaml'
        $sums[1].Comparison | Should -Match '^hpa-calm.yaml takes .* replica-seconds than hpa.yaml, \d+ s less over the target, \d+ fewer flaps\.$'
        $sums[0].ReplicaSeconds | Should -Be (($all = Measure-LabHpa -Manifest hpa.yaml -LoadPath load.csv) | Select-Object -SkipLast 1 | ForEach-Object { $_.DesiredReplicas * 15 } | Measure-Object -Sum).Sum
        $all[0].Time | Should -Be ([DateTimeOffset] '2026-11-28T00:00:00Z')
    }

    It 'draws, in the terminal and as SVG' {
        $lines = Measure-HpaReplicas -Manifest hpa.yaml -LoadPath load.csv -Plot -PlotPath day.svg
        $lines[0] | Should -Be 'Replicas: hpa.yaml'
        $lines -join '' | Should -Match '█'
        ([xml] (Get-Content -Raw day.svg)).svg.path | Should -HaveCount 2
    }

    It 'takes one workload''s bad load as its own error, and goes on' {
        $rows = @(foreach ($name in 'a', 'b', 'c') { foreach ($i in 0..4) { [pscustomobject]@{ Workload = $name; Time = $name -eq 'b' ? 0 : $i * 15; cpu = 1 } } })
        $found = $rows | Measure-HpaReplicas -Manifest hpa.yaml -Summary -ErrorVariable problems -ErrorAction SilentlyContinue
        $found.Workload | Sort-Object | Should -Be 'a', 'c'
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'LoadDuplicate,*'
    }

    It 'warns of a gap' {
        $null = "Time,cpu`n0,1`n15,1`n30,1`n900,1" | Measure-HpaReplicas -Manifest hpa.yaml -Summary -WarningVariable gaps -WarningAction SilentlyContinue
        $gaps | Should -HaveCount 1
        "$gaps" | Should -BeLike '*gap from 1970-01-01 00:00:30Z*'
    }

    It 'refuses <Case> in one line' -ForEach @(
        @{ Case = 'a file that is not there'; Arguments = @{ Manifest = 'nothing.yaml'; LoadPath = 'load.csv' }; Id = 'ManifestNotFound' }
        @{ Case = 'a load as a manifest'; Arguments = @{ Manifest = 'load.csv'; LoadPath = 'load.csv' }; Id = 'NotAnAutoscaler' }
        @{ Case = 'a load that is not there'; Arguments = @{ Manifest = 'hpa.yaml'; LoadPath = 'nothing.csv' }; Id = 'LoadNotFound' }
        @{ Case = 'no load'; Arguments = @{ Manifest = 'hpa.yaml' }; Id = 'NoLoad' }
        @{ Case = 'a sync period of nothing'; Arguments = @{ Manifest = 'hpa.yaml'; LoadPath = 'load.csv'; SyncPeriod = 0 }; Id = 'InvalidSyncPeriod' }
        @{ Case = 'a negative tolerance'; Arguments = @{ Manifest = 'hpa.yaml'; LoadPath = 'load.csv'; Tolerance = -1 }; Id = 'InvalidTolerance' }
        @{ Case = 'a percentage as usage'; Arguments = @{ Manifest = 'hpa.yaml'; Metric = @(@{ pod = 'web-1'; value = '90%' }) }; Id = 'SampleInvalid' }
    ) {
        $problem = { Measure-HpaReplicas @Arguments } | Should -Throw -PassThru
        $problem.FullyQualifiedErrorId | Should -BeLike "$Id,*"
        "$problem" | Should -Not -Match "`n"
    }

    It 'shows steps at <_> columns' -ForEach 80, 120 {
        $table = Import-Csv load.csv | Measure-HpaReplicas -Manifest hpa.yaml | Where-Object Change -NE 0 | Select-Object -First 3 | Out-String -Width $_
        $table | Should -Match '2026-11-28 \d\d:\d\d:\d\d'
        $table | Should -Not -Match '…'
    }

    It 'runs its example' {
        $text = & (Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'examples/autoscaling/scale.ps1') | Out-String
        $text | Should -Match 'hpa-calm.yaml takes'
    }
}
