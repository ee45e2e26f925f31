#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# PowerShell's own binding of the table that the `cloudlab` command's binding is tested with.

BeforeDiscovery {
    $root = Split-Path (Split-Path $PSScriptRoot)
    $cases = Get-Content (Join-Path $root 'tests/binding-cases.json') -Raw | ConvertFrom-Json | ForEach-Object {
        @{ Arguments = $_.args; HasInput = $null -ne $_.PSObject.Properties['input']; Values = $_.input; Expect = $_.expect }
    }
}

Describe 'Parameter binding' -Tag Host {
    BeforeAll {
        $root = Split-Path (Split-Path $PSScriptRoot)
        $samples = Join-Path $root 'tests/CloudLab.Tests/bin/Release/net10.0/CloudLab.Tests.dll'
        $loaded = [Environment]::Version.Major -ge 10 -and (Test-Path $samples)
        if ($loaded) {
            Import-Module $samples
        }
    }

    It "Get-Sample <Arguments> (input: <Values>)" -ForEach $cases {
        if (-not $loaded) {
            Set-ItResult -Skipped -Because 'the sample cmdlets need tests/CloudLab.Tests built and a PowerShell on .NET 10'
            return
        }
        # One refused input is one error, and the next one goes on; whoever runs the tests may prefer to stop.
        $ErrorActionPreference = 'Continue'
        $command = [scriptblock]::Create("$(if ($HasInput) { '$input | ' })Get-Sample $Arguments")
        $found = try {
            $Values | & $command 2>&1 | ForEach-Object {
                if ($_ -is [System.Management.Automation.ErrorRecord]) {
                    '! ' + ($_.FullyQualifiedErrorId -split ',')[0]
                }
                else {
                    "$($_.Set) name=$($_.Name -join '|') id=$($_.Id) bucket=$($_.Bucket) size=$($_.Size)"
                }
            }
        }
        catch {
            '! ' + ($_.FullyQualifiedErrorId -split ',')[0]
        }
        $found | Should -Be $Expect
    }
}
