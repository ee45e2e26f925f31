#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# Images in the real engine: binding, tables, errors, completion. What needs no Docker Engine runs without one.

BeforeDiscovery {
    $docker = $null -ne $env:CLOUDLAB_TEST_DOCKER
}

BeforeAll {
    $root = Split-Path (Split-Path $PSScriptRoot)
    Import-Module (Join-Path $root 'out/CloudLab/CloudLab.psd1')
    $none = @{ DockerHost = "unix://$([IO.Path]::GetTempPath())cloudlab-none.sock" }
}

Describe 'Without a Docker Engine' -Tag Containers {
    It 'Get-LabImage ends with one line that names the address and says what to do' {
        { Get-LabImage @none -ErrorAction SilentlyContinue } | Should -Throw -ErrorId 'NoDockerEngine,CloudLab.Cmdlets.Containers.Images.GetLabImageCommand'
        try { Get-LabImage @none } catch { $problem = $_ }
        "$problem" | Should -BeLike "*$($none.DockerHost)*-DockerHost*"
        "$problem" | Should -Not -Match "`n"
        $problem.CategoryInfo.Category | Should -Be ConnectionError
        $problem.ErrorDetails.RecommendedAction | Should -BeLike '*Get-LabSession*'
    }

    It 'Build-LabImage finds a missing Dockerfile first, as an error of that folder alone' {
        $folder = (New-Item -ItemType Directory (Join-Path $TestDrive 'no dockerfile')).FullName
        $built = Get-Item $folder | Build-LabImage @none -ErrorAction SilentlyContinue -ErrorVariable problems
        $built | Should -BeNullOrEmpty
        $problems.Count | Should -Be 1
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'DockerfileNotFound,*'
        $problems[0].TargetObject | Should -BeLike '*no dockerfile*'
    }

    It 'Build-LabImage -WhatIf names image, folder and platforms and starts nothing' {
        $null = New-Item -ItemType Directory (Join-Path $TestDrive site)
        Set-Content (Join-Path $TestDrive site/Dockerfile) 'FROM scratch'
        Push-Location $TestDrive
        try { Build-LabImage site -Tag movies/site:1 -Platform linux/amd64, arm64 -Push -WhatIf @none | Should -BeNullOrEmpty }
        finally { Pop-Location }
    }

    It 'refuses <Text> before anything is sent' -ForEach @(
        @{ Text = 'a platform that is none'; Arguments = @{ Platform = 'linux/foo' }; Id = 'PlatformInvalid' }
        @{ Text = 'an upper-case name'; Arguments = @{ Tag = 'Movies:1' }; Id = 'TagInvalid' }
        @{ Text = 'a push to nowhere'; Arguments = @{ Push = $true }; Id = 'TagMissing' }
    ) {
        $folder = (New-Item -ItemType Directory -Force (Join-Path $TestDrive refused)).FullName
        Set-Content (Join-Path $folder Dockerfile) 'FROM scratch'
        { Build-LabImage $folder @Arguments @none } | Should -Throw -ErrorId "$Id,*"
    }

    It 'completes <Line>' -ForEach @(
        @{ Line = 'Build-LabImage -Platform linux/arm6'; Offer = 'linux/arm64' }
        @{ Line = 'Build-LabImage -Platform linux/amd64, ppc'; Offer = 'linux/ppc64le' }
        @{ Line = 'Get-LabImage -DockerContext def'; Offer = 'default' }
        @{ Line = 'Build-LabImage -Builder def'; Offer = 'default' }
        @{ Line = 'Build-LabImage -Provenance m'; Offer = 'max' }
    ) {
        (TabExpansion2 $Line $Line.Length).CompletionMatches.CompletionText | Should -Contain $Offer
    }
}

Describe 'With a Docker Engine (CLOUDLAB_TEST_DOCKER)' -Tag Containers -Skip:(-not $docker) {
    BeforeAll {
        $engine = @{ DockerHost = $env:CLOUDLAB_TEST_DOCKER }
        $repository = "cloudlab-pester/$([guid]::NewGuid().ToString('N'))"
        $folder = (New-Item -ItemType Directory (Join-Path $TestDrive 'a site')).FullName
        Set-Content (Join-Path $folder Dockerfile) "FROM scratch`nCOPY Dockerfile /`nLABEL id=$repository"
        $build = Build-LabImage -Path $folder -Tag "${repository}:1", "${repository}:2" -Platform linux/amd64, linux/arm64 @engine
    }

    AfterAll {
        # The engine was given to the tests.
        docker --host $env:CLOUDLAB_TEST_DOCKER image rm --force "${repository}:1" "${repository}:2" | Out-Null
    }

    It 'builds for two platforms' {
        $build.PSObject.TypeNames | Should -Contain CloudLab.Core.Containers.Builds.LabImageBuild
        $build.Platforms.Platform | Sort-Object | Should -Be 'linux/amd64', 'linux/arm64'
        $build.Duration | Should -BeOfType TimeSpan
    }

    It 'feeds what it wrote to Get-LabImage' {
        $image = $build | Get-LabImage @engine
        $image.Image | Should -Be "${repository}:1"
        $image.Created | Should -BeOfType DateTimeOffset
        $image.Size | Should -BeOfType long
        ($image | Get-LabImage @engine).Id | Should -Be $image.Id
        $image.ShortId | Get-LabImage @engine | Should -HaveCount 2
    }

    It 'stops at the first object that Select-Object -First wants' {
        @(Get-LabImage @engine | Select-Object -First 1).Count | Should -Be 1
    }

    It 'finds by wildcard and platform' {
        (Get-LabImage "$repository*" -Platform */arm64 @engine).Tag | Sort-Object | Should -Be '1', '2'
        Get-LabImage "$repository*" -Platform windows/* @engine | Should -BeNullOrEmpty
    }

    It 'shows a table' {
        $text = Get-LabImage "${repository}:1" @engine | Format-Table | Out-String -Width 160
        $text | Should -Match 'ShortId +Image +Platforms +Size +Created'
        $text | Should -Match ('[0-9a-f]{12} +' + [regex]::Escape("${repository}:1") + ' +linux/amd64; +\d+ \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ')
        $build | Format-Table | Out-String -Width 160 | Should -Match 'Image +Digest +StepCount +CachedSteps +Duration +Pushed'
        $build.Platforms | Format-Table | Out-String -Width 160 | Should -Match 'Platform +Available +Size +Digest'
    }

    It 'reports one image that is not there and goes on' {
        $found = "${repository}:9", "${repository}:2" | Get-LabImage @engine -ErrorAction SilentlyContinue -ErrorVariable problems
        $found.Tag | Should -Be '2'
        $problems.FullyQualifiedErrorId | Should -BeLike 'ImageNotFound,*'
        $problems[0].TargetObject | Should -Be "${repository}:9"
    }

    It 'names the failing step with its line and output' {
        Set-Content (Join-Path $folder Dockerfile) "FROM scratch`nCOPY missing.txt /"
        Build-LabImage $folder @engine -ErrorAction SilentlyContinue -ErrorVariable problems
        $problems.Count | Should -Be 1
        "$($problems[0])" | Should -BeLike "*'COPY missing.txt /' (Dockerfile line 2)*"
    }

    It 'completes the names of images' {
        $env:DOCKER_HOST = $env:CLOUDLAB_TEST_DOCKER
        try {
            $line = "Get-LabImage -Image $($repository.Substring(0, 25))"
            # A completer gives up after half a second, which a busy machine may need for something else.
            for ($tries = 0; $tries -lt 60 -and -not $offered; $tries++) { $offered = (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText }
            $offered | Should -Contain "${repository}:1"
        }
        finally { $env:DOCKER_HOST = $null }
    }
}
