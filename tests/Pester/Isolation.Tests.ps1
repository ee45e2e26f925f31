#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# CloudLab beside a module that has brought another AWSSDK.Core, in one session, in both orders.

Describe 'Another AWSSDK.Core in the same session' -Tag Module {
    BeforeAll {
        $root = Split-Path (Split-Path $PSScriptRoot)
        $cloudLab = Join-Path $root 'out/CloudLab/CloudLab.psd1'
        $other = Join-Path $root 'tests/OtherAwsModule/bin/Release/net10.0/OtherAwsModule.dll'
        # Each case needs a process of its own: assemblies never leave one.
        function Invoke-Fresh([string] $Script) {
            # A PowerShell that is a .NET tool runs in a process of dotnet: test.sh names the one to start.
            & ($env:PWSH ? $env:PWSH : (Get-Process -Id $PID).Path) -NoProfile -NonInteractive -Command "`$ErrorActionPreference = 'Stop'; $Script"
            $LASTEXITCODE | Should -Be 0
        }
        $useCloudLab = "`$null = Start-LabEmulator; (New-LabBucket -Bucket isolated).Bucket; (Get-LabCallerIdentity).Arn -like 'arn:aws:iam::*'; Stop-LabEmulator"
    }

    It 'works when the other module came first' {
        Invoke-Fresh "Import-Module '$other'; Get-OtherAws; Import-Module '$cloudLab'; $useCloudLab; Get-OtherAws" |
            Should -Be @('AKIDOTHER 3.3.0.0', 'isolated', 'True', 'AKIDOTHER 3.3.0.0')
    }

    It 'works when CloudLab came first' {
        Invoke-Fresh "Import-Module '$cloudLab'; $useCloudLab; Import-Module '$other'; Get-OtherAws; $useCloudLab" |
            Should -Be @('isolated', 'True', 'AKIDOTHER 3.3.0.0', 'isolated', 'True')
    }

    It 'keeps its packages out of the default load context: <Packages>' -ForEach @(
        @{ Packages = 'AWSSDK.Core'; Use = '' }
        # Nothing listens there: the packages are in use before that shows.
        @{ Packages = 'Docker.DotNet'; Use = "try { Get-LabImage -DockerHost tcp://127.0.0.1:1 } catch { 'refused' }" }
        @{ Packages = 'KubernetesClient'; Use = "`$null = Start-LabEmulator; `$null = Get-LabResource Namespace; Stop-LabEmulator" }
    ) {
        $names = "GetName().Name -match '^(CloudLab|AWSSDK|Docker|KubernetesClient|YamlDotNet)' | Sort-Object"
        $all, $ofDefault = (Invoke-Fresh (
            "Import-Module '$cloudLab'; `$null = & { $useCloudLab }; `$null = & { $Use }; [AppDomain]::CurrentDomain.GetAssemblies().$names; '|';" +
            "[Runtime.Loader.AssemblyLoadContext]::Default.Assemblies.$names")) -join ' ' -split '\|'
        # Loaded at all, or the rest would prove nothing.
        -split $all | Should -Contain $Packages
        -split $ofDefault | Should -Be @('CloudLab.Cmdlets', 'CloudLab.Loader')
    }
}
