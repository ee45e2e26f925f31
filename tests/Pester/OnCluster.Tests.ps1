#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# Copies and deletions that a cluster does: binding, -WhatIf, tables, completion, pipelines. No pod of the emulator does any work.

Describe 'Transfer jobs' -Tag Storage {
    BeforeAll {
        Import-Module (Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1') -Force
        $null = Start-LabEmulator
        $null = New-LabBucket pester-from
        $null = New-LabBucket pester-to
        1..20 | ForEach-Object { Set-LabObjectContent pester-from "data/$_" -Value $_ }
        $null = @'
apiVersion: v1
kind: Secret
metadata: {name: s3-keys}
stringData: {AWS_ACCESS_KEY_ID: a, AWS_SECRET_ACCESS_KEY: b}
'@ | Deploy-LabManifest
        function Complete([string] $Line) { (TabExpansion2 $Line $Line.Length).CompletionMatches.CompletionText }
    }

    AfterAll {
        Stop-LabEmulator
    }

    It 'shows the plan with -WhatIf, as a table and as objects' {
        $plan = Copy-LabObject pester-from -Prefix data/ -DestinationBucket pester-to -OnCluster -WhatIf
        $plan.State | Should -Be Planned
        $plan.EstimatedObjects | Should -Be 20
        $plan.Ranges.Count | Should -Be $plan.RangeCount
        ($plan | Out-String -Width 100) | Should -Match '~20'
        ($plan | ConvertTo-Json -Depth 4 | ConvertFrom-Json).Ranges[0].EstimatedObjects | Should -Be 20
        Get-LabTransferJob | Should -BeNullOrEmpty
    }

    It 'starts a job that Get, Wait and Stop take from the pipeline, and completes its name' {
        $job = Copy-LabObject pester-from -Prefix data/ -DestinationBucket pester-to -OnCluster -CredentialSecret s3-keys -JobName pester-copy -NoWait
        $job.Name | Should -Be pester-copy
        foreach ($command in 'Get', 'Wait', 'Stop') {
            Complete "$command-LabTransferJob pes" | Should -Be pester-copy
        }

        ($job | Get-LabTransferJob | Out-String -Width 100) | Should -Match 'pester-copy'
        $job | Stop-LabTransferJob -WhatIf
        $job | Stop-LabTransferJob -Remove
        Get-LabTransferJob | Should -BeNullOrEmpty
    }

    It 'deletes only what is confirmed' {
        Remove-LabObject pester-from -Prefix data/ -OnCluster -CredentialSecret s3-keys -WhatIf | ForEach-Object State | Should -Be Planned
        (Get-LabObject pester-from).Count | Should -Be 20
    }

    It 'runs a range by hand' {
        Copy-LabObject pester-from -Prefix data/ -DestinationBucket pester-to -OnCluster -CredentialSecret s3-keys -JobName pester-range -NoWait | Out-Null
        $plan = Join-Path $TestDrive plan.json
        (Get-LabResource ConfigMap pester-range).Data['plan.json'] | Set-Content $plan
        $range = Invoke-LabTransferRange $plan -Index 0
        $range.State, $range.Objects, $range.Failed | Should -Be 'Done', 20, 0
        (Get-LabObject pester-to -Exclude '.cloudlab-transfer/').Count | Should -Be 20
        Stop-LabTransferJob pester-range -Remove
        (Get-LabObject pester-to).Count | Should -Be 20
    }

    It 'says which parameter needs -OnCluster' {
        { Copy-LabObject pester-from -Prefix data/ -DestinationBucket pester-to -Parallelism 2 } | Should -Throw -ErrorId 'OnClusterOnly*'
        { Copy-LabObject pester-from -Prefix data/ -DestinationBucket pester-to -OnCluster -IfMatch x } | Should -Throw -ErrorId 'NotOnCluster*'
    }
}
