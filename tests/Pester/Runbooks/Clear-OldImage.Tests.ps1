#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeDiscovery {
    $docker = $null -ne $env:CLOUDLAB_TEST_DOCKER
}

BeforeAll {
    . (Join-Path $PSScriptRoot Common.ps1)
}

Describe 'Clear-OldImage with mocks' -Tag Containers {
    BeforeEach {
        Mock Get-LabImage { 1..4 | ForEach-Object { [pscustomobject] @{ Image = "movies:$_" } } }
        Mock Clear-LabImage { 1..2 | ForEach-Object { [pscustomobject] @{ Image = "movies:$_"; Id = "sha256:$_"; Created = [DateTimeOffset] '2026-01-01'; Size = 100 } } }
        Mock Clear-LabBuildCache { }
    }

    It 'removes what is old and not among the newest' {
        $report = Join-Path $TestDrive images.json
        $summary = Invoke-Script Clear-OldImage @{ Image = 'movies*'; Keep = 2; OlderThanDays = 7; Label = 'stage=test'; ReportPath = $report }
        $summary.Status, $summary.Result.Before, $summary.Result.Removed, $summary.Result.Bytes | Should -Be Succeeded, 4, 2, 200
        Should -Invoke Clear-LabImage -Times 1 -Exactly -ParameterFilter { "$Image" -eq 'movies*' -and $Keep -eq 2 -and $OlderThan.TotalDays -eq 7 -and "$Label" -eq 'stage=test' -and $Force }
        Should -Not -Invoke Clear-LabBuildCache
        (Get-Content -Raw $report | ConvertFrom-Json).Image | Should -Be movies:1, movies:2
    }

    It 'leaves everything while there is space' {
        $summary = Invoke-Script Clear-OldImage @{ MinimumFreeGB = 1; DiskPath = "$TestDrive" }
        $summary.Result.Skipped, $summary.Result.Removed | Should -Be $true, 0
        Should -Not -Invoke Clear-LabImage
        $full = Invoke-Script Clear-OldImage @{ MinimumFreeGB = 1000000; DiskPath = "$TestDrive" }
        $full.Result.Skipped | Should -BeFalse
        $full.Result.Removed | Should -Be 2
    }

    It 'reports an image that could not be removed, and clears the cache all the same' {
        Mock Clear-LabImage {
            [pscustomobject] @{ Image = 'movies:1'; Id = 'sha256:1'; Created = [DateTimeOffset] '2026-01-01'; Size = 100 }
            Write-Error -ErrorRecord (New-Problem ImageInUse "The image 'movies:2' is used by a container.")
        }
        $summary = Invoke-Script Clear-OldImage @{ IncludeBuildCache = $true }
        $summary.ExitCode, $summary.Findings.Code, $summary.Result.Due, $summary.Result.Removed | Should -Be 1, ImageInUse, 2, 1
        Should -Invoke Clear-LabBuildCache -Times 1 -Exactly
    }

    It 'says with -WhatIf what would be removed, and writes no report' {
        $report = Join-Path $TestDrive none.json
        $summary = Invoke-Script Clear-OldImage @{ ReportPath = $report; WhatIf = $true }
        $summary.Result.Due, $summary.Result.Removed, $summary.Result.Bytes | Should -Be 2, 0, 200
        $log.message | Should -Contain 'would remove movies:1, 100 bytes'
        Test-Path $report | Should -BeFalse
    }
}

Describe 'Clear-OldImage without a Docker Engine' -Tag Containers {
    It 'cannot run, and says what to do' {
        $old, $env:DOCKER_HOST = $env:DOCKER_HOST, "unix://$([IO.Path]::GetTempPath())cloudlab-none.sock"
        try { $summary = Invoke-Script Clear-OldImage @{ } } finally { $env:DOCKER_HOST = $old }
        $summary.ExitCode, $summary.Error.Code | Should -Be 2, NoDockerEngine
        $said | Should -Match 'cloudlab-none\.sock'
    }
}

Describe 'Clear-OldImage with a Docker Engine (CLOUDLAB_TEST_DOCKER)' -Tag Containers -Skip:(-not $docker) {
    BeforeAll {
        $hosts, $env:DOCKER_HOST = $env:DOCKER_HOST, $env:CLOUDLAB_TEST_DOCKER
        $name = "cloudlab-runbook/$([guid]::NewGuid().ToString('N'))"
        foreach ($tag in 1..4) {
            $folder = (New-Item -ItemType Directory (Join-Path $TestDrive "site $tag")).FullName
            Set-Content (Join-Path $folder index.html) "page $tag of $name"
            $null = Build-LabImage $folder -DockerfileText 'FROM scratch', 'COPY index.html /', 'CMD ["/none"]' -Tag "${name}:$tag"
        }
        function Get-Tag { @(Get-LabImage "${name}*" | ForEach-Object Tag | Sort-Object) }
    }

    AfterAll {
        Get-LabImage "${name}*" -ErrorAction Ignore | Remove-LabImage -Force -ErrorAction Ignore
        $env:DOCKER_HOST = $hosts
    }

    It 'shows with -WhatIf what would go, then removes it' {
        $options = @{ Image = "${name}*"; Keep = 2; OlderThanDays = 0 }
        $preview = Invoke-Script Clear-OldImage ($options + @{ WhatIf = $true })
        $preview.Result.Due, $preview.Result.Removed | Should -Be 2, 0
        $preview.Result.Bytes | Should -BeGreaterThan 0
        Get-Tag | Should -Be 1, 2, 3, 4
        $summary = Invoke-Script Clear-OldImage $options
        $summary.Result.Removed, $summary.Result.Bytes | Should -Be 2, $preview.Result.Bytes
        Get-Tag | Should -HaveCount 2
        (Invoke-Script Clear-OldImage @{ Image = "${name}*"; Keep = 1; OlderThanDays = 30 }).Result.Removed | Should -Be 0
    }
}
