#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# Presigned URLs, unfinished uploads, tags, the archive, and waiting by script, in the real engine.

Describe 'Objects remember their session' -Tag Storage {
    BeforeAll {
        Import-Module (Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1') -Force
        $null = Start-LabEmulator
        $bucket = 'pester-origin'
        $null = New-LabBucket $bucket
        $staging = Get-LabSession
        'tmp/a', 'tmp/b' | ForEach-Object { Set-LabObjectContent $bucket $_ -Value staging -NoNewline }
        $null = New-PSDrive -PSProvider LabS3 -Name staging -Root $bucket -Session $staging -Scope Global
        $null = Start-LabEmulator
        $default = Get-LabSession
        $null = New-LabBucket $bucket
        'tmp/a', 'tmp/b' | ForEach-Object { Set-LabObjectContent $bucket $_ -Value default -NoNewline }
    }

    AfterAll {
        Remove-PSDrive staging
        Get-LabEmulator | Stop-LabEmulator
    }

    It 'goes back to the server of the drive that listed it' {
        (Get-ChildItem staging:/tmp).EndpointUrl | Select-Object -Unique | Should -Be $staging.S3Endpoint.Value.TrimEnd('/')
        Get-ChildItem staging:/tmp | Get-LabObjectContent | Should -Be 'staging', 'staging'
        Get-ChildItem staging:/tmp -Filter a | Remove-LabObject -Force
        (Get-LabObject $bucket).Key | Should -Be 'tmp/a', 'tmp/b'
        (Get-LabObject $bucket -Session $staging).Key | Should -Be 'tmp/b'
    }

    It 'goes back to the server of -EndpointUrl, each object to its own' {
        @(Get-LabObject $bucket -Key tmp/b -Session $staging; Get-LabObject $bucket -Key tmp/b) | Get-LabObjectContent |
            Should -Be 'staging', 'default'
        Get-ChildItem staging:/tmp | Get-LabObjectContent -Session $default | Should -Be 'default'
    }

    It 'is refused after a file or a job until somebody says where' {
        $file = Join-Path $TestDrive origin.xml
        Get-LabObject $bucket -Session $staging | Export-Clixml $file
        Get-Content $file -Raw | Should -Not -Match 'secret|LabSession|AccessKey'
        $read = Import-Clixml $file
        $read.EndpointUrl | Should -Be $staging.S3Endpoint.Value.TrimEnd('/')
        { $read | Remove-LabObject -Force -ErrorAction Stop } | Should -Throw -ErrorId 'OtherEndpoint,*'
        $read | Get-LabObjectContent -Session $staging | Should -Be 'staging'
        { $read | ConvertTo-Json | ConvertFrom-Json | Remove-LabObject -Force -ErrorAction Stop } | Should -Throw -ErrorId 'OtherEndpoint,*'
        { $read | Select-Object Bucket, Key, EndpointUrl | Remove-LabObject -Force -ErrorAction Stop } | Should -Throw -ErrorId 'OtherEndpoint,*'
        $here = Get-LabObject $bucket | ConvertTo-Json | ConvertFrom-Json
        $here | Get-LabObjectContent | Should -Be 'default', 'default'
        (Get-LabObject $bucket).Key | Should -Be 'tmp/a', 'tmp/b'
    }

    It 'goes on to buckets, prefixes and settings' {
        $there = Get-LabBucket $bucket -Session $staging
        ($there | Get-LabObject).Key | Should -Be 'tmp/b'
        ($there | Get-LabObject -Delimiter / | Get-LabObject).Key | Should -Be 'tmp/b'
        $there | Set-LabBucketVersioning -Status Enabled
        (Get-LabBucketVersioning $bucket -Session $staging).Status | Should -Be Enabled
        (Get-LabBucketVersioning $bucket).Status | Should -Be Off
    }
}

Describe 'A profile without an endpoint' -Tag Storage {
    It 'gets nobody else''s: URLs, drive and command agree with Get-LabSession' {
        $folder = New-Item -ItemType Directory (Join-Path $TestDrive profiles)
        Set-Content "$folder/config" '[default]', 'endpoint_url = http://127.0.0.1:1', 'region = eu-west-1', '[profile prod]', 'region = eu-central-1'
        Set-Content "$folder/credentials" '[default]', 'aws_access_key_id = AKIDDEFAULT', 'aws_secret_access_key = x', '[prod]', 'aws_access_key_id = AKIDPROD', 'aws_secret_access_key = y'
        $module = Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1'
        # A process of its own: the SDK reads these variables when it is loaded.
        $script = @"
Import-Module '$module'
`$env:AWS_ENDPOINT_URL = ''
(New-LabObjectUrl movies k -ProfileName prod).Url
(New-LabObjectUrl movies k).Url
`$prod = Get-LabSession -ProfileName prod
"`$(`$prod.S3Endpoint.Value)|`$((New-LabObjectUrl movies k -Session `$prod).EndpointUrl)"
"@
        $old = $env:AWS_CONFIG_FILE, $env:AWS_SHARED_CREDENTIALS_FILE
        try {
            $env:AWS_CONFIG_FILE = "$folder/config"; $env:AWS_SHARED_CREDENTIALS_FILE = "$folder/credentials"
            # A PowerShell that is a .NET tool runs in a process of dotnet: test.sh names the one to start.
            $answer = & ($env:PWSH ? $env:PWSH : (Get-Process -Id $PID).Path) -NoProfile -NonInteractive -Command $script
        }
        finally {
            $env:AWS_CONFIG_FILE, $env:AWS_SHARED_CREDENTIALS_FILE = $old
        }
        $answer[0] | Should -BeLike 'https://movies.s3.eu-central-1.amazonaws.com/k*'
        $answer[1] | Should -BeLike 'http://127.0.0.1:1/movies/k*'
        $answer[2] | Should -Be '|https://s3.amazonaws.com'
    }
}

Describe 'Storage: URLs, uploads, tags, waiting' -Tag Storage {
    BeforeAll {
        Import-Module (Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1') -Force
        $null = Start-LabEmulator
        $bucket = 'pester-objects'
        $null = New-LabBucket $bucket
        function Complete([string] $Line) { (TabExpansion2 $Line $Line.Length).CompletionMatches.CompletionText }
    }

    AfterAll {
        Stop-LabEmulator
    }

    BeforeEach {
        'data/a.json', 'data/b.json', 'top.txt' | ForEach-Object { Set-LabObjectContent $bucket $_ -Value "content of $_" -NoNewline }
    }

    AfterEach {
        Remove-LabObject $bucket -Prefix '' -Force
        Remove-LabMultipartUpload $bucket -OlderThan 0 -Force
    }

    Context 'Set-LabObjectContent' {
        It 'stores what Set-Content stores' {
            $things = [pscustomobject]@{ a = 1; b = 'x y' }, 'text', 42, $true, $null, [timespan]::FromMinutes(1), ([uri] 'http://x'), (Get-Item $TestDrive)
            $things | Set-Content (Join-Path $TestDrive things.txt)
            $things | Set-LabObjectContent $bucket things.txt
            @(Get-LabObjectContent $bucket things.txt) | Should -Be @(Get-Content (Join-Path $TestDrive things.txt))
            Set-LabObjectContent $bucket thing.txt -Value ([pscustomobject]@{ a = 1 })
            Get-LabObjectContent $bucket thing.txt | Should -Be '@{a=1}'
        }
    }

    Context 'New-LabObjectUrl' {
        It 'makes links that anybody can use' {
            $link = New-LabObjectUrl $bucket top.txt
            Invoke-RestMethod $link.Url | Should -Be 'content of top.txt'
            $link.ExpiresAt | Should -BeGreaterThan ([DateTimeOffset]::Now.AddMinutes(58))
            Get-LabObject $bucket -Prefix data/ | New-LabObjectUrl -ExpiresIn 60 | Sort-Object | ForEach-Object { Invoke-RestMethod $_.Url } |
                Should -Be @('content of data/a.json', 'content of data/b.json')
        }

        It 'gives Invoke-WebRequest the method and headers to send' {
            $link = New-LabObjectUrl $bucket in.json -Method put -ContentType application/x-lab
            { Invoke-WebRequest $link.Url -Method $link.Method -Body '{}' -ContentType text/plain -ErrorAction Stop } | Should -Throw
            $null = Invoke-WebRequest $link.Url -Method $link.Method -Headers $link.Headers -Body '{}'
            (Get-LabObject $bucket -Key in.json).ContentType | Should -Be 'application/x-lab'
            $link = New-LabObjectUrl $bucket top.txt -Method DELETE
            $null = Invoke-WebRequest $link.Url -Method $link.Method
            (Get-LabObject $bucket).Key | Should -Not -Contain 'top.txt'
        }

        It 'takes the hash that Get-FileHash gives, and the service holds the upload to it' {
            $file = New-Item (Join-Path $TestDrive f.bin) -Value 'the very content' -Force
            $link = New-LabObjectUrl $bucket f.bin -Method PUT -Checksum (Get-FileHash $file).Hash
            { Invoke-WebRequest $link.Url -Method PUT -Headers $link.Headers -Body 'another content' -ErrorAction Stop } | Should -Throw
            $null = Invoke-WebRequest $link.Url -Method PUT -Headers $link.Headers -InFile $file
            Get-LabObjectContent $bucket f.bin -Raw | Should -Be 'the very content'
        }

        It 'reaches <Key>' -ForEach @(
            @{ Key = 'a//b' }, @{ Key = 'a/./b' }, @{ Key = '../x' }, @{ Key = '/leading' }, @{ Key = "emoji-`u{1F600}" }, @{ Key = 'p+q' }
            @{ Key = 'per%2Fcent' }, @{ Key = ' with  spaces ' }, @{ Key = "new`nline" }
        ) {
            Set-LabObjectContent $bucket $Key -Value "odd $Key" -NoNewline
            Invoke-RestMethod (New-LabObjectUrl $bucket $Key).ToUri() | Should -Be "odd $Key"
        }

        It 'sends a large object in parts, with nothing but URLs' {
            $links = New-LabObjectUrl $bucket reel.mkv -PartCount 2
            $links.Action | Should -Be @('UploadPart', 'UploadPart', 'CompleteUpload', 'AbortUpload')
            $tags = foreach ($link in $links | Where-Object PartNumber) {
                $body = [byte[]]::new($(if ($link.PartNumber -eq 1) { 5MB } else { 3 }))
                (Invoke-WebRequest $link.Url -Method $link.Method -Body $body).Headers.ETag
            }
            $list = '<CompleteMultipartUpload>' + (-join (1..2 | ForEach-Object { "<Part><PartNumber>$_</PartNumber><ETag>$($tags[$_ - 1])</ETag></Part>" })) +
                '</CompleteMultipartUpload>'
            $null = Invoke-WebRequest $links[2].Url -Method $links[2].Method -Body $list
            (Get-LabObject $bucket -Key reel.mkv).Size | Should -Be (5MB + 3)
        }

        It 'refuses a link that would outlive the role that signs it' {
            $null = New-LabRole url-guest -Policy (New-LabPolicyDocument -Bucket $bucket -ReadOnly)
            $default = Get-LabSession
            try {
                $guest = Use-LabRole url-guest -Duration 900 -PassThru
                Invoke-RestMethod (New-LabObjectUrl $bucket top.txt -Session $guest).Url | Should -Be 'content of top.txt'
                { New-LabObjectUrl $bucket top.txt -Session $guest -ExpiresIn 01:00:00 } | Should -Throw -ErrorId 'ExpiryBeyondCredentials*'
            }
            finally {
                $null = Connect-Lab -Session $default -SkipCheck
                Remove-LabRole url-guest -Force
            }
        }

        It 'shows no signature with -Verbose and begins nothing with -WhatIf' {
            $said = New-LabObjectUrl $bucket top.txt -Verbose 4>&1 | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] }
            "$said" | Should -Not -Match 'X-Amz-Signature=[0-9a-f]'
            New-LabObjectUrl $bucket reel.mkv -PartCount 2 -WhatIf | Should -BeNullOrEmpty
            Get-LabMultipartUpload $bucket | Should -BeNullOrEmpty
        }
    }

    Context 'unfinished uploads' {
        It 'are found by age, measured, and removed from the pipeline' {
            $null = New-LabObjectUrl $bucket 'reel 1' -PartCount 1
            $links = New-LabObjectUrl $bucket 'reel 2' -PartCount 1
            $null = Invoke-WebRequest $links[0].Url -Method PUT -Body 'abc'
            Get-LabMultipartUpload $bucket -OlderThan 1.00:00:00 | Should -BeNullOrEmpty
            (Get-LabBucket $bucket | Get-LabMultipartUpload -Parts | Sort-Object).Size | Should -Be @(0, 3)
            Get-LabMultipartUpload $bucket | Remove-LabMultipartUpload -Force -WhatIf
            Get-LabMultipartUpload $bucket | Should -HaveCount 2
            Get-LabMultipartUpload $bucket -Key 'reel 1' | Remove-LabMultipartUpload -Confirm:$false
            (Get-LabMultipartUpload $bucket).Key | Should -Be 'reel 2'
        }
    }

    Context 'tags' {
        It 'are set, merged, read and removed in bulk' {
            Get-LabObject $bucket -Prefix data/ | Set-LabObjectTag -Tag @{ stage = 'test'; owner = 'lab' }
            Get-LabObject $bucket -Prefix data/ | Set-LabObjectTag -Tag ([ordered]@{ stage = 'prod' }) -Merge
            $tags = Get-LabObject $bucket | Get-LabObjectTag | Sort-Object
            $tags.Key | Should -Be @('data/a.json', 'data/b.json', 'top.txt')
            $tags[0].Tag['stage'] | Should -Be 'prod'
            $tags[1].Tag['owner'] | Should -Be 'lab'
            $tags[2].Tag.Count | Should -Be 0
            Get-LabObjectTag $bucket data/a.json | ForEach-Object { $_.Tag } | Set-LabObjectTag $bucket top.txt -Tag { $_ }
            (Get-LabObjectTag $bucket top.txt).Tag.Count | Should -Be 2
            Get-LabObject $bucket | Remove-LabObjectTag -Name owner -Force
            (Get-LabObjectTag $bucket data/a.json).Tag.Keys | Should -Be 'stage'
            Get-LabObject $bucket | Remove-LabObjectTag -Force
            Get-LabObject $bucket | Get-LabObjectTag | ForEach-Object { $_.Tag.Count } | Should -Be @(0, 0, 0)
        }

        It 'are refused beyond S3''s limits' {
            { Set-LabObjectTag $bucket top.txt -Tag @{ ('n' * 129) = '' } } | Should -Throw -ErrorId 'InvalidTag*'
        }
    }

    Context 'Wait -Until' {
        It 'ends when the script says so, and sees the caller''s variables' {
            $least = 5
            Wait-LabObject $bucket top.txt -Until { $_.Size -gt $least } -Timeout 5 | ForEach-Object Key | Should -Be 'top.txt'
            Wait-LabBucket $bucket -Until { $_.Bucket -eq $bucket } -Timeout 5 | ForEach-Object Bucket | Should -Be $bucket
            Wait-LabObject $bucket none -Until { $null -eq $_ } -Timeout 5 | Should -BeNullOrEmpty
        }

        It 'looks again until it is so' {
            $seen = [System.Collections.Generic.List[object]]::new()
            Wait-LabObject $bucket late -PollInterval 0.05 -Timeout 30 -Until {
                $seen.Add($_)
                if ($seen.Count -eq 2) { Set-LabObjectContent $bucket late -Value x }
                $_
            } | ForEach-Object Key | Should -Be 'late'
            $seen[0] | Should -BeNullOrEmpty
            $seen.Count | Should -BeGreaterThan 2
        }

        It 'says what was last seen when time is up' {
            Wait-LabObject $bucket top.txt -Until { $_.Size -gt 1000 } -Timeout 0 -ErrorAction SilentlyContinue -ErrorVariable problems | Should -BeNullOrEmpty
            $problems[0].FullyQualifiedErrorId | Should -BeLike 'WaitTimeout,*'
            "$($problems[0])" | Should -Match 'it exists \(18 bytes, ETag [0-9a-f]{32}, last modified .*\), and the condition is not true'
        }

        It 'reports an error in the script and goes on with the other objects' {
            $found = 'top.txt', 'data/a.json' | ForEach-Object { [pscustomobject]@{ Bucket = $bucket; Key = $_ } } |
                Wait-LabObject -Until { if ($_.Key -eq 'top.txt') { throw 'no such luck' } else { $true } } -ErrorAction SilentlyContinue -ErrorVariable problems
            $found.Key | Should -Be 'data/a.json'
            $problems[-1].FullyQualifiedErrorId | Should -BeLike 'ConditionFailed,*'
            "$($problems[-1])" | Should -BeLike "*s3://$bucket/top.txt: no such luck*"
            { Wait-LabObject $bucket top.txt -Until { Get-Item (Join-Path $TestDrive 'not there') } -ErrorAction Stop } | Should -Throw -ErrorId 'ConditionFailed*'
        }
    }

    Context 'binding, display, completion' {
        It 'takes <Name> with its sets' -ForEach @(
            @{ Name = 'New-LabObjectUrl'; Sets = 3 }, @{ Name = 'Get-LabMultipartUpload'; Sets = 2 }, @{ Name = 'Remove-LabMultipartUpload'; Sets = 2 }
            @{ Name = 'Get-LabObjectTag'; Sets = 1 }, @{ Name = 'Set-LabObjectTag'; Sets = 1 }, @{ Name = 'Remove-LabObjectTag'; Sets = 1 }
            @{ Name = 'Restore-LabObject'; Sets = 1 }
        ) {
            (Get-Command $Name).ParameterSets | Should -HaveCount $Sets
        }

        It 'shows tables' {
            New-LabObjectUrl $bucket top.txt -ExpiresIn 60 | Out-String -Width 2000 | Should -Match 'Method\s+ExpiresAt\s+Url\s[\s\S]*GET\s+\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ\s+http://127\.0\.0\.1\S+top\.txt'
            $null = New-LabObjectUrl $bucket reel -PartCount 1
            Get-LabMultipartUpload $bucket | Out-String -Width 200 | Should -Match 'Initiated\s+Size\s+Key\s+UploadId'
            Set-LabObjectTag $bucket top.txt @{ a = '1' } -PassThru | Out-String -Width 200 | Should -Match 'Key\s+Tag\s[\s\S]*top\.txt\s+a=1'
        }

        It 'offers upload ids, their keys and tag names' {
            $id = (New-LabObjectUrl $bucket reel.mkv -PartCount 1)[0].UploadId
            Complete "Remove-LabMultipartUpload $bucket -Key re" | Should -Be 'reel.mkv'
            Complete "Remove-LabMultipartUpload $bucket -Key reel.mkv -UploadId " | Should -Be $id
            Set-LabObjectTag $bucket top.txt @{ stage = 'test'; owner = 'me' }
            Complete "Remove-LabObjectTag $bucket top.txt -Name s" | Should -Be 'stage'
        }
    }
}
