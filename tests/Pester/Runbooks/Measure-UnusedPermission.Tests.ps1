#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . (Join-Path $PSScriptRoot Common.ps1)
}

Describe 'Measure-UnusedPermission with mocks' -Tag Identity {
    BeforeEach {
        $long = [DateTimeOffset]::UtcNow.AddDays(-200)
        Mock Measure-LabPolicy {
            [pscustomobject] @{ Id = 'UnusedPermission'; Principal = 'user/ann'; Why = 's3:DeleteObject was not used.'; Fix = 'Remove it.' }
            [pscustomobject] @{ Id = 'AdministratorAccess'; Principal = 'user/bob'; Why = 'All.'; Fix = 'Less.' }
        }
        Mock Get-LabRole { [pscustomobject] @{ Name = 'idle'; CreateDate = $long; LastUsed = $null }; [pscustomobject] @{ Name = 'busy'; CreateDate = $long; LastUsed = [DateTimeOffset]::UtcNow } } -ParameterFilter { -not $Name }
        Mock Get-LabRole { [pscustomobject] @{ Name = "$Name"; CreateDate = $long; LastUsed = "$Name" -eq 'busy' ? [DateTimeOffset]::UtcNow : $null } } -ParameterFilter { $Name }
        Mock Get-LabUser { [pscustomobject] @{ Name = 'ann' } }
        Mock Get-LabAccessKey { [pscustomobject] @{ UserName = 'ann'; AccessKeyId = 'AK1'; Status = 'Active'; CreateDate = $long; LastUsed = $long } }
        Mock New-LabPolicyDocument { '{ "Version": "2012-10-17" }' }
    }

    It 'finds permissions, roles and keys, and nothing that is another rule' {
        $summary = Invoke-Script Measure-UnusedPermission @{ Trail = 's3://trail/' }
        $summary.ExitCode | Should -Be 1
        $summary.Findings.Code | Should -Be UnusedPermission, UnusedRole, UnusedKey
        $summary.Findings.Target | Should -Be user/ann, idle, AK1
        $summary.Result.Permissions, $summary.Result.Roles, $summary.Result.Keys | Should -Be 1, 1, 1
    }

    It 'does not blame what is too young' {
        $young = [pscustomobject] @{ Name = 'young'; CreateDate = [DateTimeOffset]::UtcNow; LastUsed = $null }
        Mock Get-LabRole { $young } -ParameterFilter { -not $Name }
        Mock Get-LabRole { $young } -ParameterFilter { $Name }
        Mock Get-LabAccessKey { [pscustomobject] @{ UserName = 'ann'; AccessKeyId = 'AK1'; Status = 'Active'; CreateDate = [DateTimeOffset]::UtcNow; LastUsed = $null } }
        (Invoke-Script Measure-UnusedPermission @{ Trail = 's3://trail/' }).Findings.Code | Should -Be UnusedPermission
    }

    It 'writes suggestions and a report, and neither with -WhatIf' {
        $options = @{ Trail = 's3://trail/'; PolicyFolder = Join-Path $TestDrive policies; ReportPath = Join-Path $TestDrive unused.md }
        $null = Invoke-Script Measure-UnusedPermission ($options + @{ WhatIf = $true })
        Test-Path $options.PolicyFolder, $options.ReportPath | Should -Be $false, $false
        (Invoke-Script Measure-UnusedPermission $options).Result.Policies | Should -Be 1
        Get-Content (Join-Path $options.PolicyFolder user-ann.json) | Should -Match 2012-10-17
        Get-Content -Raw $options.ReportPath | Should -Match '\| UnusedKey \| AK1 \|'
    }

    It 'goes on when the trail is missing, and says so' {
        Mock Measure-LabPolicy { Write-Error -ErrorRecord (New-Problem TrailNotFound 'There is no trail.') }
        (Invoke-Script Measure-UnusedPermission @{ Trail = 'none' }).Findings.Code | Should -Be TrailNotFound, UnusedRole, UnusedKey
    }

    It 'cannot run without a network' {
        Mock Measure-LabPolicy { throw (New-Problem ConnectionFailed 'Nothing answers.') }
        (Invoke-Script Measure-UnusedPermission @{ Trail = 'none' }).ExitCode | Should -Be 2
    }
}

Describe 'Measure-UnusedPermission on the emulator' -Tag Identity {
    BeforeAll {
        $emulator = Start-LabEmulator
        $policy = New-LabPolicyDocument -Allow s3:GetObject, s3:DeleteObject -Resource 's3://movies/*'
        $null = New-LabUser ann
        $null = New-LabPolicy movies $policy | Add-LabPolicyAttachment -User ann
        $trail = Join-Path $TestDrive trail.json
        $record = @{
            eventSource = 's3.amazonaws.com'; eventName = 'GetObject'; eventTime = '2026-11-28T12:00:00Z'; awsRegion = 'us-east-1'
            userIdentity = @{ type = 'IAMUser'; arn = 'arn:aws:iam::123456789012:user/ann'; accountId = '123456789012' }
            requestParameters = @{ bucketName = 'movies'; key = 'data/a' }
        }
        Set-Content $trail (@{ Records = @($record) } | ConvertTo-Json -Depth 6)
    }

    AfterAll { $emulator | Stop-LabEmulator }

    It 'finds what the trail does not have, and writes the policy for what it has' {
        $summary = Invoke-Script Measure-UnusedPermission @{ Trail = $trail; Principal = 'ann'; PolicyFolder = Join-Path $TestDrive policies }
        $summary.Findings.Code | Should -Be UnusedPermission
        $summary.Findings[0].Message | Should -Match DeleteObject
        $file = @(Get-ChildItem (Join-Path $TestDrive policies))
        $file | Should -HaveCount 1
        Get-Content -Raw $file[0] | Should -Match s3:GetObject
        Get-Content -Raw $file[0] | Should -Not -Match Delete
    }
}
