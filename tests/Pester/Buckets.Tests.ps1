#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# Buckets and their configurations in the real engine: binding from the pipeline, hashtables, tables, completion, -WhatIf.

Describe 'Buckets' -Tag Storage {
    BeforeAll {
        Import-Module (Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1') -Force
        $null = Start-LabEmulator
        function Complete([string] $Line) { (TabExpansion2 $Line $Line.Length).CompletionMatches.CompletionText }
    }

    AfterAll {
        Stop-LabEmulator
    }

    BeforeEach {
        $a = "pester-$([guid]::NewGuid().ToString('N').Substring(0, 10))"
        $b = "$a-b"
        $null = New-LabBucket $a, $b
    }

    AfterEach {
        Remove-LabBucket $a, $b -Force
    }

    Context 'pipeline' {
        It 'takes what Get-LabBucket<Noun> writes' -ForEach @(
            @{ Noun = 'Cors'; Set = { Set-LabBucketCors $a -Origin https://movies.example -Method GET, HEAD; Set-LabBucketCors $a -Id up -Origin * -Method PUT } }
            @{ Noun = 'Lifecycle'; Set = { Set-LabBucketLifecycle $a logs/ -ExpireAfterDays 30 -ArchiveAfterDays 7 -Tag @{ kind = 'draft' }; Set-LabBucketLifecycle $a -AbortUploadsAfterDays 2 } }
            @{ Noun = 'Website'; Set = { Set-LabBucketWebsite $a index.html 404.html -RoutingRule @{ KeyPrefix = 'old/'; ReplaceKeyPrefixWith = 'new/' } } }
            @{ Noun = 'PublicAccessBlock'; Set = { Set-LabBucketPublicAccessBlock $a -BlockPublicPolicy $false } }
            @{ Noun = 'Encryption'; Set = { Set-LabBucketEncryption $a -KmsKeyId alias/movies -BucketKey } }
            @{ Noun = 'Tag'; Set = { Set-LabBucketTag $a @{ team = 'film'; cost = 42 } } }
            @{ Noun = 'Versioning'; Set = { Set-LabBucketVersioning $a Enabled } }
        ) {
            & $Set
            & "Get-LabBucket$Noun" $a | & "Set-LabBucket$Noun" -Bucket $b
            $copy = & "Get-LabBucket$Noun" $b
            ($copy | Select-Object * -ExcludeProperty Bucket | ConvertTo-Json -Depth 4) |
                Should -Be (& "Get-LabBucket$Noun" $a | Select-Object * -ExcludeProperty Bucket | ConvertTo-Json -Depth 4)
            $copy.Bucket | Select-Object -Unique | Should -Be $b
        }

        It 'removes what <Set> sets, and nothing once more' -ForEach @(
            @{ Set = { Set-LabBucketWebsite $a index.html }; Get = { Get-LabBucketWebsite $a -ErrorAction SilentlyContinue }; Remove = { Remove-LabBucketWebsite $a -Force } }
            @{ Set = { Set-LabBucketPublicAccessBlock $a }; Get = { Get-LabBucketPublicAccessBlock $a -ErrorAction SilentlyContinue }; Remove = { Remove-LabBucketPublicAccessBlock $a -Force } }
            @{ Set = { Set-LabBucketEncryption $a -KmsKeyId alias/movies }; Get = { Get-LabBucketEncryption $a -ErrorAction SilentlyContinue }; Remove = { Remove-LabBucketEncryption $a -Force } }
        ) {
            & $Set
            & $Get | Should -Not -BeNullOrEmpty
            & $Remove
            $left = & $Get
            # Only of encryption has a bucket without a setting of its own the service's default.
            if ($left) {
                $left.GetType().Name | Should -Be 'LabBucketEncryption'
                $left.KmsKeyId | Should -BeNullOrEmpty
            }
            { & $Remove } | Should -Not -Throw
        }

        It 'removes the rules it is given and keeps the others' {
            Set-LabBucketCors $a -Origin https://one.example
            Set-LabBucketCors $a -Origin https://two.example
            Get-LabBucketCors $a | Where-Object Origin -Contains 'https://one.example' | Remove-LabBucketCors -Force
            (Get-LabBucketCors $a).Id | Should -Be 'https://two.example'
        }

        It 'goes from buckets to configurations, one error for each that has none' {
            Set-LabBucketTag $a @{ team = 'film' }
            $found = Get-LabBucket "$a*" | Get-LabBucketTag -ErrorAction SilentlyContinue -ErrorVariable problems
            $found.Tag.team | Should -Be 'film'
            $problems | Should -HaveCount 1
            $problems[0].FullyQualifiedErrorId | Should -BeLike 'NoSuchTagSet,*'
            $problems[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
            $problems[0].TargetObject | Should -Be $b
            (Get-LabBucketTag "$a*" -ErrorAction Stop).Bucket | Should -Be $a
        }

        It 'copies a policy with another name in it' {
            Set-LabBucketPolicy $a (New-LabPolicyDocument s3:GetObject "s3://$a/*" -Principal *)
            (Get-LabBucketPolicy $a).Policy -replace "s3:::$a", "s3:::$b" | ForEach-Object { Set-LabBucketPolicy $b $_ }
            (Get-LabBucketPolicy $b).Statement[0].Resource | Should -Be "arn:aws:s3:::$b/*"
            "$((Get-LabBucketPolicy $b).Statement[0].Principal)" | Should -Be '*'
        }

        It 'takes a policy as hashtable, object, text and file' {
            $policy = @{ Version = '2012-10-17'; Statement = @{ Effect = 'Allow'; Principal = '*'; Action = 's3:GetObject'; Resource = "arn:aws:s3:::$a/*" } }
            $json = $policy | ConvertTo-Json
            Set-Content (Join-Path $TestDrive policy.json) $json
            foreach ($given in $policy, $json, ($json | ConvertFrom-Json), (Join-Path $TestDrive policy.json), (Get-Item (Join-Path $TestDrive policy.json))) {
                Remove-LabBucketPolicy $a -Force
                (Set-LabBucketPolicy $a $given -PassThru).Statement.Action | Should -Be 's3:GetObject'
            }
        }

        It 'counts what is in buckets' {
            Set-LabObjectContent $a k -Value 'x' -NoNewline
            $usage = Get-LabBucket "$a*" -IncludeSize | Sort-Object Size -Descending
            $usage[0].Bucket, $usage[0].ObjectCount, $usage[0].Size, "$($usage[0].Versioning)" | Should -Be $a, 1, 1, 'Off'
            $usage | Out-String -Width 120 | Should -Match 'Bucket\s+ObjectCount\s+Size\s+NoncurrentSize'
        }
    }

    Context 'binding' {
        It 'takes rules as hashtables' {
            Set-LabBucketLifecycle $a -Rule @{ Id = 'age'; Prefix = 'a/'; Transition = @{ AfterDays = 30; StorageClass = 'STANDARD_IA' }, @{ AfterDays = 90; StorageClass = 'GLACIER' } }, @{ Id = 'tidy'; AbortUploadsAfterDays = 1 }
            $rules = Get-LabBucketLifecycle $a | Sort-Object Id
            $rules.Id | Should -Be 'age', 'tidy'
            $rules[0].Transition.StorageClass | Should -Be 'STANDARD_IA', 'GLACIER'
        }

        It 'restores rules from a file' {
            Set-LabBucketLifecycle $a logs/ -ExpireAfterDays 30 -ArchiveAfterDays 7 -Tag @{ kind = 'draft' }
            Set-LabBucketCors $a -Origin https://movies.example -MaxAgeSeconds 5
            foreach ($noun in 'Lifecycle', 'Cors') {
                $json = & "Get-LabBucket$noun" $a | ConvertTo-Json -Depth 4
                $json | ConvertFrom-Json -AsHashtable | & "Set-LabBucket$noun" -Bucket $b
                & "Get-LabBucket$noun" $b | ConvertTo-Json -Depth 4 | Should -Be $json.Replace("`"$a`"", "`"$b`"")
            }
        }

        It 'refuses nonsense before anything is sent' {
            { Set-LabBucketEncryption $a -Algorithm rot13 } | Should -Throw -ErrorId 'ParameterArgumentValidationError*'
            { Set-LabBucketCors $a -Origin * -Method PATCH } | Should -Throw -ErrorId 'ParameterArgumentValidationError*'
            { Set-LabBucketCors $a -Origin * -Rule @{ Origin = '*' } } | Should -Throw -ErrorId 'AmbiguousParameterSet*'
            { Set-LabBucketLifecycle $a -ExpireAfterDays 0 } | Should -Throw -ErrorId 'ParameterArgumentValidationError*'
            { Set-LabBucketLifecycle $a -Id x -ErrorAction Stop } | Should -Throw -ErrorId 'RuleInvalid*'
            { Set-LabBucketWebsite $a -ErrorAction Stop } | Should -Throw -ErrorId 'WebsiteInvalid*'
            { Set-LabBucketVersioning $a Perhaps } | Should -Throw -ErrorId 'CannotConvertArgumentNoMessage*'
            { Set-LabBucketPolicy $a '{ "Version": }' } | Should -Throw -ExpectedMessage '*line 1, column 14*'
            { New-LabBucket "$a-c" -Tag @{ 'aws:x' = 1 } -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidTag*'
            Test-LabBucket "$a-c" | Should -BeFalse
        }

        It 'takes several buckets by name' {
            $a, $b | Set-LabBucketTag -Tag @{ x = 1 }
            (Get-LabBucketTag $a, $b).Bucket | Sort-Object | Should -Be @($a, $b)
            $a, $b | Remove-LabBucketTag -TagKey x -Force
            Get-LabBucketTag "$a*" | Should -BeNullOrEmpty
        }
    }

    Context 'safety' {
        It 'changes nothing with -WhatIf, even with -Force' {
            Set-LabBucketTag $a @{ x = 1 }
            Set-LabBucketTag $a @{ y = 1 } -WhatIf
            Remove-LabBucketTag $a -Force -WhatIf
            & { $WhatIfPreference = $true; Remove-LabBucketTag $a -Force; New-LabBucket "$a-c" -Versioning }
            (Get-LabBucketTag $a).Tag.Keys | Should -Be 'x'
            Test-LabBucket "$a-c" | Should -BeFalse
        }

        It 'creates a bucket with all its settings' {
            $null = New-LabBucket "$a-c" -ObjectLock -Tag ([ordered]@{ team = 'film'; cost = 42 })
            (Get-LabBucketVersioning "$a-c").Status | Should -Be Enabled
            (Get-LabBucketTag "$a-c").Tag.cost | Should -Be '42'
            { New-LabBucket "$a-c" -Versioning -ErrorAction Stop } | Should -Throw -ErrorId 'BucketAlreadyOwnedByYou*'
            Remove-LabBucket "$a-c" -Force
        }
    }

    Context 'display' {
        It 'shows tables' {
            Set-LabBucketCors $a -Origin https://movies.example -PassThru | Out-String -Width 100 | Should -Match 'Bucket: \S+\s+Id\s+Origin\s+Method'
            Set-LabBucketLifecycle $a logs/ -ExpireAfterDays 3 -PassThru | Out-String -Width 120 | Should -Match 'Id\s+Enabled\s+Prefix\s+Actions\s[\s\S]*logs/\s+expire after 3 d'
            Set-LabBucketTag $a @{ team = 'film' } -PassThru | Out-String -Width 100 | Should -Match 'team=film'
        }
    }

    Context 'completion' {
        It 'offers ids of rules, names of tags, storage classes, methods and states' {
            Set-LabBucketCors $a -Origin * -Id upload
            Set-LabBucketLifecycle $a logs/ -ExpireAfterDays 3
            Set-LabBucketTag $a @{ team = 'film' }
            Complete "Remove-LabBucketCors $a -Id " | Should -Be 'upload'
            Complete "Remove-LabBucketLifecycle $a -Id l" | Should -Be 'logs/'
            Complete "Remove-LabBucketTag $a -TagKey t" | Should -Be 'team'
            Complete "Set-LabBucketLifecycle $a -StorageClass deep" | Should -Be 'DEEP_ARCHIVE'
            Complete "Set-LabBucketCors $a -Method HE" | Should -Be 'HEAD'
            Complete "Set-LabBucketVersioning $a -Status S" | Should -Be 'Suspended'
        }
    }
}
