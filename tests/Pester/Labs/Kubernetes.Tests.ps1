#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# The lab examples/kubernetes, on the emulator and, where there is one, on a cluster with a node.

BeforeDiscovery {
    $places = @(@{ Place = 'the emulator' }; if ($env:CLOUDLAB_TEST_KUBECONFIG) { @{ Place = 'a cluster' } })
}

BeforeAll { . (Join-Path $PSScriptRoot Common.ps1) }

Describe 'Lab kubernetes on <Place>' -Tag Kubernetes -ForEach $places {
    BeforeAll {
        $real = $Place -eq 'a cluster'
        $before = Set-Environment @{ KUBECONFIG = $real ? $env:CLOUDLAB_TEST_KUBECONFIG : '/nosuch' }
        $parts = Invoke-Lab kubernetes @{ Emulator = -not $real }
        $users = Get-Content -Raw (Join-Path $root examples/movies/data/users.json) | ConvertFrom-Json
    }

    AfterAll { $null = Set-Environment $before }

    It 'replaces the pod of the Deployment and not the bare one' {
        $parts.deployment.Deployed | Should -Contain Deployment/movies
        $parts.deployment.New | Should -HaveCount 1
        $parts.deployment.New | Should -Not -BeIn $parts.deployment.Before
        $parts.deployment.After | Should -HaveCount 2
        $parts.deployment.AloneIsBack | Should -BeFalse
        $said | Should -Match '└─Pod/movies-'
    }

    It 'puts the four ports side by side' {
        $parts.ports.Port, $parts.ports.TargetPort, $parts.ports.ContainerPort | Should -Be 80, http, 8000
        $parts.ports.NodePort | Should -BeIn (30000..32767)
        $parts.ports.Ready, $parts.ports.Answer | Should -Be 2, 'HTTP/1.1 200 OK'
        $said | Should -Match "nodePort +$($parts.ports.NodePort)"
        if ($real) { $parts.ports.Users, $parts.ports.FirstUser | Should -Be $users.Count, $users[0].name }
    }

    It 'shows that base64 hides nothing' {
        $parts.settings.Base64 | Should -Be ([Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes('only-for-the-lab')))
        $parts.settings.Plain | Should -Be only-for-the-lab
        $parts.settings.Readers | Should -BeGreaterThan 0
        if ($real) {
            $parts.settings.Environment | Should -Be 'Movies in a cluster', only-for-the-lab
            $parts.settings.Files | Should -Be 'PAGE_SIZE=25', 'SESSION_KEY=only-for-the-lab', 'TITLE=Movies in a cluster'
            $parts.settings.Titles | Should -Be 'Movies in a cluster', 'Movies in a cluster', Films
        }
        else { $said | Should -Match 'the emulator runs no program that could read them' }
    }

    It 'keeps the claim of a pod that went' {
        $parts.state.Name, $parts.state.SamePod, $parts.state.SameClaim | Should -Be films-0, $false, $true
        $parts.state.Claims | Should -Be data-films-0, data-films-1
        if ($real) { $parts.state.Seen | Should -Be Metropolis }
    }

    It 'follows the rules by host and path' {
        $routes = $parts.ingress.Routes
        $routes['http://movies.example/'], $routes['http://movies.example/data/movies.json'] | Should -Be movies:80, movies:80
        $routes['http://movies.example/data/users.json'], $routes['http://users.example/data/users.json'] | Should -Be users:8080, users:8080
        $routes['http://users.example/'], $parts.ingress.Finding | Should -Be RouteNotFound, IngressClassMissing
    }

    It 'watches what heals' {
        $parts.healing.New | Should -Not -Be $parts.healing.Deleted
        $parts.healing.Seen | Should -Contain "Modified $($parts.healing.Deleted) Terminating"
        $parts.healing.Seen | Should -Contain "Modified $($parts.healing.New) Running"
        if ($real) { $parts.healing.Restarts | Should -Be 1 }
    }

    It 'leaves nothing behind' {
        $warned | Should -BeNullOrEmpty
        if ($real) {
            $id = $said -match 'ConfigMap' ? [regex]::Match($said, 'lab-[0-9a-f]{8}').Value : $null
            $id | Should -Not -BeNullOrEmpty
            Get-LabResource namespaces $id -ErrorAction Ignore | Should -BeNullOrEmpty
            Get-LabResource persistentvolumes | Where-Object Name -Like "$id-*" | Should -BeNullOrEmpty
        }
        else { Get-LabEmulator | Should -BeNullOrEmpty }
    }
}
