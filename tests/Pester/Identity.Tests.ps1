#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# The identity cmdlets in the real engine: binding, conversion of PowerShell's own objects, formatting, completion.

BeforeAll {
    Import-Module (Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1')
    $script:kept = @{}
    foreach ($name in 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_CONFIG_FILE', 'AWS_PROFILE') {
        $script:kept[$name] = [Environment]::GetEnvironmentVariable($name)
    }
    $env:AWS_PROFILE = $null
    $env:AWS_CONFIG_FILE = Join-Path $TestDrive 'config'
    $env:AWS_SHARED_CREDENTIALS_FILE = Join-Path $TestDrive 'credentials'
    $script:emulator = Start-LabEmulator
}

AfterAll {
    $script:emulator | Stop-LabEmulator
    Disconnect-Lab
    foreach ($name in $script:kept.Keys) { [Environment]::SetEnvironmentVariable($name, $script:kept[$name]) }
}

Describe 'Roles' -Tag Identity {
    AfterEach {
        Get-LabRole | Remove-LabRole -Force
    }

    It 'takes a policy as a hashtable, as an object, as JSON and as a file' {
        $json = '{ "Version": "2012-10-17", "Statement": [ { "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::movies/*" } ] }'
        Set-Content (Join-Path $TestDrive 'policy.json') $json
        Push-Location $TestDrive
        try {
            $roles = @(
                New-LabRole text -Policy $json
                New-LabRole file -Policy policy.json
                New-LabRole item -Policy (Get-Item policy.json)
                New-LabRole lines -Policy (Get-Content policy.json)
                New-LabRole object -Policy ($json | ConvertFrom-Json)
                New-LabRole table -Policy ($json | ConvertFrom-Json -AsHashtable)
                New-LabRole ordered -Policy ([ordered]@{ Version = '2012-10-17'; Statement = @([ordered]@{ Effect = 'Allow'; Action = 's3:GetObject'; Resource = 'arn:aws:s3:::movies/*' }) })
                New-LabRole document -Policy (New-LabPolicyDocument -Allow s3:GetObject -Resource 's3://movies/*')
            )
        }
        finally {
            Pop-Location
        }
        $roles | Should -HaveCount 8
        $roles.Policies.Document.Statement | ForEach-Object { "$_" } | Sort-Object -Unique | Should -Be 'Allow s3:GetObject on arn:aws:s3:::movies/*'
    }

    It 'says where a policy is wrong, in one line' {
        $failure = { New-LabRole bad -Policy @{ Statement = @{ Effect = 'Allow'; Actions = 's3:*'; Resource = '*' } } } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -BeLike 'MalformedPolicyDocument,*'
        "$failure" | Should -BeLike "*Statement?0?: 'Actions' is not a valid element; did you mean 'Action'*"
        Get-LabRole | Should -BeNullOrEmpty
    }

    It 'walks from list to removal by property names' {
        'a', 'b', 'c' | New-LabRole | Should -HaveCount 3
        Get-LabRole | Where-Object Name -NE b | Remove-LabRole -Force
        (Get-LabRole).Name | Should -Be b
    }

    It 'reports one missing role and gives the others' {
        'a', 'b' | New-LabRole | Out-Null
        $found = 'a', 'nobody', 'b' | Get-LabRole -ErrorVariable problems -ErrorAction SilentlyContinue
        $found.Name | Should -Be @('a', 'b')
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'NoSuchEntity,*'
        $problems[0].TargetObject | Should -Be 'nobody'
    }

    It 'stops the list for Select-Object -First' {
        'a', 'b', 'c' | New-LabRole | Out-Null
        (Get-LabRole | Select-Object -First 1).Name | Should -Be a
    }

    It 'shows a table of roles and keeps it within 80 columns' {
        New-LabRole movies-reader -Description 'Reads movies' | Out-Null
        $lines = (Get-LabRole | Out-String -Width 80).Trim() -split "`r?`n"
        $lines[0] | Should -Match '^Name\s+Description\s+MaxSessionDuration\s+CreateDate'
        $lines[2] | Should -Match '^movies-reader\s.*Reads movies'
    }

    It 'completes role names and ARNs' {
        New-LabRole movies-reader | Out-Null
        $line = 'Use-LabRole mov'
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be 'movies-reader'
        $line = 'Use-LabRole -RoleArn '
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -BeLike 'arn:aws:iam::*:role/movies-reader'
    }
}

Describe 'Use-LabRole' -Tag Identity {
    AfterEach {
        Connect-Lab -Credential $credential -EndpointUrl $script:emulator.EndpointUrl | Out-Null
        Get-LabRole | Remove-LabRole -Force
    }

    BeforeAll {
        $keys = $script:emulator.GetEnvironment()
        $credential = [pscredential]::new($keys['AWS_ACCESS_KEY_ID'], (ConvertTo-SecureString $keys['AWS_SECRET_ACCESS_KEY'] -AsPlainText -Force))
    }

    It 'makes the role the default, and what it may not do is refused' {
        New-LabBucket -Bucket movies | Out-Null
        Set-LabObjectContent -Bucket movies -Key data/a.txt -Value hello | Out-Null
        New-LabRole reader -Policy (New-LabPolicyDocument -Bucket movies -Prefix data/ -ReadOnly) | Out-Null
        Use-LabRole reader -SessionName me
        (Get-LabCallerIdentity).Arn | Should -BeLike '*:assumed-role/reader/me'
        Get-LabObjectContent -Bucket movies -Key data/a.txt | Should -Be hello
        $failure = { Set-LabObjectContent -Bucket movies -Key data/a.txt -Value bye -ErrorAction Stop } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -BeLike 'AccessDenied,*'
        { Get-LabObject -Bucket movies -ErrorAction Stop } | Should -Throw -ErrorId 'AccessDenied,*'
    }

    It 'writes a session for -Session' {
        New-LabRole guest | Out-Null
        $session = Use-LabRole guest -PassThru -Duration 900
        Connect-Lab -Credential $credential -EndpointUrl $script:emulator.EndpointUrl | Out-Null
        (Get-LabCallerIdentity -Session $session).Arn | Should -BeLike '*:assumed-role/guest/*'
        (Get-LabCallerIdentity).Arn | Should -BeLike '*:root'
    }

    It 'saves a profile, leaves the others alone, and shows no secret' {
        Set-Content $env:AWS_SHARED_CREDENTIALS_FILE "[mine]`naws_access_key_id = AKIAMINE`naws_secret_access_key = my-own"
        New-LabRole guest | Out-Null
        $said = Use-LabRole guest -SaveProfile guest -Verbose 4>&1 | Out-String
        (Get-LabCallerIdentity -ProfileName guest).Arn | Should -BeLike '*:assumed-role/guest/*'
        $text = Get-Content $env:AWS_SHARED_CREDENTIALS_FILE
        $text[0..2] | Should -Be @('[mine]', 'aws_access_key_id = AKIAMINE', 'aws_secret_access_key = my-own')
        $secret = ($text -match '^aws_secret_access_key = (?!my-own)')[0] -replace '.* = '
        $said | Should -Not -Match ([regex]::Escape($secret))
        { Use-LabRole guest -SaveProfile mine } | Should -Throw -ErrorId 'ProfileExists,*'
    }
}

Describe 'New-LabPolicyDocument' -Tag Identity {
    It 'is text where text is wanted' {
        $document = New-LabPolicyDocument -Allow s3:GetObject -Resource 's3://movies/*'
        ("$document" | ConvertFrom-Json).Statement.Action | Should -Be 's3:GetObject'
        $document.ToJson($false) | Should -Be '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::movies/*"}]}'
    }

    It 'puts statements together in the order of the pipeline' {
        $document = New-LabPolicyDocument -Allow s3:* -Resource * | New-LabPolicyDocument -Deny s3:Put* -Resource * | New-LabPolicyDocument -Bucket movies
        $document.Statement.Effect -join ' ' | Should -Be 'Allow Deny Allow Allow'
    }

    It 'takes buckets from the pipeline' {
        $document = [pscustomobject]@{ Bucket = 'movies' }, [pscustomobject]@{ Bucket = 'books' } | New-LabPolicyDocument -ReadOnly
        $document.Statement.Resource | Should -Be @('arn:aws:s3:::movies', 'arn:aws:s3:::movies/*', 'arn:aws:s3:::books', 'arn:aws:s3:::books/*')
    }

    It 'reads nested hashtables of conditions' {
        $document = New-LabPolicyDocument -Allow s3:ListBucket -Resource s3://movies -Condition @{ StringLike = @{ 's3:prefix' = 'a/*', 'b/*' }; NumericLessThan = @{ 's3:max-keys' = 10 } }
        $condition = $document.Statement[0].Condition
        $condition.NumericLessThan.'s3:max-keys' | Should -Be '10'
        $condition.StringLike.'s3:prefix' | Should -Be 'a/*', 'b/*'
        "$condition" -split '; ' | Sort-Object | Should -Be 'NumericLessThan s3:max-keys 10', 'StringLike s3:prefix a/*, b/*'
    }
}

Describe 'Policies' -Tag Identity {
    It 'adds a statement to each document, in whatever form it comes' {
        $file = Join-Path $TestDrive 'own.json'
        New-LabPolicyDocument -Bucket movies -Access Read | Set-Content $file
        $document = Get-Item $file | Add-LabPolicyStatement -Deny s3:GetObject -Bucket movies -Prefix secret/ -Sid KeepOut
        $document.Statement.Effect | Should -Be 'Allow', 'Deny'
        $document.Statement[1].Resource | Should -Be 'arn:aws:s3:::movies/secret/*'
        (@{ Statement = @{ Effect = 'Allow'; Action = 's3:*'; Resource = '*' } } | Add-LabPolicyStatement -Bucket movies -Access List).Statement | Should -HaveCount 2
        { $document | Add-LabPolicyStatement -Bucket movies -Access Read -Sid KeepOut -ErrorAction Stop } | Should -Throw -ErrorId 'MalformedPolicyDocument,*'
    }

    It 'takes buckets from the pipeline beside actions, and leaves them alone beside resources' {
        $document = [pscustomobject]@{ Bucket = 'movies' }, [pscustomobject]@{ Bucket = 'books' } | New-LabPolicyDocument -Allow s3:GetObject
        $document.Statement.Resource | Should -Be 'arn:aws:s3:::movies/*', 'arn:aws:s3:::books/*'
    }

    It 'completes the kinds of access and no file names' {
        $line = 'New-LabPolicyDocument -Bucket movies -Access '
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be 'List', 'Read', 'Write'
        $line = 'Test-LabPolicy -Action s3:GetObjectT'
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Contain s3:GetObjectTagging
        $line = 'Test-LabPolicy s3:GetObject arn:'
        (TabExpansion2 $line $line.Length).CompletionMatches | Should -BeNullOrEmpty
    }

    It 'shows decisions as a table and says what nearly decided' {
        $decision = New-LabPolicyDocument -Bucket movies -Prefix data/ | Test-LabPolicy s3:ListBucket s3://movies -Context @{ 's3:prefix' = 'other/' }
        "$decision" | Should -BeLike '*Nearest: statement 1 of the policy would allow it, but for condition StringLike s3:prefix data/`*: the request has other/.'
        ($decision | Out-String -Width 120) | Should -Match 'ImplicitDeny\s+s3:ListBucket\s+arn:aws:s3:::movies\s+no identity-based policy'
    }

    It 'reads a policy file line by line, with a byte order mark' {
        $file = Join-Path $TestDrive 'marked.json'
        New-LabPolicyDocument -Bucket movies -Access Read | Set-Content $file -Encoding utf8BOM
        Test-LabPolicy s3:GetObject s3://movies/a -Policy (Get-Content $file) -Quiet | Should -BeTrue
        Test-LabPolicy s3:GetObject s3://movies/a -Policy $file -Quiet | Should -BeTrue
    }

    It 'fails a pipeline whose change grants something new' {
        $old = New-LabPolicyDocument -Bucket movies -Prefix data/
        $new = New-LabPolicyDocument -Bucket movies
        $failure = { Compare-LabPolicy $old $new -NoNewAccess } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -BeLike 'NewAccessGranted,*'
        $failure.TargetObject.Action | Should -BeLike 's3:*'
        Compare-LabPolicy $new $old -NoNewAccess | Should -BeNullOrEmpty
    }

    It 'fails in a shell, too' {
        $cloudlab = Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/bin/cloudlab'
        $old = Join-Path $TestDrive 'old.json'
        $new = Join-Path $TestDrive 'new.json'
        New-LabPolicyDocument -Bucket movies -Access Read | Set-Content $old
        New-LabPolicyDocument -Bucket movies -Access Read, Write | Set-Content $new
        $null = & $cloudlab Compare-LabPolicy -Reference $old -Difference $new -NoNewAccess 2>&1
        $LASTEXITCODE | Should -Not -Be 0
        $null = & $cloudlab Compare-LabPolicy -Reference $new -Difference $old -NoNewAccess 2>&1
        $LASTEXITCODE | Should -Be 0
    }

    It 'explains the last error' {
        New-LabBucket films | Out-Null
        New-LabRole stranger | Out-Null
        $session = Use-LabRole stranger -PassThru -SaveProfile stranger
        Get-LabObject -Bucket films -Session $session -ErrorAction SilentlyContinue -ErrorVariable problems
        $problems[0].ErrorDetails.RecommendedAction | Should -BeLike 'Resolve-LabAccessDenied $Error?0] *'
        $explained = Resolve-LabAccessDenied $problems[0] -IncludePolicy
        $explained.Layer | Should -Be 'identity-based policy'
        $explained.Action | Should -Be 's3:ListBucket'
        "$($explained.Suggestion.Statement)" | Should -Be 'Allow s3:ListBucket on arn:aws:s3:::films'
        Remove-LabRole stranger -Force
    }
}

Describe 'Temporary sessions' -Tag Identity {
    AfterEach {
        $script:emulator | Connect-Lab | Out-Null
        Get-LabRole | Remove-LabRole -Force
    }

    BeforeEach {
        $script:emulator | Connect-Lab | Out-Null
    }

    It 'shows who you are, until when, and how to hand the values to other tools' {
        New-LabRole guest | Out-Null
        $session = Use-LabRole guest -SessionName me -PassThru
        $text = $session | Out-String -Width 120
        $text | Should -Match 'Identity\s*: arn:aws:sts::\d+:assumed-role/guest/me'
        $text | Should -Match 'Expiration\s*: \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ \(renewed automatically\)'
        $text | Should -Match 'For other tools\s*: Get-LabSession -Export'
        $text | Should -Not -Match 'SecretAccessKey|AWS_SECRET'
        (Get-LabSession).Identity.Value | Should -BeLike '*:assumed-role/guest/me'
        $root = $script:emulator | Connect-Lab
        $root | Out-String | Should -Not -Match 'For other tools'
        $root.Expiration.Value | Should -BeNullOrEmpty
    }

    It 'exports lines that PowerShell runs' {
        New-LabRole guest | Out-Null
        $kept = @{}
        $names = 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_CREDENTIAL_EXPIRATION', 'AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_ENDPOINT_URL'
        foreach ($name in $names) { $kept[$name] = [Environment]::GetEnvironmentVariable($name) }
        try {
            Use-LabRole guest -SessionName tool -Export PowerShell | Out-String | Invoke-Expression
            (Get-LabSession).Identity.Value | Should -Not -BeLike '*guest*'
            Disconnect-Lab
            (Get-LabCallerIdentity).Arn | Should -BeLike '*:assumed-role/guest/tool'
        }
        finally {
            foreach ($name in $names) { [Environment]::SetEnvironmentVariable($name, $kept[$name]) }
        }
    }

    It 'makes a session of your own keys and leaves the default alone' {
        $before = (Get-LabSession).Credential.Value
        $session = Get-LabSessionToken -Duration 3600
        (Get-LabCallerIdentity -Session $session).Arn | Should -BeLike '*:root'
        $session.Credential.Value | Should -BeLike 'ASIA*'
        (Get-LabSession).Credential.Value | Should -Be $before
    }

    It 'refuses a region that cannot be one' {
        { Connect-Lab -Region 'eu west' } | Should -Throw -ErrorId 'RegionInvalid,*'
        (Get-LabSession).Region.Value | Should -Not -Be 'eu west'
    }
}

Describe 'Instances' -Tag Identity -Skip:($null -eq $env:CLOUDLAB_TEST_MOTO) {
    BeforeAll {
        $anybody = [pscredential]::new('test', (ConvertTo-SecureString 'test' -AsPlainText -Force))
        Connect-Lab -EndpointUrl $env:CLOUDLAB_TEST_MOTO -Credential $anybody -Region ap-south-1 | Out-Null
        $name = "lab-$([guid]::NewGuid().ToString('N').Substring(0, 12))"
        $instance = Start-LabInstance -ImageId ami-12c6146b -InstanceType t3.micro -Name $name | Wait-LabInstance
    }

    AfterAll {
        Remove-LabInstance $name -Force
        Disconnect-Lab
    }

    It 'are shown in a table that fits 80 columns' {
        $lines = (Get-LabInstance $name | Out-String -Width 80).Trim() -split "`r?`n"
        $lines[0] | Should -Match '^InstanceId\s+Name\s+InstanceType\s+State\s+PrivateIpAddress'
        $lines[2] | Should -Match "^$($instance.InstanceId)\s+$name\s+t3\.micro\s+Running\s+[\d.]+$"
    }

    It 'are completed by id and by the beginning of their name' {
        foreach ($word in $instance.InstanceId.Substring(0, 6), $name) {
            $line = "Stop-LabInstance $word"
            (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Contain $instance.InstanceId
        }
        $line = 'Start-LabInstance -InstanceType t3.mic'
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be 't3.micro'
        $line = 'Wait-LabInstance -State '
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be 'Running', 'Stopped', 'Terminated'
    }

    It 'take an instance profile on and put it down' {
        New-LabRole $name -Service ec2 | New-LabInstanceProfile | Out-Null
        try {
            (Set-LabInstance $instance.InstanceId $name -PassThru).InstanceProfile | Should -BeLike "*$name"
            Set-LabInstance $instance.InstanceId -NoInstanceProfile
            (Get-LabInstance $instance.InstanceId).InstanceProfile | Should -BeNullOrEmpty
        } finally {
            Remove-LabRole $name -Force
            Remove-LabInstanceProfile $name -Force
        }
    }

    It 'bind from the pipeline by their id' {
        $instance | Get-LabInstance | ForEach-Object InstanceId | Should -Be $instance.InstanceId
        "$instance" | Should -Be $instance.InstanceId
        [pscustomobject]@{ InstanceId = $instance.InstanceId } | Stop-LabInstance -WhatIf
        (Get-LabInstance $instance).State | Should -Be Running
    }
}
