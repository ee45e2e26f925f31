#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# The storage cmdlets in the real engine: binding, pipelines, tables, completion, -WhatIf.

Describe 'Storage' -Tag Storage {
    BeforeAll {
        Import-Module (Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1') -Force
        $null = Start-LabEmulator
        $bucket = 'pester-storage'
        $null = New-LabBucket $bucket
        function Complete([string] $Line) { (TabExpansion2 $Line $Line.Length).CompletionMatches.CompletionText }
    }

    AfterAll {
        Stop-LabEmulator
    }

    BeforeEach {
        Push-Location (New-Item -ItemType Directory (Join-Path $TestDrive ([guid]::NewGuid())))
        'data/users.json', 'data/movies.json', 'data/it''s [1].json', 'top.txt' |
            ForEach-Object { Set-LabObjectContent $bucket $_ -Value "content of $_" }
    }

    AfterEach {
        Pop-Location
        Remove-LabObject $bucket -Prefix '' -Force
    }

    Context 'pipeline' {
        It 'goes from a listing to files to content' {
            # Downloads run side by side, so they come out in any order.
            Get-LabObject $bucket -Prefix data/ | Receive-LabObject -Destination out | Get-Content | Sort-Object |
                Should -Be @("content of data/it's [1].json", 'content of data/movies.json', 'content of data/users.json')
        }

        It 'goes from Get-ChildItem to objects and keeps the folders' {
            $null = New-Item -ItemType File -Force site/index.html, 'site/[x]/a.css'
            (Get-ChildItem site -Recurse | Send-LabObject $bucket -Prefix web/).Key | Sort-Object |
                Should -Be @('web/[x]/a.css', 'web/index.html')
        }

        It 'sends of a listed folder what the listing names' {
            $null = New-Item -ItemType File -Force site/index.html, site/root.key, site/css/a.css, site/css/a.key, site/css/deep/b.css, site/secret/only.key
            $warnings = @()
            (Get-ChildItem site -Recurse -Exclude *.key | Send-LabObject $bucket -Prefix web/ -WarningVariable warnings -WarningAction SilentlyContinue).Key |
                Sort-Object | Should -Be @('web/css/a.css', 'web/css/deep/b.css', 'web/index.html')
            "$warnings" | Should -BeLike "*secret' is skipped*"
            (Get-ChildItem site -Recurse | Where-Object Name -NotLike *.css | Send-LabObject $bucket -Prefix rest/ -Exclude secret).Key |
                Sort-Object | Should -Be @('rest/css/a.key', 'rest/index.html', 'rest/root.key')
            # What is in a folder may come before it.
            (Get-ChildItem site -Recurse -Exclude *.key | Sort-Object FullName -Descending | Send-LabObject $bucket -Prefix back/ -WarningAction SilentlyContinue).Key |
                Should -Not -BeLike '*.key'
            (Get-ChildItem site | Send-LabObject $bucket -Prefix all/).Count | Should -Be 6
            (Get-Item site | Send-LabObject $bucket -Prefix one/ -Include *.css).Key | Sort-Object | Should -Be @('one/site/css/a.css', 'one/site/css/deep/b.css')
            (Send-LabObject $bucket site -Prefix named/ -Exclude *.key, deep).Key | Sort-Object | Should -Be @('named/css/a.css', 'named/index.html')
        }

        It 'writes one version into one file' {
            Set-LabBucketVersioning $bucket -Status Enabled
            try {
                1..4 | ForEach-Object { Set-LabObjectContent $bucket v -Value "version $_" -NoNewline }
                $problems = @()
                Get-LabObject $bucket -Prefix v -Versions | Receive-LabObject -ErrorVariable problems -ErrorAction SilentlyContinue | Should -HaveCount 1
                $problems | Should -HaveCount 3
                $problems[0].FullyQualifiedErrorId | Should -BeLike 'DuplicateFile,*'
                Get-Content v | Should -Be 'version 4'
            }
            finally {
                Get-LabObject $bucket -Versions | Remove-LabObject -Force
                Set-LabBucketVersioning $bucket -Status Suspended
            }
        }

        It 'deletes a version that comes from a CSV file, not the object' {
            Set-LabBucketVersioning $bucket -Status Enabled
            try {
                1..2 | ForEach-Object { Set-LabObjectContent $bucket csv -Value "version $_" -NoNewline }
                Get-LabObject $bucket -Prefix csv -Versions | Where-Object -Not IsLatest | ConvertTo-Csv | ConvertFrom-Csv | Remove-LabObject -Force
                Get-LabObject $bucket -Prefix csv -Versions | Should -HaveCount 1
                Get-LabObjectContent $bucket csv | Should -Be 'version 2'
            }
            finally {
                Get-LabObject $bucket -Prefix csv -Versions | Remove-LabObject -Force
                Set-LabBucketVersioning $bucket -Status Suspended
            }
        }

        It 'refuses -IsLatest as a filter, which would take the latest version too' {
            { Get-LabObject $bucket -Versions | Remove-LabObject -IsLatest $false -Force } | Should -Throw -ErrorId 'NotAFilter,*'
        }

        It 'goes from buckets to objects' {
            (Get-LabBucket pester-* | Get-LabObject -Prefix top).Key | Should -Be 'top.txt'
            (Get-LabObject $bucket -Delimiter / | Where-Object Prefix | Get-LabObject).Count | Should -Be 3
        }

        It 'sorts by key when nothing else is asked for, and knows the names of file objects' {
            (Get-LabObject $bucket | Sort-Object -Descending).Key | Should -Be @('top.txt', 'data/users.json', 'data/movies.json', "data/it's [1].json")
            (Get-LabObject $bucket | Measure-Object Length -Sum).Sum | Should -Be ((Get-LabObject $bucket | Measure-Object Size -Sum).Sum)
            (Get-LabObject $bucket -Key top.txt).Length | Should -Be 19
        }

        It 'takes whole names as text, one after another' {
            "s3://$bucket/top.txt", "s3://$bucket/data/users.json" | Get-LabObjectContent | Should -Be 'content of top.txt', 'content of data/users.json'
            "s3://$bucket/top.txt" | Receive-LabObject -Destination out | Get-Content | Should -Be 'content of top.txt'
            ($bucket | Get-LabObject).Count | Should -Be 4
            "s3://$bucket/top.txt", $bucket | Remove-LabObject -Force -ErrorAction SilentlyContinue -ErrorVariable problems
            $problems[0].FullyQualifiedErrorId | Should -BeLike 'NoBucket,*'
            Get-LabObject $bucket | Select-Object -ExpandProperty Key | Should -Not -Contain 'top.txt'
        }

        It 'says what to do about a blank line among keys, and goes on' {
            $found = 'top.txt', '', 'data/users.json' | Get-LabObject $bucket -ErrorAction SilentlyContinue -ErrorVariable problems
            $found.Key | Sort-Object | Should -Be 'data/users.json', 'top.txt'
            "$problems" | Should -BeLike '*A blank line is not a key*Where-Object*'
        }

        It 'stops with Select-Object -First' {
            Get-LabObject $bucket -PageSize 1 | Select-Object -First 2 | Should -HaveCount 2
            'a', 'b', 'c' | Set-LabObjectContent $bucket lines
            Get-LabObjectContent $bucket lines | Select-Object -First 1 | Should -Be 'a'
        }

        It 'takes text, numbers and bytes as content' {
            1..3 | Set-LabObjectContent $bucket n
            Get-LabObjectContent $bucket n | Should -Be @('1', '2', '3')
            Set-LabObjectContent $bucket b -Value ([byte[]](0, 255, 10))
            Get-LabObjectContent $bucket b -AsByteStream | Should -Be @(0, 255, 10)
            @{ a = 1 } | ConvertTo-Json | Set-LabObjectContent $bucket j.json -PassThru | ForEach-Object Size | Should -BeGreaterThan 5
            (Get-LabObjectContent $bucket j.json -Raw | ConvertFrom-Json).a | Should -Be 1
        }

        It 'waits and passes the object on' {
            Wait-LabObject $bucket top.txt -Timeout 5 | Get-LabObjectContent | Should -Be 'content of top.txt'
            { Wait-LabObject $bucket none -Timeout 0.2 -ErrorAction Stop } | Should -Throw -ErrorId 'WaitTimeout*'
        }
    }

    Context 'binding' {
        It 'takes <Name> with its defaults' -ForEach @(
            @{ Name = 'Get-LabBucket'; Sets = 1 }, @{ Name = 'New-LabBucket'; Sets = 1 }, @{ Name = 'Remove-LabBucket'; Sets = 1 }
            @{ Name = 'Test-LabBucket'; Sets = 1 }, @{ Name = 'Wait-LabBucket'; Sets = 3 }, @{ Name = 'Wait-LabObject'; Sets = 3 }
            @{ Name = 'Get-LabObject'; Sets = 2 }, @{ Name = 'Send-LabObject'; Sets = 3 }, @{ Name = 'Receive-LabObject'; Sets = 3 }
            @{ Name = 'Remove-LabObject'; Sets = 2 }, @{ Name = 'Get-LabObjectContent'; Sets = 1 }, @{ Name = 'Set-LabObjectContent'; Sets = 1 }
        ) {
            $command = Get-Command $Name
            $command.ParameterSets | Should -HaveCount $Sets
            $command.Parameters.Keys | Should -Contain 'Bucket'
        }

        It 'reads a number as seconds and text as a time span' {
            Wait-LabBucket $bucket -Timeout 5 -PollInterval 0.5 | Should -Not -BeNullOrEmpty
            Wait-LabBucket $bucket -Timeout 00:00:05 | Should -Not -BeNullOrEmpty
            Wait-LabBucket $bucket -Timeout ([timespan]::FromSeconds(5)) | Should -Not -BeNullOrEmpty
        }

        It 'refuses nonsense before anything is sent' {
            { Get-LabObject $bucket -PageSize 1001 } | Should -Throw -ErrorId 'ParameterArgumentValidationError*'
            { Get-LabObject $bucket -Key a -Prefix b } | Should -Throw -ErrorId 'AmbiguousParameterSet*'
            { New-LabBucket 'No Such Name' -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidBucketName*'
        }
    }

    Context 'safety' {
        It 'changes nothing with -WhatIf or $WhatIfPreference, even with -Force' {
            Remove-LabBucket $bucket -Force -WhatIf
            & { $WhatIfPreference = $true; Remove-LabObject $bucket -Prefix '' -Force }
            Get-LabObject $bucket | Should -HaveCount 4
        }

        It 'reports one bad item and goes on with the others' {
            Get-LabObject $bucket -Key top.txt, none -ErrorAction SilentlyContinue -ErrorVariable problems | Should -HaveCount 1
            $problems | Should -HaveCount 1
            $problems[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
            $problems[0].TargetObject | Should -Be "s3://$bucket/none"
        }

        It 'says so where the location is no folder of the file system' {
            $null = New-PSDrive -PSProvider LabS3 -Name away -Root $bucket -Scope Global
            try {
                Push-Location away:/
                foreach ($command in { Receive-LabObject $bucket top.txt -Destination x }, { Send-LabObject $bucket top.txt -ErrorAction Stop }, { Sync-LabObject "s3://$bucket/data" x }) {
                    $command | Should -Throw '*provider LabS3*Set-Location*' -ErrorId 'NoFilePath,*'
                }
            } finally {
                Pop-Location
                Remove-PSDrive away
            }
        }

        It 'names what a second value may be meant for' {
            { Receive-LabObject "s3://$bucket/top.txt" file -ErrorAction Stop } | Should -Throw "*-OutFile 'file'*-Destination 'file'*" -ErrorId 'TwoKeys,*'
            { Receive-LabObject "s3://$bucket/data/" folder -ErrorAction Stop } |
                Should -Throw "*Receive-LabObject $bucket -Prefix 'data/' -Destination 'folder'*" -ErrorId 'TwoKeys,*'
            { Copy-LabObject "s3://$bucket/top.txt" s3://other/new.txt -ErrorAction Stop } |
                Should -Throw "*-DestinationBucket 'other' -DestinationKey 'new.txt'*" -ErrorId 'TwoKeys,*'
            { Copy-LabObject "s3://$bucket/top.txt" s3://other/new/ -ErrorAction Stop } |
                Should -Throw "*-DestinationBucket 'other' -DestinationPrefix 'new/'*" -ErrorId 'TwoKeys,*'
            { Send-LabObject top.txt "s3://$bucket/new/" -ErrorAction Stop } |
                Should -Throw "*Send-LabObject '$bucket' 'top.txt' -Prefix 'new/'*" -ErrorId 'BucketIsFirst,*'
        }

        It 'says that a file is missing, wherever one stands and whatever the bucket is' {
            foreach ($to in $bucket, 'arn:aws:s3:us-east-1:123456789012:accesspoint/x') {
                { Send-LabObject $to (Join-Path $TestDrive none) -ErrorAction Stop } | Should -Throw '*none* does not exist.' -ErrorId 'FileNotFound,*'
            }
            $null = New-PSDrive -PSProvider LabS3 -Name away -Root $bucket -Scope Global
            try {
                Push-Location away:/
                { Send-LabObject $bucket (Join-Path $TestDrive none) -ErrorAction Stop } | Should -Throw -ErrorId 'FileNotFound,*'
            } finally {
                Pop-Location
                Remove-PSDrive away
            }
            Set-Content here.txt x
            $problem = { Send-LabObject here.txt $bucket -ErrorAction Stop } | Should -Throw -ErrorId 'FileNotFound,*' -PassThru
            $problem.ErrorDetails.RecommendedAction | Should -BeLike "*'here.txt' is a file here*"
        }

        It 'quotes names in the command that it advises' {
            { Copy-LabObject "s3://$bucket/top.txt" "s3://other/it's/" -ErrorAction Stop } | Should -Throw "*-DestinationPrefix 'it''s/'*" -ErrorId 'TwoKeys,*'
        }

        It 'says what a name may be meant for that is no key and no bucket' {
            foreach ($command in { Get-LabObject $bucket -Key 'data/*' -ErrorAction Stop }, { Get-LabObjectContent $bucket 'data/*' -ErrorAction Stop }, { Copy-LabObject $bucket 'data/*' copy -ErrorAction Stop }) {
                $problem = $command | Should -Throw -ErrorId 'NoSuchKey,*' -PassThru
                $problem.ErrorDetails.RecommendedAction | Should -BeLike "*Get-LabObject $bucket -Include 'data/``*' |*"
            }
            $problem = { "s3://$bucket/data/" | Receive-LabObject -ErrorAction Stop } | Should -Throw -ErrorId 'NoSuchKey,*' -PassThru
            $problem.ErrorDetails.RecommendedAction | Should -BeLike "*-Prefix 'data/'*"
            { Get-LabObject "$bucket/data" -ErrorAction Stop } | Should -Throw '*s3://bucket/key*' -ErrorId 'InvalidBucketName,*'
            { Get-LabObject 'pester*' -ErrorAction Stop } | Should -Throw '*Get-LabBucket*' -ErrorId 'InvalidBucketName,*'
        }

        It 'never leaves the destination' {
            Set-LabObjectContent $bucket '../evil' -Value x
            Receive-LabObject $bucket '../evil' -Destination out -ErrorAction SilentlyContinue -ErrorVariable problems
            $problems.FullyQualifiedErrorId | Should -BeLike 'UnsafeKey,*'
            Test-Path evil | Should -BeFalse
        }
    }

    Context 'display' {
        It 'shows tables' {
            (Get-LabObject $bucket | Out-String -Width 100) -split '\r?\n' | Where-Object { $_ -match '^LastModified\s+Size\s+Key' } | Should -HaveCount 1
            Get-LabBucket | Out-String -Width 100 | Should -Match 'Bucket\s+Region\s+CreationDate'
            Send-LabObject $bucket -LiteralPath (New-Item f.txt -Value abc) | Out-String -Width 120 | Should -Match 'Size\s+VerifiedBy\s+Source\s+Destination'
        }
    }

    Context 'completion' {
        It 'offers buckets' {
            Complete 'Get-LabObject -Bucket pester-s' | Should -Be $bucket
        }

        It 'offers keys one level at a time, quoted where need be' {
            Complete "Get-LabObject $bucket -Prefix d" | Should -Be 'data/'
            Complete "Get-LabObjectContent $bucket -Key " | Should -Be @('data/', 'top.txt')
            Complete "Get-LabObjectContent $bucket -Key data/i" | Should -Be "'data/it''s [1].json'"
        }

        It 'offers whole names' {
            Complete 'Get-LabObject s3://pester-st' | Should -Be 's3://pester-storage/'
            Complete 'Receive-LabObject s3://pester-storage/' | Should -Be 's3://pester-storage/data/', 's3://pester-storage/top.txt'
            Complete 'Measure-LabBucket S3://pester-storage/da' | Should -Be 's3://pester-storage/data/'
            Complete 'Get-LabObject s3://pester-storage -Prefix da' | Should -Be 'data/'
        }

        It 'gives up silently where nothing answers' {
            Complete "Get-LabObject -Session (Get-LabSession) -EndpointUrl http://127.0.0.1:1 -Bucket x" | Should -Not -Contain $bucket
        }
    }

    Context 'help' {
        It 'has a synopsis and examples for <_>' -ForEach 'Get-LabObject', 'Send-LabObject', 'Receive-LabObject', 'Remove-LabBucket' {
            $help = Get-Help $_ -Full
            $help.Synopsis | Should -Not -BeNullOrEmpty
            @($help.examples.example).Count | Should -BeGreaterOrEqual 2
        }
    }
}
