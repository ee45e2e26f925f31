#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# The help as Get-Help shows it, and every example in it, run as it stands against the emulator.

BeforeDiscovery {
    $root = Split-Path (Split-Path $PSScriptRoot)
    Import-Module (Join-Path $root 'out/CloudLab/CloudLab.psd1')
    $cmdlets = @(Get-Command -Module CloudLab -Name *-LabBucket* | ForEach-Object { @{ Name = $_.Name } })
    $examples = @(foreach ($cmdlet in $cmdlets) {
            $number = 0
            foreach ($example in (Get-Help $cmdlet.Name -Full).examples.example) {
                $number++
                @{
                    Name = $cmdlet.Name; Number = $number; Code = $example.code
                    Docker = "$($cmdlet.Name) $($example.code)" -match '-Lab(Image|Container|Builder|Compose|Registry)'
                }
            }
        })
}

Describe 'Help' -Tag Module {
    BeforeAll {
        $root = Split-Path (Split-Path $PSScriptRoot)
        Import-Module (Join-Path $root 'out/CloudLab/CloudLab.psd1')
        $common = [System.Management.Automation.PSCmdlet]::CommonParameters
    }

    It '<Name> has a synopsis, a description and two examples' -ForEach $cmdlets {
        $help = Get-Help $Name -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        $help.Synopsis | Should -Not -BeLike "*$Name*<CommonParameters>*"
        $help.description.Text | Should -Not -BeNullOrEmpty
        @($help.examples.example).Count | Should -BeGreaterOrEqual 2
    }

    It '<Name> has text for every parameter' -ForEach $cmdlets {
        $documented = @{}
        foreach ($parameter in (Get-Help $Name -Parameter * -ErrorAction SilentlyContinue)) {
            $documented[$parameter.name] = "$($parameter.description.Text)".Trim()
        }
        $command = Get-Command $Name
        foreach ($parameter in $command.Parameters.Keys | Where-Object { $_ -notin $common }) {
            $documented[$parameter] | Should -Not -BeNullOrEmpty -Because "-$parameter of $Name needs its text"
        }
    }

    It '<Name> shows the syntax that PowerShell binds' -ForEach $cmdlets {
        $bound = (Get-Command $Name).ParameterSets | ForEach-Object {
            ($_.Parameters | Where-Object Name -NotIn $common | ForEach-Object {
                $position = if ($_.Position -ge 0) { $_.Position } else { 'named' }
                "$($_.Name) $position $($_.IsMandatory)"
            } | Sort-Object) -join ', '
        } | Sort-Object
        $shown = (Get-Help $Name).syntax.syntaxItem | ForEach-Object {
            ($_.parameter | ForEach-Object { "$($_.name) $($_.position) $($_.required)" } | Sort-Object) -join ', '
        } | Sort-Object
        $shown | Should -Be $bound
    }

    It 'has a topic about the module' {
        "$(Get-Help about_CloudLab)" | Should -BeLike '*Start-LabEmulator*'
    }

    It 'has no approved verb missing and no cmdlet that PowerShell warns of' {
        Import-Module (Join-Path $root 'out/CloudLab/CloudLab.psd1') -Force -WarningVariable warnings -WarningAction SilentlyContinue
        $warnings | Should -BeNullOrEmpty
    }
}

Describe 'Examples' -Tag Module {
    BeforeAll {
        $root = Split-Path (Split-Path $PSScriptRoot)
        Import-Module (Join-Path $root 'out/CloudLab/CloudLab.psd1')
        $kept = @{}
        foreach ($name in 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_CONFIG_FILE', 'AWS_PROFILE', 'KUBECONFIG', 'DOCKER_HOST') {
            $kept[$name] = [Environment]::GetEnvironmentVariable($name)
        }
        $hasDocker = $null -ne $env:CLOUDLAB_TEST_DOCKER
    }

    BeforeEach {
        # What an example may presume: the emulator with the movie site in it, and the site's files around.
        $work = Join-Path ([IO.Path]::GetTempPath()) "cloudlab-example-$([guid]::NewGuid())"
        Copy-Item (Join-Path $root 'examples/movies') $work -Recurse
        Push-Location $work
        if ($hasDocker) { $env:DOCKER_HOST = $env:CLOUDLAB_TEST_DOCKER }
        $env:AWS_SHARED_CREDENTIALS_FILE = Join-Path $work 'credentials'
        $env:AWS_CONFIG_FILE = Join-Path $work 'config'
        $emulator = Start-LabEmulator
        $null = New-LabBucket -Bucket movies
        $null = Send-LabObject -Bucket movies -Path data/users.json, data/movies.json -Prefix data/
        $null = Deploy-LabManifest -Path manifest.yaml
    }

    AfterEach {
        Get-LabEmulator | Stop-LabEmulator
        Disconnect-Lab
        Pop-Location
        Remove-Item $work -Recurse -Force
        foreach ($name in $kept.Keys) {
            [Environment]::SetEnvironmentVariable($name, $kept[$name])
        }
    }

    It '<Name>, example <Number>: <Code>' -ForEach $examples {
        if ($Docker -and -not $hasDocker) {
            Set-ItResult -Skipped -Because 'CLOUDLAB_TEST_DOCKER is not set'
            return
        }
        $shell = [powershell]::Create([System.Management.Automation.RunspaceMode]::CurrentRunspace)
        try {
            $null = $shell.AddScript("`$ErrorActionPreference = 'Stop'; `$ConfirmPreference = 'None'`n$Code", $true)
            $null = $shell.Invoke()
            $shell.Streams.Error | Should -BeNullOrEmpty
        }
        finally {
            $shell.Dispose()
        }
    }
}
