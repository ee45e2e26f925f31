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

Describe 'Measure-VpaRequest' -Tag Autoscaling {
    BeforeAll {
        Push-Location (Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'examples/autoscaling')
    }
    AfterAll { Pop-Location }

    It 'recommends for each container, within its policy, and says why' {
        $found = Import-Csv usage.csv | Measure-VpaRequest -Manifest vpa.yaml
        $found.Container | Should -Be 'proxy', 'web'
        $found[0].CpuTarget | Should -BeNullOrEmpty
        $found[0].Reason | Should -BeLike '*mode Off*'
        $found[1].CpuTarget | Should -Match '^\d+m$'
        $found[1].SampleCount | Should -Be 576
        $found[1].Reason | Should -Match '^CPU: 90 % of the samples, .* Memory: 90 % of the peaks, '
        # 90 % of at most 440m, with 15 % and a bucket of 5 %.
        [int] ($found[1].CpuTarget -replace 'm') | Should -BeGreaterThan 350
        [int] ($found[1].CpuTarget -replace 'm') | Should -BeLessThan 540
    }

    It 'shows confidence in three digits, and why a container has no target' {
        $table = Import-Csv usage.csv | Select-Object -First 9 | Measure-VpaRequest -Manifest vpa.yaml | Out-String -Width 200
        $table | Should -Match 'proxy: The policy of proxy has mode Off'
        $table | Should -Not -Match '0\.\d{6}'
        $table | Should -Match '0\.00\d{1,3} '
        # Bytes have no unit in the property; the table has it.
        $table | Should -Match ' \d+Mi '
        $table | Should -Not -Match '\d{7}'
    }

    It 'gives the same from rows, a file and its alias' {
        $rows = Import-Csv usage.csv | Measure-VpaRequest
        $file = Measure-LabVpa usage.csv
        $text = Get-Content usage.csv | Measure-VpaRequest
        ($rows | ConvertTo-Json) | Should -Be ($file | ConvertTo-Json)
        ($text | ConvertTo-Json) | Should -Be ($file | ConvertTo-Json)
    }

    It 'reads answers of Prometheus without names, one after the other' {
        $series = foreach ($part in 0, 1) {
            $values = foreach ($i in 0..99) { , @((1764000000 + ($part * 100 + $i) * 60), '0.25') }
            $path = Join-Path $TestDrive "cpu$part.json"
            @{ data = @{ resultType = 'matrix'; result = @(@{ metric = @{ container = 'web'; pod = 'web-1' }; values = $values }) } } | ConvertTo-Json -Depth 9 | Set-Content $path
            $path
        }
        $found = Measure-VpaRequest -CpuPath $series
        $found.SampleCount | Should -Be 200
        $found.History | Should -Be ([timespan]::FromMinutes(199))
        # 250m lies in the bucket that ends at 258.4m; with 15 %.
        $found.CpuUncappedTarget | Should -Be '296m'
    }

    It 'raises memory after a container ran out of it' {
        $before = Measure-VpaRequest usage.csv
        $after = Measure-VpaRequest usage.csv -Oom @{ Time = '2026-11-27T23:55:00Z'; Container = 'web'; Pod = 'web-1'; Memory = '2Gi' }
        $after[1].OomCount | Should -Be 1
        # 2Gi and 20 %, in its bucket, with 15 %.
        [long] $after[1].MemoryTarget | Should -BeGreaterThan 2900000000
        $before[1].MemoryTarget | Should -Not -Be $after[1].MemoryTarget
    }

    It 'warns where an HPA scales on the same request' {
        $found = Measure-VpaRequest usage.csv -Hpa hpa.yaml -WarningVariable warned -WarningAction SilentlyContinue
        $warned | Should -HaveCount 1
        "$warned" | Should -Match 'HorizontalPodAutoscaler web scales on the utilization of cpu.*controlledResources: \[memory\]'
        $found[1].Conflict | Should -Be "$warned"
    }

    It 'refuses <Case> in one line' -ForEach @(
        @{ Case = 'no samples'; Arguments = @{}; Id = 'NoSamples' }
        @{ Case = 'a file that is not there'; Arguments = @{ SamplePath = 'nothing.csv' }; Id = 'LoadNotFound' }
        @{ Case = 'an HPA as a manifest'; Arguments = @{ SamplePath = 'usage.csv'; Manifest = 'hpa.yaml' }; Id = 'NotAVerticalAutoscaler' }
        @{ Case = 'a percentile in percent'; Arguments = @{ SamplePath = 'usage.csv'; TargetCpuPercentile = 90 }; Id = 'InvalidPercentile' }
        @{ Case = 'a negative margin'; Arguments = @{ SamplePath = 'usage.csv'; SafetyMargin = -1 }; Id = 'InvalidSafetyMargin' }
        @{ Case = 'negative usage'; Arguments = @{ InputObject = [pscustomobject]@{ Time = 0; Cpu = -1 } }; Id = 'SampleInvalid' }
        @{ Case = 'a wrong unit'; Arguments = @{ InputObject = [pscustomobject]@{ Time = 0; Memory = '128MB' } }; Id = 'LoadInvalid' }
        @{ Case = 'neither CPU nor memory'; Arguments = @{ InputObject = [pscustomobject]@{ Time = 0; Requests = 1 } }; Id = 'SampleInvalid' }
        @{ Case = 'an OOM event without memory'; Arguments = @{ SamplePath = 'usage.csv'; Oom = @{ Time = 0 } }; Id = 'SampleInvalid' }
        @{ Case = 'times twice'; Arguments = @{ InputObject = "Time,Cpu`n0,1`n0,2" }; Id = 'LoadDuplicate' }
    ) {
        $problem = { Measure-VpaRequest @Arguments } | Should -Throw -PassThru
        $problem.FullyQualifiedErrorId | Should -BeLike "$Id,*"
        "$problem" | Should -Not -Match "`n"
    }

    It 'warns of a gap' {
        $null = "Time,Cpu`n0,1`n60,1`n120,1`n9000,1" | Measure-VpaRequest -WarningVariable gaps -WarningAction SilentlyContinue
        "$gaps" | Should -BeLike '*gap from 1970-01-01 00:02:00Z*'
    }
}

Describe 'Measure-LabQuota' -Tag Autoscaling {
    BeforeAll {
        Push-Location (Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'examples/autoscaling')
    }
    AfterAll { Pop-Location }

    It 'says how many pods of each workload would run, and why not more' {
        $found = Measure-LabQuota quota.yaml, shop.yaml
        $found.Name | Should -Be 'front', 'search', 'front'
        $found.Fits | Should -Be $true, $false, $true
        $found[1].AcceptedPodCount | Should -Be 2
        $found[1].Refusals | Should -Be 'pods "search-xxxxx" is forbidden: exceeded quota: compute, requested: limits.cpu=1,requests.cpu=400m, used: limits.cpu=3500m,requests.cpu=1700m, limited: limits.cpu=4,requests.cpu=2'
        $found[0].Defaults | Should -Contain 'memory request 128Mi for container front from LimitRange defaults'
    }

    It 'says what is left, with and without manifests' {
        (Measure-LabQuota quota.yaml).Left | Should -Be '5', '4', '10', '2', '2Gi', '1'
        $after = Measure-LabQuota quota.yaml, shop.yaml -By Quota
        ($after | Where-Object Resource -EQ requests.cpu).LeftAfter | Should -Be '300m'
        ($after | Where-Object Resource -EQ requests.cpu).Requested | Should -Be '2500m'
    }

    It 'takes text, lines, files, hashtables and objects from the pipeline' {
        $files = Measure-LabQuota quota.yaml, shop.yaml | ConvertTo-Json
        (Get-Content -Raw quota.yaml, shop.yaml | Measure-LabQuota | ConvertTo-Json) | Should -Be $files
        (Get-Item quota.yaml, shop.yaml | Measure-LabQuota | ConvertTo-Json) | Should -Be $files
        (Get-Content quota.yaml | Measure-LabQuota -LiteralPath shop.yaml | ConvertTo-Json) | Should -Be $files
        $pod = @{ apiVersion = 'v1'; kind = 'Pod'; metadata = @{ name = 'p' }; spec = @{ containers = @(@{ name = 'c' }) } }
        ($pod, [pscustomobject] $pod | Measure-LabQuota quota.yaml).Fits | Should -Be $true, $true
    }

    It 'reads a folder with its folders, and follows no links to folders' {
        $below = New-Item -ItemType Directory (Join-Path $TestDrive 'top/below')
        Copy-Item quota.yaml, shop.yaml $below
        New-Item -ItemType SymbolicLink (Join-Path $below round) -Target (Join-Path $TestDrive top) | Out-Null
        (Measure-LabQuota (Join-Path $TestDrive top) | ConvertTo-Json) | Should -Be (Measure-LabQuota quota.yaml, shop.yaml | ConvertTo-Json)
    }

    It 'counts what exists' {
        (Measure-LabQuota quota.yaml, shop.yaml -Existing @{ kind = 'Pod'; metadata = @{ name = 'p' }; spec = @{ containers = @(@{ name = 'c'; resources = @{ requests = @{ cpu = 1; memory = '1Gi' } } }) } })[1].AcceptedPodCount |
            Should -Be 0
    }

    It 'refuses <Case> in one line' -ForEach @(
        @{ Case = 'nothing'; Arguments = @{}; Id = 'NoManifest' }
        @{ Case = 'a file that is not there'; Arguments = @{ Path = 'nothing.yaml' }; Id = 'ManifestNotFound' }
        @{ Case = 'no quota'; Arguments = @{ Path = 'shop.yaml' }; Id = 'NoQuota' }
        @{ Case = 'a wrong unit'; Arguments = @{ Manifest = @{ kind = 'ResourceQuota'; metadata = @{ name = 'q' }; spec = @{ hard = @{ 'requests.memory' = '1GB' } } } }; Id = 'ManifestInvalid' }
        @{ Case = 'a negative amount'; Arguments = @{ Manifest = @{ kind = 'ResourceQuota'; metadata = @{ name = 'q' }; spec = @{ hard = @{ pods = -1 } } } }; Id = 'ManifestInvalid' }
    ) {
        $problem = { Measure-LabQuota @Arguments } | Should -Throw -PassThru
        $problem.FullyQualifiedErrorId | Should -BeLike "$Id,*"
        "$problem" | Should -Not -Match "`n"
    }
}

Describe 'Measure-LabCapacity' -Tag Autoscaling {
    BeforeAll {
        Push-Location (Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'examples/autoscaling')
    }
    AfterAll { Pop-Location }

    It 'shows nodes, and warns of pods that do not fit' {
        $nodes = Measure-LabCapacity nodes.yaml, shop.yaml -WarningVariable warned -WarningAction SilentlyContinue
        ($nodes | Out-String -Width 120).Trim() | Should -Match '^Node '
        $nodes.Node | Should -Be 'general-1', 'general-2', 'gpu-1'
        $warned | Should -HaveCount 1
        "$warned" | Should -BeLike 'Deployment search: * of 4 pods fit, the others stay Pending: 0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu.'
        $nodes[2].PodCount | Should -Be 0
    }

    It 'makes nodes up, and says how many more would fit' {
        $found = Measure-LabCapacity shop.yaml -Cpu 2 -Memory 4Gi -Count 3 -By Workload
        $found.Fits | Should -Be $true, $true
        # 900m, 1300m and 1300m are free: 3 + 4 + 4 pods of 300m, or 2 + 3 + 3 of 400m.
        $found.MorePodCount | Should -Be 11, 8
    }

    It 'packs tightly on request' {
        $node = Measure-LabCapacity shop.yaml -Cpu 4 -Memory 8Gi -Count 3 -Placement MostAllocated
        $node.PodCount | Should -Be 7, 0, 0
    }

    It 'refuses <Case> in one line' -ForEach @(
        @{ Case = 'no node'; Arguments = @{ Path = 'shop.yaml' }; Id = 'NoNode' }
        @{ Case = 'no pods'; Arguments = @{ Path = 'nodes.yaml' }; Id = 'NoWorkload' }
        @{ Case = 'half a node'; Arguments = @{ Path = 'shop.yaml'; Cpu = '2' }; Id = 'NodeSizeMissing' }
        @{ Case = 'a negative node'; Arguments = @{ Path = 'shop.yaml'; Cpu = '-2'; Memory = '1Gi' }; Id = 'ManifestInvalid' }
        @{ Case = 'a wrong unit'; Arguments = @{ Path = 'shop.yaml'; Cpu = '2'; Memory = '4GB' }; Id = 'ManifestInvalid' }
    ) {
        $problem = { Measure-LabCapacity @Arguments } | Should -Throw -PassThru
        $problem.FullyQualifiedErrorId | Should -BeLike "$Id,*"
        "$problem" | Should -Not -Match "`n"
    }
}
