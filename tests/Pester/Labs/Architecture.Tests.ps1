#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# The lab examples/architecture, on the emulator and, where there is one, on a cluster with a node.

BeforeDiscovery {
    $places = @(@{ Place = 'the emulator' }; if ($env:CLOUDLAB_TEST_KUBECONFIG) { @{ Place = 'a cluster' } })
}

BeforeAll { . (Join-Path $PSScriptRoot Common.ps1) }

Describe 'Lab architecture on <Place>' -Tag Kubernetes -ForEach $places {
    BeforeAll {
        $real = $Place -eq 'a cluster'
        $before = Set-Environment @{ KUBECONFIG = $real ? $env:CLOUDLAB_TEST_KUBECONFIG : '/nosuch' }
        $parts = Invoke-Lab architecture @{ Emulator = -not $real; Count = 3 }
    }

    AfterAll { $null = Set-Environment $before }

    It 'deploys <Stage> in place of the stage before, and measures it' -ForEach @(
        @{ Stage = 'single'; Pods = 1; Left = 0; More = @('site=4'); Services = 'site' }
        @{ Stage = 'split'; Pods = 2; Left = 0; More = 'site=16', 'data=5'; Services = 'data', 'site' }
        @{ Stage = 'replicated'; Pods = 5; Left = 2; More = 'site=9', 'data=3'; Services = 'data', 'site' }
        @{ Stage = 'cached'; Pods = 4; Left = 0; More = 'site=14', 'data=4', 'cache=29'; Services = 'cache', 'data', 'site' }
        @{ Stage = 'services'; Pods = 5; Left = 0; More = 'site=13', 'movies=6', 'users=13'; Services = 'movies', 'site', 'users' }
        @{ Stage = 'orchestrated'; Pods = 5; Left = 1; More = 'site=13', 'movies=6', 'users=13'; Services = 'movies', 'site', 'users' }
    ) {
        $facts = $parts[$Stage]
        $facts.Pods, $facts.Running, $facts.Left | Should -Be $Pods, $Pods, $Left
        $facts.More | Should -Be $More
        $facts.Objects -like 'Service/*' | Should -Be ($Services | ForEach-Object { "Service/$_" })
        $facts.Paths.Path | Should -Be data/movies.json, data/users.json, index.html
        $facts.Paths.Good | Should -Be 3, 3, 3
        if ($real) {
            $size = { (Get-Item (Join-Path $root "examples/movies/$($args[0])")).Length }
            $facts.Paths.Bytes | Should -Be (& $size data/movies.json), (& $size data/users.json), (& $size site/index.html)
        }
    }

    It 'answers from the cache when the data is gone' { $parts.cached.Answered | Should -Be 3 }

    It 'gives the last stage what makes the cluster run it' {
        $parts.orchestrated.Objects | Should -Contain HorizontalPodAutoscaler/movies
        $parts.orchestrated.Objects | Should -Contain PodDisruptionBudget/movies
    }

    It 'leaves nothing behind' {
        $warned | Should -BeNullOrEmpty
        $said | Should -Match 'orchestrated +5 +9 +9 +1'
        if ($real) { $said | Should -Not -Match 'names of pods' }
        else { Get-LabEmulator | Should -BeNullOrEmpty }
    }
}
