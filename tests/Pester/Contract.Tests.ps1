#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# What the stand-in that `cloudlab` runs on is held against in tests/CloudLab.Tests/Host/ContractTests.cs, in PowerShell
# itself: when a case fails here, that table is wrong.

Describe 'The contract that the stand-in follows' -Tag Host {
    It "wildcard '<Pattern>' against '<Text>': <Matches>" -ForEach @(
        @{ Pattern = '*.json'; Text = 'users.json'; Matches = $true }
        @{ Pattern = '*.json'; Text = 'USERS.JSON'; Matches = $true }
        @{ Pattern = 'user?'; Text = 'users'; Matches = $true }
        @{ Pattern = 'user?'; Text = 'user'; Matches = $false }
        @{ Pattern = '[a-c]x'; Text = 'bx'; Matches = $true }
        @{ Pattern = '[a-c]x'; Text = 'dx'; Matches = $false }
        @{ Pattern = 'a`*b'; Text = 'a*b'; Matches = $true }
        @{ Pattern = 'a`*b'; Text = 'axb'; Matches = $false }
        @{ Pattern = 'a.b'; Text = 'axb'; Matches = $false }
        @{ Pattern = 'line*'; Text = "line`nbreak"; Matches = $true }
    ) {
        [WildcardPattern]::new($Pattern, 'IgnoreCase').IsMatch($Text) | Should -Be $Matches
    }

    It 'escapes and finds wildcards' {
        [WildcardPattern]::ContainsWildcardCharacters('a*') | Should -BeTrue
        [WildcardPattern]::ContainsWildcardCharacters('a`*') | Should -BeFalse
        [WildcardPattern]::Escape('a*[b]') | Should -BeExactly 'a`*`[b`]'
        [WildcardPattern]::Unescape('a`*`[b`]') | Should -BeExactly 'a*[b]'
    }

    It 'converts <Value> to <Type>' -ForEach @(
        @{ Value = '3'; Type = [int]; Result = 3 }
        @{ Value = '0xff'; Type = [int]; Result = 255 }
        @{ Value = '10MB'; Type = [long]; Result = 10485760 }
        @{ Value = 2.5; Type = [int]; Result = 2 }
        @{ Value = 3.5; Type = [int]; Result = 4 }
        @{ Value = 1.5; Type = [string]; Result = '1.5' }
        @{ Value = 'FRI'; Type = [DayOfWeek]; Result = [DayOfWeek]::Friday }
        @{ Value = '00:00:05'; Type = [timespan]; Result = [timespan]::FromSeconds(5) }
    ) {
        $converted = [System.Management.Automation.LanguagePrimitives]::ConvertTo($Value, $Type)
        $converted | Should -BeOfType $Type
        $converted | Should -Be $Result
    }

    It 'refuses <Value> for <Type>' -ForEach @(
        @{ Value = 'three'; Type = [int] }
        @{ Value = '99999999999'; Type = [int] }
    ) {
        { [System.Management.Automation.LanguagePrimitives]::ConvertTo($Value, $Type) } |
            Should -Throw -ExpectedMessage '*Cannot convert value*'
    }

    It 'takes NaN as out of a range that has a minimum' {
        function Test-Range { param([ValidateRange(1, 9)][double] $Value) $Value }
        { Test-Range ([double]::NaN) } | Should -Throw
    }
}
