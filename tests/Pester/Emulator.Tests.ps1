#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# Start-, Get- and Stop-LabEmulator in the real engine.

BeforeAll {
    $root = Split-Path (Split-Path $PSScriptRoot)
    Import-Module (Join-Path $root 'out/CloudLab/CloudLab.psd1')
}

Describe 'The emulator' -Tag Emulator {
    AfterEach {
        Stop-LabEmulator
    }

    It 'is the default of the cmdlets that follow, until it stops' {
        $lab = Start-LabEmulator
        (New-LabBucket -Bucket movies).Bucket | Should -Be movies
        Set-LabObjectContent -Bucket movies -Key data/users.json -Value '[]'
        Get-LabObject -Bucket movies | ForEach-Object Key | Should -Be data/users.json
        Get-LabEmulator | ForEach-Object EndpointUrl | Should -Be $lab.EndpointUrl
        $lab | Stop-LabEmulator
        Get-LabEmulator | Should -BeNullOrEmpty
        $lab.Running | Should -BeFalse
        Test-Path $lab.KubeConfig | Should -BeFalse
    }

    It 'takes times as other tools write them' -ForEach @(
        @{ Text = '2d'; Seconds = 172800 }, @{ Text = '1h30m'; Seconds = 5400 }, @{ Text = '90s'; Seconds = 90 }, @{ Text = '90'; Seconds = 90 }, @{ Text = '0:1:30'; Seconds = 90 }
    ) {
        $null = Start-LabEmulator
        (& ([scriptblock]::Create("New-LabObjectUrl movies a -ExpiresIn $Text"))).Url | Should -Match "X-Amz-Expires=$Seconds&"
        (& ([scriptblock]::Create("New-LabObjectUrl movies a -ExpiresIn '$Text'"))).Url | Should -Match "X-Amz-Expires=$Seconds&"
    }

    It 'is a cluster to connect to, without a word about credentials for S3' {
        $lab = Start-LabEmulator -NoDefault
        $null = Connect-Lab -WarningVariable said -WarningAction SilentlyContinue
        "$said" | Should -BeLike 'S3, IAM and STS cannot be used: *'
        $null = Connect-Lab -KubeConfig $lab.KubeConfig -WarningVariable said -WarningAction SilentlyContinue
        $said | Should -BeNullOrEmpty
        Disconnect-Lab
    }

    It 'leaves the defaults alone with -NoDefault, and is reached through a session object' {
        $first = Start-LabEmulator
        $second = Start-LabEmulator -NoDefault
        $null = New-LabBucket -Bucket only-here
        $keys = $second.GetEnvironment()
        $credential = [pscredential]::new($second.AccessKey, (ConvertTo-SecureString $keys['AWS_SECRET_ACCESS_KEY'] -AsPlainText -Force))
        Get-LabBucket -EndpointUrl $second.EndpointUrl -Credential $credential | Should -BeNullOrEmpty
        Get-LabBucket | ForEach-Object Bucket | Should -Be only-here
        $first, $second | Stop-LabEmulator
    }

    It 'points child processes at itself with -SetEnvironment and takes that back' {
        $before = $env:AWS_ENDPOINT_URL
        $lab = Start-LabEmulator -SetEnvironment
        $env:AWS_ENDPOINT_URL | Should -Be "$lab"
        $env:KUBECONFIG | Should -Be $lab.KubeConfig
        Stop-LabEmulator
        $env:AWS_ENDPOINT_URL | Should -Be $before
    }

    It 'keeps its data in a folder' {
        $folder = Join-Path $TestDrive lab
        $null = Start-LabEmulator -DataPath $folder
        $null = New-LabBucket -Bucket kept
        Stop-LabEmulator
        $null = Start-LabEmulator -DataPath $folder
        Get-LabBucket | ForEach-Object Bucket | Should -Be kept
    }

    It 'takes the folder relative to the current location' {
        Push-Location $TestDrive
        try {
            (Start-LabEmulator -DataPath here).DataPath | Should -Be (Join-Path $TestDrive here)
        }
        finally {
            Pop-Location
        }
    }

    It 'shows how to reach it, but not the secret key' {
        $lab = Start-LabEmulator
        $text = $lab | Out-String -Width 200
        $text | Should -Match ([regex]::Escape("AWS_ENDPOINT_URL=$lab"))
        $text | Should -Not -Match ([regex]::Escape($lab.GetEnvironment()['AWS_SECRET_ACCESS_KEY']))
        $lab | ConvertTo-Json | Should -Not -Match ([regex]::Escape($lab.GetEnvironment()['AWS_SECRET_ACCESS_KEY']))
    }

    It 'starts nothing with -WhatIf' {
        Start-LabEmulator -WhatIf | Should -BeNullOrEmpty
        Get-LabEmulator | Should -BeNullOrEmpty
    }

    It 'says which port is taken' {
        $lab = Start-LabEmulator
        { Start-LabEmulator -Port $lab.EndpointUrl.Port } | Should -Throw -ErrorId 'PortInUse,*' -ExpectedMessage "*$($lab.EndpointUrl.Port)*"
        { Start-LabEmulator -Port 70000 } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
    }

    It 'names a number that no emulator has' {
        Stop-LabEmulator -Id 987654 -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'EmulatorNotFound,*'
        $problem[0].CategoryInfo.Category | Should -Be ObjectNotFound
    }

    It 'stops when the module is removed from the session that started it' {
        $script = "Import-Module '$root/out/CloudLab/CloudLab.psd1'; `$lab = Start-LabEmulator -SetEnvironment; Remove-Module CloudLab; " +
            "`$lab.Running; [bool] `$env:AWS_ENDPOINT_URL; Test-Path `$lab.KubeConfig; " +
            "try { `$null = Invoke-WebRequest `$lab.EndpointUrl -SkipHttpErrorCheck; 'listens' } catch { 'gone' }"
        & ($env:PWSH ? $env:PWSH : (Get-Process -Id $PID).Path) -NoProfile -NonInteractive -Command $script | Should -Be 'False', 'False', 'False', 'gone'
    }

    It 'goes on when the module is removed from another session' {
        $lab = Start-LabEmulator
        $other = [powershell]::Create().AddScript("Import-Module '$root/out/CloudLab/CloudLab.psd1'; `$null = Get-LabSession; Remove-Module CloudLab")
        try { $other.Invoke() } finally { $other.Dispose() }
        $lab.Running | Should -BeTrue
        Get-LabBucket | Should -BeNullOrEmpty
    }
}
