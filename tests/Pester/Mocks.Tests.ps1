#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# CloudLab's cmdlets mocked as in the tests of a runbook, on each Pester that Pester.csproj pins, in a PowerShell of its own.

BeforeDiscovery {
    $project = [xml] (Get-Content -Raw (Join-Path $PSScriptRoot 'Pester.csproj'))
    $pinned = foreach ($name in 'PesterVersion', 'Pester5Version') { @{ Version = $project.SelectSingleNode("//$name").InnerText } }
}

Describe 'The tests of a runbook on Pester <Version>' -Tag Module -ForEach $pinned {
    It 'mock the cmdlets' {
        $pester = Join-Path $PSScriptRoot "../../out/tools/modules/Pester/$Version/Pester.psd1"
        $runbook = Join-Path $PSScriptRoot 'RunbookMocks.ps1'
        $lines = & ($env:PWSH ? $env:PWSH : (Get-Process -Id $PID).Path) -NoProfile -NonInteractive -Command "
            `$ErrorActionPreference = 'Stop'
            Import-Module '$pester'
            `$result = Invoke-Pester -Path '$runbook' -PassThru
            `"`$((Get-Module Pester).Version) `$(`$result.PassedCount) `$(`$result.FailedCount) `$(`$result.FailedContainersCount)`""
        $lines[-1] | Should -Be "$Version 3 0 0" -Because ($lines -join "`n")
    }
}
