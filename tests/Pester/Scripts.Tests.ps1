#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# Scripts that need servers, and so do not run in every test, name only cmdlets and parameters that there are.

BeforeDiscovery {
    $root = Split-Path (Split-Path $PSScriptRoot)
    $scripts = Get-ChildItem (Join-Path $root examples), (Join-Path $root benchmarks) -Recurse -Include *.ps1, *.psm1 |
        ForEach-Object { @{ Name = [IO.Path]::GetRelativePath($root, $_.FullName).Replace('\', '/'); File = $_.FullName } }
}

BeforeAll {
    Import-Module (Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1')
    $known = @{}
    Get-Command -Module CloudLab | ForEach-Object { $known[$_.Name] = $_.ResolvedCommand ?? $_ }
}

Describe 'The scripts at the root' -Tag Module {
    It 'leave the caller where it is: <Name>' -ForEach (Get-ChildItem $root -Filter *.ps1 | ForEach-Object { @{ Name = $_.Name; File = $_.FullName } }) {
        $text = Get-Content -Raw $File
        $text | Should -Not -Match '\b(Set-Location|cd|chdir|sl)\b'
        if ($text -match 'Push-Location') { $text | Should -Match '(?m)^Push-Location \$PSScriptRoot\r?\ntry \{' -Because 'it goes back in the end' }
        ([regex]::Matches($text, 'Push-Location')).Count | Should -Be ([regex]::Matches($text, 'finally \{ Pop-Location \}')).Count
    }
}

Describe '<Name>' -Tag Module -ForEach $scripts {
    It 'uses cmdlets and parameters that exist' {
        $errors = $null
        $tree = [Management.Automation.Language.Parser]::ParseFile($File, [ref] $null, [ref] $errors)
        $errors | Should -BeNullOrEmpty
        foreach ($call in $tree.FindAll({ $args[0] -is [Management.Automation.Language.CommandAst] }, $true)) {
            if ($call.GetCommandName() -notmatch '^\w+-(Lab\w+|HpaReplicas|VpaRequest)$') { continue }
            $cmdlet = $known[$call.GetCommandName()]
            $cmdlet | Should -Not -BeNullOrEmpty -Because "line $($call.Extent.StartLineNumber) calls $($call.GetCommandName())"
            foreach ($parameter in $call.CommandElements | Where-Object { $_ -is [Management.Automation.Language.CommandParameterAst] }) {
                { $cmdlet.ResolveParameter($parameter.ParameterName) } | Should -Not -Throw -Because "line $($call.Extent.StartLineNumber): $call"
            }
        }
    }
}
