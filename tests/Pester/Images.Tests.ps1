#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# Images, builders and disk use in the real engine: the pipeline, tables, previews, errors, completion. What needs no Docker Engine runs without one.

BeforeDiscovery {
    $docker = $null -ne $env:CLOUDLAB_TEST_DOCKER -and $null -ne $env:CLOUDLAB_TEST_REGISTRY
}

BeforeAll {
    $root = Split-Path (Split-Path $PSScriptRoot)
    Import-Module (Join-Path $root 'out/CloudLab/CloudLab.psd1')
    $none = @{ DockerHost = "unix://$([IO.Path]::GetTempPath())cloudlab-none.sock" }
}

Describe 'The age of what is cleared' -Tag Containers {
    It 'needs a unit, since 7 could be days' {
        { Clear-LabImage -All -OlderThan 7 -WhatIf @none } | Should -Throw '*7 of what? Write 7d for days*'
        { Clear-LabBuildCache -OlderThan '7' -WhatIf @none } | Should -Throw '*7 of what?*'
        { Clear-LabImage -All -OlderThan 7d -WhatIf @none } | Should -Throw '*No Docker Engine answers*'
        { Clear-LabBuildCache -OlderThan 7.00:00:00 -WhatIf @none } | Should -Throw '*No Docker Engine answers*'
    }
}

Describe 'Dockerfiles without a Docker Engine' -Tag Containers {
    BeforeAll {
        $site = New-Item -ItemType Directory (Join-Path $TestDrive site)
        Set-Content (Join-Path $site Dockerfile) 'FROM alpine AS build', 'ARG VERSION=1.2', 'RUN apk add curl', 'CMD curl localhost'
        Set-Content (Join-Path $site .dockerignore) 'logs', '*.md', '!README.md'
        Set-Content (Join-Path $site README.md) 'read me'
        Set-Content (Join-Path $site notes.md) 'not me'
        $null = New-Item -ItemType Directory (Join-Path $site logs)
        Set-Content (Join-Path $site logs/x.log) 'not me'
    }

    It 'are reviewed from files, text and lines alike' {
        $found = Test-LabDockerfile $site
        $found.Rule | Should -Contain ImageTagMissing
        $found.Rule | Should -Contain PackageCacheLeft
        ($found | Where-Object Rule -eq JSONArgsRecommended).Fix | Should -Be 'CMD ["curl", "localhost"]'
        (Get-ChildItem $site -Filter Dockerfile | Test-LabDockerfile).Count | Should -Be $found.Count
        (Get-Content (Join-Path $site Dockerfile) | Test-LabDockerfile).Count | Should -Be $found.Count
        (Get-Content (Join-Path $site Dockerfile) -Raw | Test-LabDockerfile).Count | Should -Be $found.Count
        (Test-LabDockerfile $site -OutputFormat Sarif | ConvertFrom-Json).runs[0].results.Count | Should -Be $found.Count
    }

    It 'shows line, severity, rule and message' {
        Test-LabDockerfile $site | Out-String -Width 120 | Should -Match '1 Medium   ImageTagMissing +The image alpine has no tag\.'
    }

    It 'completes rules, stages and arguments' {
        (TabExpansion2 'Test-LabDockerfile -Rule ImageTagM').CompletionMatches.CompletionText | Should -Be ImageTagMissing
        (TabExpansion2 'Test-LabDockerfile -ExcludeRule DL3006').CompletionMatches.CompletionText | Should -Be DL3006
        (TabExpansion2 "Test-LabDockerfile '$site' -Target ").CompletionMatches.CompletionText | Should -Be build
        (TabExpansion2 "Test-LabDockerfile '$site' -BuildArg ").CompletionMatches.CompletionText | Should -Be "@{ VERSION = '1.2' }"
    }

    It 'refuses a rule that there is not' {
        { Test-LabDockerfile $site -Rule ImageTagMising } | Should -Throw -ErrorId 'RuleUnknown,*'
    }

    It 'lists what a build sends and what it does not' {
        (Get-LabBuildContext $site).Path | Should -Be '.dockerignore', Dockerfile, README.md
        (Get-LabBuildContext $site -Ignored | ForEach-Object { "$_ $($_.PatternLine)" }) | Should -Be 'logs 1', 'notes.md 2'
        (Get-LabBuildContext $site -Ignored | Measure-Object Length -Sum).Sum | Should -BeGreaterThan 10
        Get-LabBuildContext $site | Out-String -Width 120 | Should -Match 'File +README\.md +!README\.md'
    }
}

Describe 'Images without a Docker Engine' -Tag Containers {
    It '<Name> ends with one line that names the address' -ForEach @(
        @{ Name = 'Receive-LabImage'; Arguments = @{ Image = 'movies/site:1' } }
        @{ Name = 'Push-LabImage'; Arguments = @{ Image = 'movies/site:1' } }
        @{ Name = 'Get-LabImageLayer'; Arguments = @{ Image = 'movies/site:1' } }
        @{ Name = 'Get-LabImagePlatform'; Arguments = @{ Image = 'movies/site:1' } }
        @{ Name = 'Clear-LabImage'; Arguments = @{ Force = $true } }
        @{ Name = 'Measure-LabDocker'; Arguments = @{} }
    ) {
        { & $Name @Arguments @none } | Should -Throw -ErrorId 'NoDockerEngine,*'
    }

    It 'asks nothing of the engine with -WhatIf' {
        Push-LabImage 127.0.0.1:5000/movies/site:1 -WhatIf @none
        'movies/site:1', 'movies/site:2' | Remove-LabImage -WhatIf @none
        Add-LabImageTag movies/site:1 movies/site:latest -WhatIf @none
        Join-LabImage a/b:amd64, a/b:arm64 -Tag a/b:1 -WhatIf @none
    }

    It 'asks nothing of a registry with -WhatIf' {
        Copy-LabImage 127.0.0.1:1/movies/site:1 127.0.0.1:1/archive/site -WhatIf
        Save-LabImage 127.0.0.1:1/movies/site:1 -Path (Join-Path $TestDrive none) -WhatIf
        Remove-LabImageTag 127.0.0.1:1/movies/site:1 -WhatIf
        Join-Path $TestDrive none | Should -Not -Exist
    }

    It 'refuses <Text>' -ForEach @(
        @{ Text = 'a tag with upper-case letters'; Code = { Add-LabImageTag movies/site:1 Movies/Site:2 @none }; Id = 'TagInvalid' }
        @{ Text = 'a digest as a tag'; Code = { Add-LabImageTag movies/site:1 "movies/site@sha256:$('a' * 64)" @none }; Id = 'TagInvalid' }
        @{ Text = 'a platform that is none'; Code = { Remove-LabImage movies/site:1 -Platform linux/foo -Force @none }; Id = 'PlatformInvalid' }
        @{ Text = 'a builder with a space'; Code = { New-LabBuilder 'a b' @none }; Id = 'ParameterArgumentValidationError' }
        @{ Text = 'a bake file that is not there'; Code = { Build-LabImage -Bake no-such.hcl -ErrorAction Stop @none }; Id = 'BakeFileNotFound' }
        @{ Text = 'a Dockerfile beside a bake file'; Code = { Build-LabImage -Bake a.hcl -DockerfileText 'FROM scratch' @none }; Id = 'AmbiguousParameterSet' }
        @{ Text = 'to keep nothing'; Code = { Clear-LabImage -Keep 0 @none }; Id = 'ParameterArgumentValidationError' }
    ) {
        $Code | Should -Throw -ErrorId "$Id,*"
    }

    It 'completes stages and build arguments from the Dockerfile' {
        $folder = (New-Item -ItemType Directory (Join-Path $TestDrive stages)).FullName
        Set-Content (Join-Path $folder Dockerfile) "ARG VERSION=1.2`nFROM scratch AS build`narg colour='dark red'`nfrom build as Final"
        $line = "Build-LabImage $folder -Target "
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be 'build', 'Final'
        $line = "Build-LabImage $folder -BuildArg "
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be "@{ VERSION = '1.2' }", "@{ colour = 'dark red' }"
    }

    It 'lists the contexts of the docker CLI' {
        (Get-LabDockerContext).Name | Should -Contain default
        { Get-LabDockerContext no-such-context -ErrorAction Stop } | Should -Throw -ErrorId 'DockerContextNotFound,*'
        Use-LabDockerContext default -WhatIf
    }
}

Describe 'Images with a Docker Engine (CLOUDLAB_TEST_DOCKER, CLOUDLAB_TEST_REGISTRY)' -Tag Containers -Skip:(-not $docker) {
    BeforeAll {
        $engine = @{ DockerHost = $env:CLOUDLAB_TEST_DOCKER }
        $repository = "$env:CLOUDLAB_TEST_REGISTRY/cloudlab-pester/$([guid]::NewGuid().ToString('N'))"
        $folder = (New-Item -ItemType Directory (Join-Path $TestDrive 'a site')).FullName
        Set-Content (Join-Path $folder index.html) 'hello'
        $text = 'FROM scratch', 'COPY index.html /', "LABEL id=$repository", 'CMD ["/none"]'
        $build = Build-LabImage $folder -DockerfileText $text -Tag "${repository}:1" -Platform linux/amd64, linux/arm64 @engine
    }

    AfterAll {
        # The engine was given to the tests.
        docker --host $env:CLOUDLAB_TEST_DOCKER image rm --force "${repository}:1" "${repository}:2" 2>&1 | Out-Null
    }

    It 'builds from a Dockerfile that is text, with steps and attestations' {
        $build.Dockerfile | Should -BeNullOrEmpty
        $build.Steps.Instruction | Should -Contain 'COPY index.html /'
        $build.Steps.Duration | Should -BeOfType timespan
        $build.Size | Should -BeGreaterThan 100
        $build.Attestations | Should -Match '^sha256:'
    }

    It 'writes the result of a build to a folder and to a file' {
        $null = Build-LabImage $folder -DockerfileText $text -OutputPath (Join-Path $TestDrive 'out, put') @engine
        Get-Content (Join-Path $TestDrive 'out, put' index.html) | Should -Be hello
        $null = Build-LabImage $folder -DockerfileText $text -OutputPath (Join-Path $TestDrive 'image.tar') @engine
        (Get-Item (Join-Path $TestDrive 'image.tar')).Length | Should -BeGreaterThan 1000
    }

    It 'tags, pushes, removes, pulls, exports and imports through the pipeline' {
        $push = $build | Push-LabImage @engine
        $push.Digest | Should -Be $build.Digest
        $tagged = $push | Add-LabImageTag -Tag "${repository}:2" -PassThru @engine
        $tagged.Tag | Should -Be 2
        $tagged | Remove-LabImage -Force @engine
        ($push | Receive-LabImage @engine).Image | Should -Be "${repository}:1"
        $file = Get-LabImage "${repository}:*" @engine | Export-LabImage -Path (Join-Path $TestDrive images.tar.gz) @engine
        $file | Should -BeOfType IO.FileInfo
        ($file | Import-LabImage @engine).Image | Should -Be "${repository}:1"
        { Export-LabImage "${repository}:1" $file.FullName @engine -ErrorAction Stop } | Should -Throw -ErrorId 'FileExists,*'
    }

    It 'shows layers and platforms' {
        $layers = @($build | Get-LabImageLayer @engine)
        $layers.Instruction | Should -Be 'COPY index.html /'
        $layers[0].Files.Path | Should -Be '/index.html'
        $layers | Format-Table | Out-String -Width 120 | Should -Match "Image: $([regex]::Escape($repository)):1 for linux/amd64"
        ($build | Get-LabImagePlatform @engine).Platform | Sort-Object | Should -Be linux/amd64, linux/arm64
        $build | Get-LabImagePlatform @engine | Get-LabImageLayer @engine | Should -HaveCount 2
    }

    It 'completes, previews and builds the targets of a bake file' {
        $bake = Join-Path $TestDrive docker-bake.hcl
        Set-Content $bake "variable TAG { default = `"3`" }`ngroup default { targets = [`"site`"] }`ntarget site {`n  dockerfile-inline = `"FROM scratch\nCOPY index.html /baked\n`"`n  tags = [`"${repository}:`${TAG}`"]`n}`ntarget skipped {}"
        $line = "Build-LabImage -DockerHost $env:CLOUDLAB_TEST_DOCKER -Bake $bake -Target s"
        foreach ($try in 1..20) {
            $offered = (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText
            if ($offered) { break }
        }
        $offered | Should -Be site, skipped
        Build-LabImage $folder -Bake $bake -WhatIf @engine | Should -BeNullOrEmpty
        $baked = Build-LabImage $folder -Bake $bake -Variable @{ TAG = 4 } @engine
        $baked.Image | Should -Be "${repository}:4"
        $baked.Target | Should -Be site
        ($baked | Get-LabImageLayer @engine).Files.Path | Should -Be '/baked'
        $baked | Remove-LabImage -Force @engine
    }

    It 'takes an image through the pipeline as bytes, and reads a file that is open' {
        $copied = Export-LabImage "${repository}:1" -AsByteStream @engine | Import-LabImage @engine
        $copied.Image | Should -Be "${repository}:1"
        $file = Export-LabImage "${repository}:1" -Path (Join-Path $TestDrive bytes.tar) @engine
        $stream = $file.OpenRead()
        try { ($stream | Import-LabImage @engine).Digest | Should -Be $copied.Digest } finally { $stream.Dispose() }
        ($file.FullName | Import-LabImage @engine).Digest | Should -Be $copied.Digest
        { Import-LabImage -InputObject 7 @engine } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,*'
    }

    It 'compares an image with another' {
        $other = Build-LabImage $folder -DockerfileText ($text + 'ENV A=b') -Tag "${repository}:2" @engine
        $found = Compare-LabImage $build $other @engine
        "$found" | Should -Be '=> Env A'
    }

    It 'previews a clearing and changes nothing' {
        $before = @(Get-LabImage @engine).Count
        (Clear-LabImage "${repository}:*" -WhatIf @engine).Image | Should -Contain "${repository}:1"
        @(Get-LabImage @engine).Count | Should -Be $before
        Clear-LabBuildCache -WhatIf @engine | Should -BeNullOrEmpty
    }

    It 'names the images that are like the one that is not there' {
        Receive-LabImage "${repository}:nine" @engine -ErrorAction SilentlyContinue -ErrorVariable problems
        $problems.FullyQualifiedErrorId | Should -BeLike 'ImageNotFound,*'
        Remove-LabImage "${repository}:nine" -Force @engine -ErrorAction SilentlyContinue -ErrorVariable problems
        "$($problems[0])" | Should -BeLike "*Existing tags: *${repository}:1*"
        $problems[0].TargetObject | Should -Be "${repository}:nine"
    }

    It 'measures the disk' {
        (Measure-LabDocker @engine).Kind | Should -Be Images, Containers, Volumes, BuildCache
    }

    It 'chooses the builder of the engine, and does not remove it' {
        $own = Get-LabBuilder @engine | Where-Object Driver -EQ docker | Select-Object -First 1
        $own | Use-LabBuilder -WhatIf @engine
        Remove-LabBuilder $own.Name -Force @engine -ErrorAction SilentlyContinue -ErrorVariable problems
        $problems.FullyQualifiedErrorId | Should -BeLike 'BuilderOfContext,*'
        Remove-LabBuilder no-such-builder -Force @engine -ErrorAction SilentlyContinue -ErrorVariable problems
        $problems.FullyQualifiedErrorId | Should -BeLike 'BuilderNotFound,*'
    }

    It 'lists the builder of the engine' {
        (Get-LabBuilder @engine | Where-Object Driver -EQ docker).Platforms | Should -Contain linux/amd64
    }
}

Describe 'Registries' -Tag Containers -Skip:(-not $docker) {
    BeforeAll {
        $repository = "$env:CLOUDLAB_TEST_REGISTRY/cloudlab-pester/$([guid]::NewGuid().ToString('N'))"
        $engine = @{ DockerHost = $env:CLOUDLAB_TEST_DOCKER }
        $null = New-Item (Join-Path $TestDrive 'context') -ItemType Directory
        Set-Content (Join-Path $TestDrive 'context/film.txt') $repository
        $null = Build-LabImage (Join-Path $TestDrive 'context') -DockerfileText 'FROM scratch', 'COPY film.txt /' -Tag "${repository}:1.0" -Platform linux/amd64, linux/arm64 -Push @engine
    }

    AfterAll {
        Get-LabImage "${repository}*" @engine -ErrorAction Ignore | Remove-LabImage -Force @engine -ErrorAction Ignore
    }

    It 'copies what a pipeline finds, each under its own tag' {
        (Copy-LabImage "${repository}:1.0" "${repository}:1.1").CopiedBlobs | Should -Be 0
        $copies = Find-LabImageTag $repository -Tag 1.* | Copy-LabImage -Destination "$repository-copy"
        $copies.Image | Sort-Object | Should -Be "$repository-copy:1.0", "$repository-copy:1.1"
        $copies[0].Platforms | Should -Be 'linux/amd64', 'linux/arm64'
        (Find-LabImageTag "$repository-copy" -Digest | Group-Object Digest).Count | Should -Be 2
        Get-LabImage "$repository-copy:1.*" -Registry | ForEach-Object Digest | Select-Object -Unique | Should -Be $copies[0].Digest
        $copies | Out-String | Should -Match 'Platforms'
    }

    It 'reads layers without pulling them' {
        $layer = Get-LabImageLayer "${repository}:1.0" -Registry -Platform linux/arm64
        $layer.Files.Path | Should -Be '/film.txt'
        $layer.Instruction | Should -BeLike 'COPY film.txt*'
    }

    It 'saves to a folder of PowerShell and brings it back' {
        Push-Location $TestDrive
        try {
            $saved = Save-LabImage "${repository}:1.0" -Path 'lay[1]out'
            Test-Path -LiteralPath (Join-Path $TestDrive 'lay[1]out/oci-layout') | Should -BeTrue
            (Copy-LabImage -Path 'lay[1]out' -Destination "$repository-back").Digest | Should -Be $saved.Digest
        }
        finally { Pop-Location }
    }

    It 'removes tags and asks for each' {
        { Remove-LabImageTag "$repository-copy:none" -Force -ErrorAction Stop } | Should -Throw -ErrorId 'ImageNotFound,*'
        Find-LabImageTag "$repository-back" | Remove-LabImageTag -Force
        Find-LabImageTag "$repository-back" | Should -BeNullOrEmpty
    }

    It 'signs in and out' {
        $old, $env:DOCKER_CONFIG = $env:DOCKER_CONFIG, "$TestDrive/docker"
        try {
            $login = Connect-LabRegistry $env:CLOUDLAB_TEST_REGISTRY -Credential ([pscredential]::new('ann', (ConvertTo-SecureString pw -AsPlainText)))
            $login | Out-String | Should -Match 'config.json'
            "$($login | ConvertTo-Json)" | Should -Not -Match 'pw'
            $line = "Disconnect-LabRegistry 127"
            ([System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null)).CompletionMatches.CompletionText | Should -Contain $env:CLOUDLAB_TEST_REGISTRY
            $login | Disconnect-LabRegistry
            { Disconnect-LabRegistry $env:CLOUDLAB_TEST_REGISTRY -ErrorAction Stop } | Should -Throw -ErrorId 'RegistryNotConnected,*'
        }
        finally { $env:DOCKER_CONFIG = $old }
    }
}
