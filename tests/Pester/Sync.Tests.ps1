#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# Sync-, Copy- and Move-LabObject in the real engine: binding, pipelines, tables, completion, -WhatIf.

Describe 'Synchronizing and copying' -Tag Storage {
    BeforeAll {
        Import-Module (Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1') -Force
        $null = Start-LabEmulator
        $bucket = 'pester-sync'
        $null = New-LabBucket $bucket
        $null = New-LabBucket "$bucket-2"
        function Complete([string] $Line) { (TabExpansion2 $Line $Line.Length).CompletionMatches.CompletionText }
        function Keys([string] $Of = $bucket) { (Get-LabObject $Of).Key }
    }

    AfterAll {
        Stop-LabEmulator
    }

    BeforeEach {
        Push-Location (New-Item -ItemType Directory (Join-Path $TestDrive ([guid]::NewGuid())))
        'data/users.json', 'data/it''s [1].json', 'top.txt' | ForEach-Object {
            $file = New-Item -ItemType File -Force "site/$_" -Value "content of $_"
            $file.LastWriteTime = (Get-Date).AddHours(-1)
        }
    }

    AfterEach {
        Pop-Location
        $bucket, "$bucket-2" | ForEach-Object { Remove-LabObject $_ -Prefix '' -Force }
    }

    Context 'Sync-LabObject' {
        It 'plans with -WhatIf what it would do, and refuses in both what is no file' -Skip:$IsWindows {
            $null = New-Item -ItemType SymbolicLink site/dangling -Target nowhere
            mkfifo site/pipe
            foreach ($whatIf in $true, $false) {
                $plan = Sync-LabObject site "s3://$bucket" -WhatIf:$whatIf -ErrorAction SilentlyContinue -ErrorVariable problems
                $plan.Name | Sort-Object | Should -Be @("data/it's [1].json", 'data/users.json', 'top.txt')
                $problems.FullyQualifiedErrorId | Should -Be @('FileNotFound,CloudLab.Cmdlets.Storage.Sync.SyncLabObjectCommand', 'NotAFile,CloudLab.Cmdlets.Storage.Sync.SyncLabObjectCommand')
            }
        }

        It 'says that a destination of Receive-LabObject is a file' {
            $null = Send-LabObject $bucket site/top.txt
            { Receive-LabObject $bucket top.txt -Destination site/top.txt/ } | Should -Throw '*top.txt'' is a file: name a folder*'
        }

        It 'takes a folder to a bucket and back, relative to the current location, and then does nothing' {
            (Sync-LabObject site "s3://$bucket/web").Action | Should -Be @('Upload', 'Upload', 'Upload')
            Keys | Should -Be @("web/data/it's [1].json", 'web/data/users.json', 'web/top.txt')
            Sync-LabObject ./site/ "s3://$bucket/web/" | Should -BeNullOrEmpty
            Sync-LabObject "s3://$bucket/web" back | Get-Content | Sort-Object |
                Should -Be @("content of data/it's [1].json", 'content of data/users.json', 'content of top.txt')
            Sync-LabObject "s3://$bucket/web" back | Should -BeNullOrEmpty
            (Sync-LabObject "s3://$bucket" "s3://$bucket-2/copy").Action | Should -Be @('Copy', 'Copy', 'Copy')
            (Sync-LabObject site "s3://$bucket/web" -IncludeSkipped).Reason | Should -Be @('Unchanged', 'Unchanged', 'Unchanged')
        }

        It 'plans with -WhatIf and $WhatIfPreference' {
            Set-LabObjectContent $bucket web/old -Value x
            $plan = Sync-LabObject site "s3://$bucket/web" -Delete -WhatIf
            $plan | Group-Object Action -NoElement | Sort-Object Name | ForEach-Object { "$($_.Name) $($_.Count)" } | Should -Be @('Delete 1', 'Upload 3')
            $plan.Done | Should -Not -Contain $true
            & { $WhatIfPreference = $true; Sync-LabObject site "s3://$bucket/web" -Delete } | Should -HaveCount 4
            Keys | Should -Be 'web/old'
        }

        It 'deletes with -Delete, and never with an empty source' {
            Set-LabObjectContent $bucket web/old -Value x
            Set-LabObjectContent $bucket web/old.log -Value x
            (Sync-LabObject site "s3://$bucket/web" -Delete -Exclude *.log | Where-Object Action -EQ Delete).Key | Should -Be 'web/old'
            Keys | Should -Contain 'web/old.log'
            $null = New-Item -ItemType Directory empty
            { Sync-LabObject empty "s3://$bucket/web" -Delete -ErrorAction Stop } | Should -Throw -ErrorId 'SourceIsEmpty*'
            { Sync-LabObject none "s3://$bucket/web" -Delete -Force -ErrorAction Stop } | Should -Throw -ErrorId 'FileNotFound*'
            Keys | Should -HaveCount 4
        }

        It 'does not empty a bucket that an empty variable names' {
            1..12 | ForEach-Object { Set-LabObjectContent $bucket "other/$_" -Value x }
            { Sync-LabObject site "s3://$bucket/$undefined" -Delete -ErrorAction Stop } | Should -Throw -ErrorId 'RemovalNotConfirmed,*'
            (Get-LabObject $bucket -Prefix other/).Count | Should -Be 12
            (Sync-LabObject site "s3://$bucket/$undefined" -Delete -WhatIf | Where-Object Action -EQ Delete).Count | Should -Be 12
            (Sync-LabObject site "s3://$bucket" -Delete -Confirm:$false | Where-Object Action -EQ Delete).Count | Should -Be 12
            1..12 | ForEach-Object { Set-LabObjectContent $bucket "other/$_" -Value x }
            (Sync-LabObject site "s3://$bucket" -Delete -Force | Where-Object Action -EQ Delete).Count | Should -Be 12
        }

        It 'finds a change of the same size in the same second' {
            $null = Sync-LabObject site "s3://$bucket/web"
            $object = Get-LabObject $bucket -Key web/top.txt
            Set-Content site/top.txt 'CONTENT OF top.txt' -NoNewline
            (Get-Item site/top.txt).LastWriteTimeUtc = $object.LastModified.UtcDateTime.AddSeconds(-1)
            Sync-LabObject site "s3://$bucket/web" | ForEach-Object { "$($_.Action) $($_.Name) $($_.Reason)" } | Should -Be 'Upload top.txt ContentDiffers'
            $null = Sync-LabObject "s3://$bucket/web" back
            Set-LabObjectContent $bucket web/top.txt -Value 'content of TOP.txt' -NoNewline
            (Get-Item back/top.txt).LastWriteTimeUtc = (Get-LabObject $bucket -Key web/top.txt).LastModified.UtcDateTime
            Sync-LabObject "s3://$bucket/web" back | ForEach-Object { "$($_.Action) $($_.Name) $($_.Reason)" } | Should -Be 'Download top.txt ContentDiffers'
            Sync-LabObject "s3://$bucket/web" back | Should -BeNullOrEmpty
        }

        It 'leaves alone what is in a folder that -Exclude names' {
            Set-LabObjectContent $bucket web/data/old -Value x
            (Sync-LabObject site "s3://$bucket/web" -Delete -Exclude data).Name | Should -Be 'top.txt'
            Keys | Should -Be 'web/data/old', 'web/top.txt'
        }

        It 'reads the rows of a table' {
            "Source,Destination`nsite/data,s3://$bucket/1`nsite/data,s3://$bucket/2" | ConvertFrom-Csv | Sync-LabObject | Should -HaveCount 4
            Keys | Should -HaveCount 4
        }

        It 'stops with Select-Object -First' {
            Sync-LabObject site "s3://$bucket/web" -ThrottleLimit 1 | Select-Object -First 1 | Should -HaveCount 1
        }

        It 'shows a table' {
            Sync-LabObject site "s3://$bucket" | Out-String -Width 140 | Should -Match 'Action\s+Reason\s+Size\s+Name\s+Destination'
        }
    }

    Context 'Copy-LabObject and Move-LabObject' {
        BeforeEach {
            $null = Sync-LabObject site "s3://$bucket"
        }

        It 'copies by position, prefix and pipeline' {
            (Copy-LabObject $bucket top.txt new.txt).Key | Should -Be 'new.txt'
            (Copy-LabObject $bucket -Prefix data/ -DestinationPrefix old/).Key | Sort-Object | Should -Be @("old/it's [1].json", 'old/users.json')
            (Get-LabObject $bucket -Include users.json -Prefix data/ | Copy-LabObject -DestinationBucket "$bucket-2").Direction | Should -Be 'Copy'
            Keys "$bucket-2" | Should -Be 'data/users.json'
            Get-LabObjectContent $bucket old/users.json | Should -Be 'content of data/users.json'

            # Folders of a listing keep their names: the same names in two of them stay apart.
            $copies = Get-LabObject $bucket -Delimiter / | Where-Object Prefix | Copy-LabObject -DestinationPrefix c/
            $copies.Key | Sort-Object | Should -Be @("c/data/it's [1].json", 'c/data/users.json', "c/old/it's [1].json", 'c/old/users.json')
        }

        It 'changes metadata in place' {
            $null = Copy-LabObject $bucket top.txt top.txt -Metadata @{ author = 'me' } -ContentType text/markdown
            $changed = Get-LabObject $bucket -Key top.txt
            $changed.ContentType | Should -Be 'text/markdown'
            $changed.Metadata['author'] | Should -Be 'me'
            { Copy-LabObject $bucket top.txt top.txt -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidRequest*'
        }

        It 'moves, and names both ends with -WhatIf' {
            Move-LabObject $bucket -Prefix data/ -DestinationPrefix d/ -WhatIf | Should -BeNullOrEmpty
            Get-LabObject $bucket -Prefix data/ | Move-LabObject -DestinationBucket "$bucket-2" | Should -HaveCount 2
            Keys | Should -Be 'top.txt'
            Keys "$bucket-2" | Should -Be @("data/it's [1].json", 'data/users.json')
            { Move-LabObject $bucket top.txt top.txt -ErrorAction Stop } | Should -Throw -ErrorId 'SameObject*'
            Keys | Should -Be 'top.txt'
        }

        It 'refuses two ways to name the new key' {
            { Copy-LabObject $bucket top.txt -DestinationKey a -DestinationPrefix b } | Should -Throw -ErrorId 'AmbiguousParameterSet*'
            { Move-LabObject $bucket top.txt, x -DestinationKey a -ErrorAction Stop } | Should -Throw -ErrorId 'OneKey*'
        }
    }

    Context 'completion' {
        It 'offers places, and paths where there is no s3://' {
            $null = Sync-LabObject site "s3://$bucket"
            Complete 'Sync-LabObject s3://pester-sy' | Should -Be @("s3://$bucket/", "s3://$bucket-2/")
            Complete "Sync-LabObject site s3://$bucket/" | Should -Be "s3://$bucket/data/"
            Complete 'Sync-LabObject ./si' | Should -BeLike '*site'
            Complete "Copy-LabObject $bucket -Key top.txt -DestinationBucket $bucket-2 -DestinationKey " | Should -Not -Contain 'top.txt'
        }
    }

    Context 'help' {
        It 'has a synopsis and examples for <_>' -ForEach 'Sync-LabObject', 'Copy-LabObject', 'Move-LabObject' {
            $help = Get-Help $_ -Full
            $help.Synopsis | Should -Not -BeNullOrEmpty
            @($help.examples.example).Count | Should -BeGreaterOrEqual 2
        }
    }
}
