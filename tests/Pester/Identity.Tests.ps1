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
