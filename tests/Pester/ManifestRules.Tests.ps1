#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# Rules of Test-LabManifest that look across objects, in the real engine. No cluster is needed.

BeforeAll {
    $root = Split-Path (Split-Path $PSScriptRoot)
    Import-Module (Join-Path $root 'out/CloudLab/CloudLab.psd1')
    $cases = Join-Path $root 'tests/CloudLab.Tests/Kubernetes/Review/Manifests/cases'
}

Describe 'Test-LabManifest' -Tag Kubernetes {
    It 'finds <Rule> in one file and nothing in its repaired twin' -ForEach @(
        @{ Rule = 'TargetPortUnknown'; Severity = 'Medium'; Says = '*sends to port 80, and the containers of Deployment web declare 8080 (http).' }
        @{ Rule = 'HpaRequestMissing'; Severity = 'High'; Says = '*container web of Deployment web has no request of cpu.' }
        @{ Rule = 'PdbBlocksDrain'; Severity = 'High'; Says = 'maxUnavailable is 0.' }
        @{ Rule = 'CronJobNeverFires'; Severity = 'High'; Says = '*no date within five years matches*' }
    ) {
        $found = Test-LabManifest (Join-Path $cases "$Rule.yaml") -Offline
        $found | Should -HaveCount 1
        $found.Rule | Should -Be $Rule
        $found.Severity | Should -Be $Severity
        $found.Message | Should -BeLike $Says
        $found.Action | Should -Not -BeNullOrEmpty
        Test-LabManifest (Join-Path $cases "$Rule.fixed.yaml") -Offline | Should -BeNullOrEmpty
    }

    It 'looks across files of a folder' {
        $folder = New-Item -ItemType Directory (Join-Path $TestDrive apart)
        $service, $workload = (Get-Content -Raw (Join-Path $cases 'ServiceSelectsNothing.yaml')) -split '(?m)^---\n'
        Set-Content (Join-Path $folder service.yaml) $service
        Set-Content (Join-Path $folder workload.yaml) $workload
        $found = Test-LabManifest $folder -Offline
        $found.Rule | Should -Be ServiceSelectsNothing
        Split-Path -Leaf $found.File | Should -Be service.yaml
        Test-LabManifest (Join-Path $folder service.yaml) -Offline | Should -BeNullOrEmpty -Because 'a Service alone may select anything'
    }

    It 'does not show a secret that it finds' {
        $found = Test-LabManifest (Join-Path $cases 'SecretInEnvironment.yaml') -Offline
        $found.Rule | Should -Be SecretInEnvironment
        $found | Format-List * | Out-String | Should -Not -Match hunter2
    }

    It 'looks for an optional rule only where it is named' {
        $file = Join-Path $cases 'PdbBlocksDrain.fixed.yaml'
        (Test-LabManifest $file -Offline -Rule LivenessProbeMissing).Rule | Should -Be LivenessProbeMissing
    }
}
