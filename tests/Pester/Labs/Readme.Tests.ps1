#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# The READMEs of the labs say what the labs have, in both languages.

BeforeDiscovery {
    $examples = Join-Path (Split-Path (Split-Path (Split-Path $PSScriptRoot))) examples
    $pages = foreach ($lab in 'api', 's3', 'docker', 'kubernetes', 'operations', 'isolation', 'architecture') {
        'README.md', 'README.zh.md' | ForEach-Object { @{ Lab = $lab; Page = $_; Folder = Join-Path $examples $lab } }
    }
}

Describe '<Lab>/<Page>' -Tag Module -ForEach $pages {
    BeforeAll {
        $text = Get-Content -Raw (Join-Path $Folder $Page)
        $command = Get-Command (Join-Path $Folder lab.ps1)
        $steps = $command.Parameters['Step'].Attributes.Where({ $_ -is [ValidateSet] }).ValidValues
    }

    It 'has a row for each part' {
        [regex]::Matches($text, '(?m)^\| ([a-z]\w*) \|').ForEach({ $_.Groups[1].Value }) | Should -Be $steps
    }

    It 'shows commands that can be run' {
        $block = [regex]::Match($text, '(?s)```powershell\n(.*?)```').Groups[1].Value
        $errors = $null
        $calls = [Management.Automation.Language.Parser]::ParseInput($block, [ref] $null, [ref] $errors).FindAll({ $args[0] -is [Management.Automation.Language.CommandAst] -and "$($args[0])" -match 'lab\.ps1' }, $true)
        $errors | Should -BeNullOrEmpty
        $calls.Count | Should -BeGreaterThan 0
        foreach ($call in $calls) {
            "$call" | Should -Match "examples/$Lab/lab\.ps1"
            $words = $call.CommandElements
            # What another process gets as a list is more than one argument.
            if ("$($words[0])" -match 'pwsh|sudo') { $words | Where-Object { $_ -is [Management.Automation.Language.ArrayLiteralAst] } | Should -BeNullOrEmpty -Because "$call" }
            for ($index = 0; $index -lt $words.Count; $index++) {
                if ($words[$index] -isnot [Management.Automation.Language.CommandParameterAst]) { continue }
                $command.Parameters.Keys | Should -Contain $words[$index].ParameterName -Because "$call"
                if ($words[$index].ParameterName -eq 'Step') { "$($words[$index + 1])" -split ', ' | Should -BeIn $steps }
            }
        }
    }

    It 'shows the commands of the other language' {
        $commands = { [regex]::Match((Get-Content -Raw (Join-Path $Folder $args[0])), '(?s)```powershell\n(.*?)```').Groups[1].Value -split '\n' -replace '\s*#.*' }
        & $commands README.md | Should -Be (& $commands README.zh.md)
    }
}
