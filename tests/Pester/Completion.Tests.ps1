#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# What Tab offers where a value is typed: what is known, and no file names where none are meant. The areas' own tests ask the services.

Describe 'Completion' -Tag Module {
    BeforeAll {
        Import-Module (Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1') -Force
        $null = Start-LabEmulator
        $saved = $env:AWS_CONFIG_FILE, $env:AWS_SHARED_CREDENTIALS_FILE
        $env:AWS_CONFIG_FILE = Join-Path $TestDrive config
        $env:AWS_SHARED_CREDENTIALS_FILE = Join-Path $TestDrive credentials
        Set-Content $env:AWS_CONFIG_FILE '[default]', 'region = eu-west-1', '[profile staging]', '[sso-session office]', '[services local]'
        Set-Content $env:AWS_SHARED_CREDENTIALS_FILE '[prod]', 'aws_access_key_id = a', '[staging]'
        Push-Location (New-Item -ItemType Directory (Join-Path $TestDrive here))
        $null = New-Item -ItemType File file-of-the-folder.txt
        function Complete([string] $Line) { @((TabExpansion2 $Line $Line.Length).CompletionMatches.CompletionText) }
    }

    AfterAll {
        Pop-Location
        $env:AWS_CONFIG_FILE, $env:AWS_SHARED_CREDENTIALS_FILE = $saved
        Get-LabEmulator | Stop-LabEmulator
    }

    It 'offers file names only where paths are meant' {
        # A parameter that takes a path has a name that says so.
        $paths = 'Path', 'LiteralPath', 'Manifest', 'KubeConfig', 'CaBundle', 'RelativeTo', 'DataPath', 'OutFile', 'Destination', 'Source', 'Dockerfile', 'Trail', 'FromTrail', 'Baseline', 'WebIdentityTokenFile', 'OutputPath', 'ConfigPath', 'EnvironmentFile', 'LoadPath', 'PlotPath', 'SamplePath', 'CpuPath', 'MemoryPath', 'Bake', 'LowerPath', 'UpperPath', 'WorkPath', 'Root', 'Compose', 'EnvFile', 'FromFile', 'ContextPath', 'SchemaPath'
        $common = [Management.Automation.PSCmdlet]::CommonParameters + [Management.Automation.PSCmdlet]::OptionalCommonParameters
        $offered = foreach ($command in Get-Command -Module CloudLab) {
            foreach ($parameter in $command.Parameters.Values | Where-Object { ($_.ParameterType -in [string], [string[]] -or $_.Name -in 'Context', 'Condition') -and $_.Name -notin $common + $paths }) {
                if ((Complete "$($command.Name) -$($parameter.Name) ") -like '*file-of-the-folder*') { "$($command.Name) -$($parameter.Name)" }
            }
        }
        $offered | Should -BeNullOrEmpty
        Complete 'Send-LabObject b -LiteralPath file' | Should -BeLike '*file-of-the-folder.txt'
    }

    It 'offers regions, profiles, media types and encodings' {
        Complete 'Get-LabBucket -Region eu-cen' | Should -Contain 'eu-central-1'
        Complete 'Get-LabBucket -ProfileName ' | Should -Be 'default', 'prod', 'staging'
        Complete 'Connect-Lab -ProfileName st' | Should -Be 'staging'
        Complete 'Send-LabObject -ContentType text/cs' | Should -Be 'text/css', 'text/csv'
        Complete 'Get-LabObjectContent -Encoding utf' | Should -Be 'utf8', 'utf8BOM', 'utf32'
        Complete 'Connect-Lab -KubeContext cl' | Should -Be 'cloudlab'
    }

    It 'offers the versions of a key' {
        $null = New-LabBucket versions-of -Versioning
        1..2 | ForEach-Object { Set-LabObjectContent versions-of k -Value $_ }
        Set-LabObjectContent versions-of k2 -Value 1
        Complete 'Get-LabObjectContent versions-of k -VersionId ' | Should -Be (Get-LabObject versions-of -Prefix k -Versions | Where-Object Key -CEQ k).VersionId
    }
}
