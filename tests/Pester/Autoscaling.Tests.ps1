#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# The autoscaling cmdlets in the real engine.

BeforeAll {
    Import-Module (Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1')
}

Describe 'Measure-HpaReplicas' -Tag Autoscaling {
    It 'gives 12 for 5 replicas at 120 against 50, and says why' {
        $decision = Measure-HpaReplicas -CurrentReplicas 5 -CurrentValue 120 -TargetValue 50
        $decision.DesiredReplicas | Should -Be 12
        $decision.Reason | Should -Be '120 is 2.4 times the target of 50: ceil(5 x 2.4) = 12 replicas.'
    }

    It 'takes inputs by property name and keeps their order' {
        $loads = 40, 50, 54, 60, 90 | ForEach-Object { [pscustomobject]@{ CurrentValue = $_ } }
        ($loads | Measure-HpaReplicas -CurrentReplicas 4 -TargetValue 50).DesiredReplicas | Should -Be 4, 4, 4, 5, 8
    }

    It 'refuses a target of <_> and ends' -ForEach 0, -1, ([double]::NaN), ([double]::PositiveInfinity) {
        { Measure-HpaReplicas 5 120 $_ } | Should -Throw -ErrorId 'InvalidTargetValue,CloudLab.Cmdlets.Autoscaling.Hpa.MeasureHpaReplicasCommand'
    }

    It 'reports a bad input from the pipeline and goes on' {
        $found = 1, -1, 2 | ForEach-Object { [pscustomobject]@{ CurrentReplicas = $_ } } |
            Measure-HpaReplicas -CurrentValue 120 -TargetValue 50 -ErrorVariable problems -ErrorAction SilentlyContinue
        $found.DesiredReplicas | Should -Be 3, 5
        $problems | Should -HaveCount 1
    }

    It 'shows a table' {
        $table = Measure-HpaReplicas 5 120 50 -MaxReplicas 10 | Out-String -Width 100
        $table | Should -Match 'CurrentReplicas\s+DesiredReplicas\s+LimitedBy\s+Reason'
        $table | Should -Match '5\s+10\s+MaxReplicas'
    }
}
