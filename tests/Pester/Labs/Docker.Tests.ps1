#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# The labs examples/docker and examples/isolation, with a real engine and on Linux as root.

BeforeDiscovery {
    $docker = $null -ne $env:CLOUDLAB_TEST_DOCKER -and -not $IsWindows
    $root = $IsLinux -and [Environment]::IsPrivilegedProcess
}

BeforeAll {
    . (Join-Path $PSScriptRoot Common.ps1)
    $before = Set-Environment @{ BUSYBOX = $env:CLOUDLAB_TEST_BUSYBOX; DOCKER_HOST = $env:CLOUDLAB_TEST_DOCKER ? $env:CLOUDLAB_TEST_DOCKER : "unix://$([IO.Path]::GetTempPath())cloudlab-none.sock" }
}

AfterAll { $null = Set-Environment $before }

Describe 'Lab docker' -Tag Containers -Skip:(-not $docker) {
    BeforeAll {
        $free = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $free.Start(); $port = $free.LocalEndpoint.Port; $free.Stop()
        $registry = $env:CLOUDLAB_TEST_REGISTRY ? $env:CLOUDLAB_TEST_REGISTRY : '127.0.0.1:1'
        $parts = Invoke-Lab docker @{ Port = $port; Registry = $registry }
    }

    It 'has a layer for each instruction that changes files' {
        $parts.build.Layers, $parts.build.Severe, $parts.build.Rebuilt | Should -Be 4, 0, $false
        $parts.build.Instructions[1] | Should -Be 'COPY index.html /site/'
    }

    It 'leads another port to 8000, which is all that the container knows' {
        $parts.ports.Movies, $parts.ports.Published | Should -Be 1000, $port
        $parts.ports.Log[0] | Should -Be 'listening on port 8000'
        $parts.ports.Log[1] | Should -Match 'url:/data/movies\.json'
        $parts.ports.Answers['8000'], $parts.ports.Answers["$port"] | Should -Be $true, $false
        $parts.ports.Log -join ' ' | Should -Not -Match "port $port|127\.0\.0\.1:$port"
        $parts.ports.Inside | Should -Be Movies, movies.json
    }

    It 'finds a credential in the Dockerfile and in the image, and none where it is given at the start' {
        $parts.credentials.Rules | Should -Contain SecretsUsedInArgOrEnv
        $parts.credentials.InHistory | Should -Be 'ENV AWS_SECRET_ACCESS_KEY=not-a-secret-but-readable'
        $parts.credentials.Seen, $parts.credentials.InImage | Should -Be only-for-this-run, 0
    }

    It 'pushes two platforms and runs the other one, where emulation is installed' {
        if (-not $env:CLOUDLAB_TEST_REGISTRY) { Set-ItResult -Skipped -Because 'there is no registry' }
        $parts.platforms.Remote | Should -Be 'linux/amd64 linux/arm64'
        if (-not $env:CLOUDLAB_TEST_QEMU) { Set-ItResult -Skipped -Because 'CLOUDLAB_TEST_QEMU is not set' }
        $parts.platforms.Machine | Should -Be ($parts.platforms.Other -eq 'linux/arm64' ? 'aarch64' : 'x86_64')
    }

    It 'commits a change as a layer' {
        $parts.commit.Change, $parts.commit.Path | Should -Be Added, /site/note.txt
        $parts.commit.After - $parts.commit.Before | Should -Be 1
        $parts.commit.Files | Should -Be /site/note.txt
    }

    It 'starts the project in the right order' {
        $parts.compose.Problems, $parts.compose.Movies | Should -Be 0, 1000
        $parts.compose.Prepare | Should -Be 'found /site/data/movies.json'
    }

    It 'leaves no container and no image' {
        $warned | Should -BeNullOrEmpty
        $id = [regex]::Match((Get-LabContainer -All).Name -join ' ', 'lab-[0-9a-f]{8}').Value
        $id | Should -BeNullOrEmpty
        Get-LabImage "$registry/lab-*/*" -ErrorAction Ignore | Should -BeNullOrEmpty
    }
}

Describe 'Lab isolation' -Tag Containers -Skip:(-not $root) {
    BeforeAll { $parts = Invoke-Lab isolation }

    It 'shows one namespace after the other' {
        $parts.namespaces.Pid, $parts.namespaces.PidHost, $parts.namespaces.UtsHost | Should -Be 1, $parts.namespaces.Host, made-by-hand
        $parts.namespaces.Devices, $parts.namespaces.OtherIpc | Should -Be lo, $true
    }

    It 'kills what takes more memory than its limit, and only that' {
        $parts.memory.Fits, $parts.memory.Killed | Should -Be 0, 137
        $parts.memory.Message | Should -Match 'The memory limit of 32 MiB was reached'
    }

    It 'changes the root' {
        $parts.root.Inside | Should -Be bin, hello
        $parts.root.Hello | Should -Be 'from the folder'
    }

    It 'keeps what is below a removed file' {
        $parts.layers.Seen, $parts.layers.StillThere | Should -Be Films, $true
        $parts.layers.Changes | Should -Be 'Added /new', 'Deleted /old'
    }

    It 'makes by hand what the engine makes' {
        if (-not $env:CLOUDLAB_TEST_DOCKER) {
            $parts.docker.Reason | Should -Match 'the image of the site cannot be built'
            Set-ItResult -Skipped -Because 'CLOUDLAB_TEST_DOCKER is not set'
        }
        $parts.docker.Hostname, $parts.docker.Layers | Should -Be made-by-hand, 6
        $parts.docker.Change | Should -Be /hello
        $parts.docker.Own[0], $parts.docker.Own[1] | Should -Match 'ipc mnt net pid uts'
    }

    It 'leaves nothing mounted, and no folder' {
        $warned | Should -BeNullOrEmpty
        Get-Content /proc/mounts | Where-Object { $_.Contains([regex]::Match($said, 'lab-[0-9a-f]{8}').Value) } | Should -BeNullOrEmpty
        Get-ChildItem ([IO.Path]::GetTempPath()) -Filter lab-* -Directory | Where-Object Name -EQ ([regex]::Match($said, 'lab-[0-9a-f]{8}').Value) | Should -BeNullOrEmpty
    }
}
