#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    Import-Module (Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1')
    $script:kept = @{}
    foreach ($name in Get-ChildItem env: | Where-Object Name -Match '^(AWS_|KUBECONFIG|DOCKER_)' | ForEach-Object Name) {
        $script:kept[$name] = [Environment]::GetEnvironmentVariable($name)
        [Environment]::SetEnvironmentVariable($name, $null)
    }
    $env:AWS_EC2_METADATA_DISABLED = 'true'
    $env:AWS_CONFIG_FILE = Join-Path $TestDrive 'config'
    $env:AWS_SHARED_CREDENTIALS_FILE = Join-Path $TestDrive 'credentials'
}

AfterAll {
    Disconnect-Lab
    $env:AWS_EC2_METADATA_DISABLED = $env:AWS_CONFIG_FILE = $env:AWS_SHARED_CREDENTIALS_FILE = $null
    foreach ($name in $script:kept.Keys) { [Environment]::SetEnvironmentVariable($name, $script:kept[$name]) }
}

Describe 'Get-LabSession' -Tag Sessions {
    AfterEach {
        Disconnect-Lab
        $env:AWS_REGION = $null
    }

    It 'says where each value came from' {
        $env:AWS_REGION = 'eu-west-1'
        (Get-LabSession).Region.ToString() | Should -Be 'eu-west-1 (environment AWS_REGION)'
        (Get-LabSession -Region ap-south-1).Region.ToString() | Should -Be 'ap-south-1 (parameter)'
    }

    It 'sees a variable that changes between two commands' {
        (Get-LabSession).Region.Source | Should -Be 'default'
        $env:AWS_REGION = 'eu-west-1'
        (Get-LabSession).Region.Value | Should -Be 'eu-west-1'
    }

    It 'never shows a secret' {
        $key = [pscredential]::new('AKIDTEST', (ConvertTo-SecureString 'very-secret' -AsPlainText -Force))
        $text = Get-LabSession -Credential $key | Format-List -Property * -Force | Out-String -Width 300
        $text | Should -Match 'AKIDTEST'
        $text | Should -Not -Match 'very-secret'
    }

    It 'formats as a list with the sources' {
        $env:AWS_REGION = 'eu-west-1'
        Get-LabSession | Out-String -Width 200 | Should -Match 'Region\s+: eu-west-1 \(environment AWS_REGION\)'
    }

    It 'refuses a session token without keys' {
        { Get-LabSession -SessionToken (ConvertTo-SecureString 'x' -AsPlainText -Force) } |
            Should -Throw -ErrorId 'SessionTokenAlone*'
    }
}

Describe 'Connect-Lab' -Tag Sessions {
    AfterEach { Disconnect-Lab }

    It 'sets the defaults of this runspace and of no other' {
        $null = Connect-Lab -Region eu-central-1 -SkipCheck
        (Get-LabSession).Region.ToString() | Should -Be 'eu-central-1 (Connect-Lab)'
        $other = [powershell]::Create().AddScript("Import-Module '$((Get-Module CloudLab).Path)'; (Get-LabSession).Region.Value")
        try { $other.Invoke() | Should -Be 'us-east-1' } finally { $other.Dispose() }
    }

    It 'gives way to a parameter and to a session object' {
        $session = Get-LabSession -Region eu-west-3
        $null = Connect-Lab -Region eu-central-1 -SkipCheck
        (Get-LabSession -Region sa-east-1).Region.Value | Should -Be 'sa-east-1'
        (Get-LabSession -Session $session).Region.Value | Should -Be 'eu-west-3'
    }

    It 'is undone by Disconnect-Lab, which -WhatIf holds back' {
        $null = Connect-Lab -Region eu-central-1 -SkipCheck
        Disconnect-Lab -WhatIf
        (Get-LabSession).Region.Value | Should -Be 'eu-central-1'
        Disconnect-Lab
        (Get-LabSession).Region.Value | Should -Be 'us-east-1'
    }

    It 'says who the credentials stand for' {
        $emulator = Start-LabEmulator
        try {
            (Connect-Lab -Session (Get-LabSession)).Identity.Value | Should -Match '^arn:aws:iam::\d+:root$'
        }
        finally { Stop-LabEmulator }
    }

    It 'leaves the defaults alone when the keys are refused' {
        $emulator = Start-LabEmulator
        try {
            $wrong = [pscredential]::new('AKIDWRONG', (ConvertTo-SecureString 'x' -AsPlainText -Force))
            { Connect-Lab -Credential $wrong -EndpointUrl $emulator.EndpointUrl } | Should -Throw -ErrorId 'InvalidClientTokenId*'
            (Get-LabCallerIdentity).Arn | Should -Match 'root$'
        }
        finally { Stop-LabEmulator }
    }

    It 'warns when there are no AWS credentials, and serves the other systems all the same' {
        $warnings = @()
        $session = Connect-Lab -Namespace movies -WarningVariable warnings -WarningAction SilentlyContinue
        $session.Namespace.Value | Should -Be 'movies'
        $warnings | Should -Match 'No AWS credentials'
    }

    It 'names a profile that is not there' {
        { Connect-Lab -ProfileName nobody } | Should -Throw "*'nobody'*" -ErrorId 'ProfileNotFound*'
    }
}
