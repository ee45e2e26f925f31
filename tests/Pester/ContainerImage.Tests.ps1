#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# examples/image: what the images are built from, how large they are, and that they run, as nobody in particular and read-only.

BeforeDiscovery {
    # Debian's packages are unpacked once into out/image; without them and without mmdebstrap there is nothing to stand on.
    $root = Split-Path (Split-Path $PSScriptRoot)
    $unpacked = Test-Path (Join-Path $root out/image/base/linux/*/base.tar)
    $why = if (-not $env:CLOUDLAB_TEST_DOCKER) { 'CLOUDLAB_TEST_DOCKER is not set' }
    elseif (-not $unpacked -and -not (Get-Command mmdebstrap -CommandType Application -ErrorAction Ignore)) { 'mmdebstrap is not installed' }
}

BeforeAll {
    $root = Split-Path (Split-Path $PSScriptRoot)
    Import-Module (Join-Path $root 'out/CloudLab/CloudLab.psd1')
    $folder = Join-Path $root examples/image
}

Describe 'The Dockerfile of CloudLab' -Tag Containers {
    It 'has no findings' {
        Test-LabDockerfile (Join-Path $folder Dockerfile) | Should -BeNullOrEmpty
    }

    It 'is not built with -WhatIf' {
        $before = Get-Item (Join-Path $root out/image/cloudlab) -ErrorAction Ignore
        & (Join-Path $folder build.ps1) -WhatIf | Should -BeNullOrEmpty
        (Get-Item (Join-Path $root out/image/cloudlab) -ErrorAction Ignore).CreationTime | Should -Be $before.CreationTime
    }
}

Describe "The images of CloudLab$($why ? " ($why)" : '')" -Tag Containers -Skip:($null -ne $why) {
    BeforeAll {
        $engine = @{ DockerHost = $env:CLOUDLAB_TEST_DOCKER }
        $keptHost = $env:DOCKER_HOST
        $env:DOCKER_HOST = $env:CLOUDLAB_TEST_DOCKER
        $platforms = @('linux/amd64'; if ($env:CLOUDLAB_TEST_QEMU -eq 'aarch64') { 'linux/arm64' })
        $built = & (Join-Path $folder build.ps1) -Platform $platforms -Repository cloudlab-test -Version image

        # Runs to its end; the lines of its log, and its exit code.
        function Invoke-Image([string] $Image, [string[]] $Command, [string] $Platform = 'linux/amd64') {
            $container = Start-LabContainer "cloudlab-test/${Image}:image" -Platform $Platform -Command $Command -CapDrop ALL -ReadOnly:($Image -eq 'cloudlab') @engine
            try {
                $ended = $container | Wait-LabContainer -Timeout 120 @engine
                [pscustomobject] @{ ExitCode = $ended.ExitCode; Log = @($container | Get-LabContainerLog @engine).ForEach('Text') -join "`n" }
            }
            finally {
                $container | Remove-LabContainer -Force @engine
            }
        }
    }

    AfterAll {
        if ($built) { $built.Tags | Remove-LabImage -Force @engine }
        $env:DOCKER_HOST = $keptHost
    }

    It 'are there for each platform, and not for root' {
        $built.Count | Should -Be 2
        foreach ($image in $built.Tags) {
            $found = Get-LabImage $image @engine
            $found.Platforms | Should -Be $platforms
            Get-LabImagePlatform $image @engine | ForEach-Object User | Select-Object -Unique | Should -Be '10001:10001'
        }
    }

    It 'are small: <_>' -ForEach 'linux/amd64', 'linux/arm64' {
        $files = Join-Path $root "out/image/cloudlab/$_"
        if (-not (Test-Path $files)) { Set-ItResult -Skipped -Because 'it was not built'; return }
        (Get-ChildItem $files -Recurse -File | Measure-Object Length -Sum).Sum + (Get-Item (Join-Path $root "out/image/base/$_/base.tar")).Length | Should -BeLessThan 250e6
    }

    It 'run cmdlets, and end with their exit code' {
        $fine = Invoke-Image cloudlab Get-LabSchedule, '0 2 * * *', -Count, 2
        $fine.ExitCode, @($fine.Log -split "`n").Count | Should -Be 0, 2
        (Invoke-Image cloudlab Get-LabSchedule, 'never').ExitCode | Should -Be 1
        (Invoke-Image cloudlab Get-LabNothing).ExitCode | Should -Be 2
    }

    It 'have PowerShell, certificates, languages and time zones for runbooks' {
        $run = Invoke-Image runbooks pwsh, -NoProfile, -NonInteractive, -Command, @'
        $null = Start-LabEmulator
        $null = New-LabBucket movies; $null = New-LabBucket movies-backup; $null = Set-LabObjectContent movies a 'Metropolis'
        $summary = /runbooks/Backup-Bucket.ps1 movies movies-backup -StatePath /tmp/runbooks 6> $null
        "$($summary.Status) $(@(Get-LabObject movies-backup).Count)"
        [cultureinfo]::new('fr-FR').DateTimeFormat.GetDayName('Monday')
        [TimeZoneInfo]::FindSystemTimeZoneById('Europe/Paris').BaseUtcOffset.TotalHours
        @(Select-String -Path /etc/ssl/certs/ca-certificates.crt -Pattern 'BEGIN CERTIFICATE').Count -gt 100
'@
        # The runbook compares with a synchronization that is not done, and the host says so before.
        $run.Log | Should -BeLike "*Succeeded 2*lundi`n1`nTrue*"
        $run.ExitCode | Should -Be 0
    }

    It 'start on another processor' {
        if ('linux/arm64' -notin $platforms) { Set-ItResult -Skipped -Because 'CLOUDLAB_TEST_QEMU is not set'; return }
        $run = Invoke-Image cloudlab Get-LabSchedule, '0 2 * * *', -Count, 2 -Platform linux/arm64
        $run.ExitCode, @($run.Log -split "`n").Count | Should -Be 0, 2
    }
}
