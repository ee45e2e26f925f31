#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . (Join-Path $PSScriptRoot Common.ps1)
    $folder = (New-Item -ItemType Directory (Join-Path $TestDrive "Ann's [manifests] ü")).FullName
    Set-Content -LiteralPath (Join-Path $folder theme.yaml) "apiVersion: v1`nkind: ConfigMap`nmetadata: { name: theme }`ndata: { colour: dark, size: '2' }"
    Set-Content -LiteralPath (Join-Path $folder secret.yaml) "apiVersion: v1`nkind: Secret`nmetadata: { name: login }`nstringData: { password: manifest-secret }"
    Set-Content -LiteralPath (Join-Path $folder gone.yaml) "apiVersion: v1`nkind: ConfigMap`nmetadata: { name: gone }"
}

Describe 'Test-ManifestDrift with mocks' -Tag Kubernetes {
    BeforeEach {
        Mock Compare-LabManifest {
            [pscustomobject] @{ Status = 'Unchanged'; Kind = 'Service'; Name = 'web'; Namespace = 'movies'; Changes = @(); Source = 'a.yaml' }
            [pscustomobject] @{ Status = 'Changed'; Kind = 'Deployment'; Name = 'web'; Namespace = 'movies'; Source = 'a.yaml'
                Changes = @([pscustomobject] @{ Path = 'spec.replicas' }, [pscustomobject] @{ Path = 'spec.paused' }) }
            [pscustomobject] @{ Status = 'Created'; Kind = 'ConfigMap'; Name = 'theme'; Namespace = 'movies'; Changes = @([pscustomobject] @{ Path = 'data' }); Source = 'b.yaml' }
        }
    }

    It 'reports what differs and what is missing' {
        $summary = Invoke-Script Test-ManifestDrift @{ Path = $folder; Namespace = 'movies'; Context = 'lab' }
        $summary.ExitCode | Should -Be 1
        $summary.Result.Objects, $summary.Result.Unchanged, $summary.Result.Changed, $summary.Result.Missing | Should -Be 3, 1, 1, 1
        $summary.Findings.Code | Should -Be ObjectChanged, ObjectMissing
        $summary.Findings[1].Action | Should -Match 'Deploy-LabManifest b\.yaml'
        Should -Invoke Compare-LabManifest -Times 1 -Exactly -ParameterFilter { $Namespace -eq 'movies' -and "$Context" -eq 'lab' -and $Recurse }
    }

    It 'ignores fields that may differ' {
        $summary = Invoke-Script Test-ManifestDrift @{ Path = $folder; IgnorePath = 'spec.rep*', 'spec.paused' }
        $summary.Result.Changed, $summary.Result.Missing | Should -Be 0, 1
    }

    It 'goes on after a manifest that cannot be compared' {
        Mock Compare-LabManifest {
            [pscustomobject] @{ Status = 'Unchanged'; Kind = 'Service'; Name = 'web'; Namespace = 'movies'; Changes = @(); Source = 'a.yaml' }
            Write-Error -ErrorRecord (New-Problem ManifestSyntax 'b.yaml line 3: this is not YAML.')
        }
        $summary = Invoke-Script Test-ManifestDrift @{ Path = $folder }
        $summary.ExitCode, $summary.Findings.Code | Should -Be 1, ManifestSyntax
    }

    It 'cannot run where <Case>' -ForEach @(
        @{ Case = 'the cluster does not answer'; Code = 'ClusterUnreachable'; Break = { Mock Compare-LabManifest { throw (New-Problem ClusterUnreachable 'No answer.') } } }
        @{ Case = 'the folder has no manifest'; Code = 'ManifestNotFound'; Break = { Mock Compare-LabManifest { } } }
        @{ Case = 'no manifest can be read'; Code = 'NothingCompared'; Break = { Mock Compare-LabManifest { Write-Error -ErrorRecord (New-Problem ManifestSyntax 'Not YAML.') } } }
    ) {
        . $Break
        $summary = Invoke-Script Test-ManifestDrift @{ Path = $folder }
        $summary.ExitCode, $summary.Error.Code | Should -Be 2, $Code
    }

    It 'cannot run without its folder' {
        (Invoke-Script Test-ManifestDrift @{ Path = Join-Path $TestDrive none }).Error.Code | Should -Be ManifestNotFound
    }
}

Describe 'Test-ManifestDrift on the emulator' -Tag Kubernetes {
    BeforeAll {
        $emulator = Start-LabEmulator -SetEnvironment
        $null = Deploy-LabManifest -LiteralPath $folder -ErrorAction Stop
    }

    AfterAll { $emulator | Stop-LabEmulator }

    It 'finds none right after deploying' {
        $summary = Invoke-Script Test-ManifestDrift @{ Path = $folder }
        $summary.Status, $summary.Result.Unchanged | Should -Be Succeeded, 3
    }

    It 'finds what somebody changed and removed; with -WhatIf it writes no report; no value of a Secret is in it' {
        $null = "apiVersion: v1`nkind: ConfigMap`nmetadata: { name: theme }`ndata: { colour: light }" | Deploy-LabManifest -Force -FieldManager somebody
        $null = "apiVersion: v1`nkind: Secret`nmetadata: { name: login }`nstringData: { password: cluster-secret }" | Deploy-LabManifest -Force -FieldManager somebody
        Remove-LabManifest -LiteralPath (Join-Path $folder gone.yaml) -Force
        $reports = (Join-Path $TestDrive drift.md), (Join-Path $TestDrive drift.json)
        $null = Invoke-Script Test-ManifestDrift @{ Path = $folder; ReportPath = $reports; WhatIf = $true }
        Test-Path $reports | Should -Be $false, $false
        $summary = Invoke-Script Test-ManifestDrift @{ Path = $folder; ReportPath = $reports }
        $summary.Findings.Target | Sort-Object | Should -Be 'ConfigMap/gone in default', 'ConfigMap/theme in default', 'Secret/login in default'
        "$($summary.Findings.Message)" | Should -Match 'data\.colour: "light" -> "dark"'
        (Get-Content -Raw $reports[1] | ConvertFrom-Json) | Should -HaveCount 3
        Get-Content -Raw $reports[0] | Should -Match '\| Missing \| ConfigMap \| default \| gone \|'
        $said + (Get-Content -Raw $reports) + ($log | ConvertTo-Json -Depth 8) | Should -Not -Match 'cluster-secret|manifest-secret|Y2x1c3Rlci1zZWNyZXQ'
        (Get-LabResource configmap theme).Data.colour | Should -Be light
    }

    It 'ends with its exit code as a process' {
        $null = & $pwsh -NoProfile -NonInteractive -File (Join-Path $runbooks Test-ManifestDrift.ps1) -Path (Join-Path $folder theme.yaml) -StatePath (Join-Path $TestDrive state) 2>&1
        $LASTEXITCODE | Should -Be 1
    }
}
