#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# Catalogue, review and trails in the real engine: binding, completion, formatting, files.

BeforeAll {
    Import-Module (Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1')
    $script:bad = Join-Path (Split-Path $PSScriptRoot) 'CloudLab.Tests/Identity/Review/bad-account.json'
    $script:emulator = Start-LabEmulator
}

AfterAll {
    $script:emulator | Stop-LabEmulator
    Disconnect-Lab
}

Describe 'Find-LabAction' -Tag Identity {
    It 'finds by level and resource, from the pipeline too' {
        ('s3:*Tag*' | Find-LabAction -AccessLevel Tagging -Resource object).Action | Should -Contain 's3:PutObjectTagging'
    }

    It 'says what was meant' {
        Find-LabAction s3:HeadObject -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].Exception.Message | Should -Match 's3:GetObject'
        $problem[0].CategoryInfo.Category | Should -Be ObjectNotFound
    }

    It 'completes services and actions' {
        (TabExpansion2 'Find-LabAction s' 16).CompletionMatches.CompletionText | Should -Contain 's3:'
        (TabExpansion2 'Find-LabAction s3:GetObjectT' 28).CompletionMatches.CompletionText | Should -Contain 's3:GetObjectTagging'
        (TabExpansion2 'New-LabPolicyDocument -Allow iam:Pass' 37).CompletionMatches.CompletionText | Should -Be 'iam:PassRole'
    }

    It 'shows the action and its level' {
        $text = Find-LabAction s3:GetObject | Out-String -Width 80
        $text | Should -Match 's3:GetObject\s+Read\s+Retrieve'
    }
}

Describe 'Measure-LabPolicy' -Tag Identity {
    It 'reviews a saved account, and a principal of it' {
        (Measure-LabPolicy -Path $bad -Principal bob).Id | Should -Contain 'PrivilegeEscalation'
        (Measure-LabPolicy -Path $bad -Severity Critical).Severity | Sort-Object -Unique | Should -Be Critical
    }

    It 'reviews what the pipeline brings' {
        ('{ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "*", "Resource": "*" } }' | Measure-LabPolicy).Id | Should -Contain AdministratorAccess
        (New-LabPolicyDocument -Bucket movies -Prefix data/ -ReadOnly | Measure-LabPolicy) | Should -BeNullOrEmpty
    }

    It 'keeps a baseline and writes SARIF that is JSON' {
        Push-Location $TestDrive
        try {
            Measure-LabPolicy -Path $bad -Baseline accepted.json -UpdateBaseline
            Measure-LabPolicy -Path $bad -Baseline accepted.json | Should -BeNullOrEmpty
            $sarif = Measure-LabPolicy -Path $bad -OutputFormat Sarif | ConvertFrom-Json
            $sarif.runs[0].results.Count | Should -BeGreaterThan 10
        } finally { Pop-Location }
    }

    It 'reviews the live account' {
        New-LabRole open -TrustedPrincipal * | Out-Null
        (Measure-LabPolicy -Principal open).Id | Should -Contain PublicPrincipal
        Remove-LabRole open -Force
    }
}

Describe 'Policies in a pipeline' -Tag Identity {
    AfterEach {
        Get-LabRole | Remove-LabRole -Force
        Get-LabUser | Remove-LabUser -Force
        Get-LabPolicy | Remove-LabPolicy -Force
    }

    It 'sets the policy of a bucket' {
        New-LabBucket piped | Out-Null
        New-LabPolicyDocument -Bucket piped -Access Read -Principal 210987654321 | Set-LabBucketPolicy piped
        (Get-LabBucketPolicy piped).Statement.Principal.AWS | Should -Be 210987654321
        'piped' | Set-LabBucketPolicy -Policy (New-LabPolicyDocument -Bucket piped -Access List -Principal 210987654321)
        (Get-LabBucketPolicy piped).Statement.Action | Should -Be s3:ListBucket
        { New-LabPolicyDocument -Bucket piped -Access Read -Principal * | Set-LabBucketPolicy -ErrorAction Stop } | Should -Throw '*Which bucket*'
    }

    It 'makes and changes a managed policy' {
        New-LabPolicyDocument -Bucket piped -Access Read | New-LabPolicy piped-read | Out-Null
        (Get-LabPolicy piped-read -IncludeDocument).Document.Statement.Action | Should -Be s3:GetObject
        New-LabPolicyDocument -Bucket piped -Access List | Set-LabPolicy piped-read
        (Get-LabPolicy piped-read -IncludeDocument).Document.Statement.Action | Should -Be s3:ListBucket
        (Get-LabPolicy piped-read | Set-LabPolicy -DefaultVersion v1 -PassThru).DefaultVersionId | Should -Be v1
    }

    It 'writes an inline policy' {
        New-LabRole piped-role | Out-Null
        New-LabPolicyDocument -Bucket piped -Access Read | Add-LabPolicyAttachment -Role piped-role -Name read
        (Get-LabPolicyAttachment -Role piped-role -IncludeDocument).Document.Statement.Action | Should -Be s3:GetObject
    }

    It 'passes no gate where no policy comes' {
        { Get-LabUser nobody -ErrorAction SilentlyContinue | Test-LabPolicy s3:DeleteBucket s3://piped -Expect Denied } | Should -Throw '*Nothing came through the pipeline*'
        { Get-LabPolicy nothing -ErrorAction SilentlyContinue | Compare-LabPolicy -MustNotGrant s3:DeleteBucket } | Should -Throw '*Nothing came through the pipeline*'
        { Get-LabPolicy nothing -ErrorAction SilentlyContinue | Compare-LabPolicy (New-LabPolicyDocument -Bucket piped) -NoNewAccess } | Should -Throw '*Nothing came through the pipeline*'
        (Test-LabPolicy s3:DeleteBucket s3://piped -Expect Denied).Decision | Should -Be ImplicitDeny
    }

    It 'tests the users and roles that come' {
        New-LabUser piped-ann | Out-Null
        New-LabRole piped-role -Path /team/ -Policy (New-LabPolicyDocument -Bucket piped) | Out-Null
        (Get-LabUser piped-ann | Test-LabPolicy s3:GetObject s3://piped/a).Decision | Should -Be ImplicitDeny
        $decision = Get-LabRole piped-role | Test-LabPolicy s3:GetObject s3://piped/a
        $decision.Decision | Should -Be Allowed
        $decision.Principal | Should -BeLike '*role/team/piped-role'
        $trust = New-LabPolicyDocument -Allow s3:GetObject -Resource s3://piped/* -Principal $decision.Principal
        (Test-LabPolicy s3:GetObject s3://piped/a -Role piped-role -Principal arn:aws:sts::123456789012:assumed-role/piped-role/s -ResourcePolicy $trust -ResourceAccount 210987654321).Decision | Should -Be Allowed
        { Test-LabPolicy s3:GetObject -Policy @() } | Should -Throw '*empty list*'
    }
}

Describe 'Resolve-LabAccessDenied' -Tag Identity {
    It 'refuses what is no refusal, in one line' {
        Resolve-LabAccessDenied "hello`nworld" -ErrorVariable problem -ErrorAction SilentlyContinue
        "$($problem[0])" | Should -Be 'This is not a refusal of access: hello'
        Get-LabObject nothere-at-all -ErrorVariable missing -ErrorAction SilentlyContinue
        Resolve-LabAccessDenied $missing[0] -ErrorVariable problem -ErrorAction SilentlyContinue
        "$($problem[0])" | Should -BeLike '*not a refusal of access, but NoSuchBucket*'
        Resolve-LabAccessDenied 'Connection refused (127.0.0.1:9000)' -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'NotAccessDenied,*'
        { Resolve-LabAccessDenied $missing } | Should -Throw '*Which error? Give one*'
        (Resolve-LabAccessDenied 'An error occurred (AccessDenied) when calling the GetObject operation: Access Denied').Explanation | Should -Match 'Action'
    }

    It 'shows that there is a suggestion' {
        Resolve-LabAccessDenied 'User: arn:aws:iam::123456789012:user/ann is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::movies/a" because no identity-based policy allows the s3:GetObject action' |
            Out-String -Width 120 | ForEach-Object { $_ -replace '\s' } | Should -Match 'propertySuggestion'
    }
}

Describe 'Find-LabPrincipal' -Tag Identity {
    It 'reads the policy of the bucket' {
        New-LabBucket open-bucket | Out-Null
        Remove-LabBucketPublicAccessBlock open-bucket -Force
        Find-LabPrincipal s3:GetObject s3://open-bucket/a | Should -BeNullOrEmpty
        New-LabPolicyDocument -Bucket open-bucket -Access Read -Principal * | Set-LabBucketPolicy open-bucket
        (Find-LabPrincipal s3:GetObject s3://open-bucket/a).Kind | Should -Contain Everyone
    }

    It 'warns where nobody can do it because there is no such request' {
        Find-LabPrincipal s3:DeleteObject s3://movies -Path $bad -WarningVariable warned -WarningAction SilentlyContinue | Out-Null
        "$warned" | Should -Match 'ask about an object, such as arn:aws:s3:::movies/key'
        Find-LabPrincipal s3:DeleteObject s3://movies/a -Path $bad -WarningVariable warned | Out-Null
        $warned | Should -BeNullOrEmpty
    }

    It 'refuses what is no ARN, and sts:AssumeRole of no role' {
        { Find-LabPrincipal s3:GetObject open-bucket/a } | Should -Throw '*s3://open-bucket/a*'
        { Find-LabPrincipal sts:AssumeRole } | Should -Throw '*trust policy*'
    }

    It 'warns of what could not be read' {
        $account = Join-Path $TestDrive 'account.json'
        '{"UserDetailList":[{"UserName":"ann","Arn":"arn:aws:iam::123456789012:user/ann","AttachedManagedPolicies":[{"PolicyName":"lost","PolicyArn":"arn:aws:iam::123456789012:policy/lost"}]}],"GroupDetailList":[],"RoleDetailList":[],"Policies":[]}' |
            Set-Content $account
        Find-LabPrincipal s3:GetObject s3://movies/a -Path $account -WarningVariable warned -WarningAction SilentlyContinue | Should -BeNullOrEmpty
        "$warned" | Should -Match 'user/ann.*lost'
        { Find-LabPrincipal s3:GetObject s3://movies/a -Path (Join-Path $TestDrive 'none*.json') } | Should -Throw '*Nothing matches*'
    }

    It 'shows a GitHub provider in a table of 80 columns' {
        New-LabBucket shown | Out-Null
        New-LabRole gh -GitHubRepository acme/site -Policy (New-LabPolicyDocument -Bucket shown) | Out-Null
        $lines = Find-LabPrincipal s3:GetObject s3://shown/x | Out-String -Width 80 | ForEach-Object { $_ -split "`n" }
        $lines -match '^Federated\s+\w+\s+gh\s+token\.actions\.githubusercontent\.com' | Should -Not -BeNullOrEmpty
        Remove-LabRole gh -Force
    }

    It 'completes addresses' {
        New-LabBucket complete-me | Out-Null
        foreach ($line in 'Find-LabPrincipal s3:GetObject s3://complete', 'Test-LabPolicy s3:GetObject s3://complete', 'New-LabPolicyDocument -Allow s3:GetObject -Resource s3://complete') {
            (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be 's3://complete-me/'
        }
    }

    It 'shows the way through roles' {
        $fay = Find-LabPrincipal s3:DeleteObject s3://movies/data/a -Path $bad | Where-Object Principal -Like '*user/fay'
        $fay.Via -join ',' | Should -Be 'stage1,stage2'
    }
}

Describe 'New-LabPolicyDocument -FromTrail' -Tag Identity {
    It 'reads gzip from a bucket and a file alike' {
        $record = @{
            eventSource = 's3.amazonaws.com'; eventName = 'GetObject'; eventTime = '2026-11-28T12:00:00Z'; awsRegion = 'us-east-1'
            userIdentity = @{ type = 'IAMUser'; arn = 'arn:aws:iam::123456789012:user/ann'; accountId = '123456789012' }
            requestParameters = @{ bucketName = 'movies'; key = 'data/a' }
        }
        $file = Join-Path $TestDrive 'trail.json.gz'
        $packed = [IO.Compression.GZipStream]::new([IO.File]::Create($file), [IO.Compression.CompressionLevel]::Fastest)
        $bytes = [Text.Encoding]::UTF8.GetBytes((@{ Records = @($record, $record) } | ConvertTo-Json -Depth 6))
        $packed.Write($bytes, 0, $bytes.Length); $packed.Dispose()
        New-LabBucket trail | Out-Null
        Send-LabObject -Path $file -Bucket trail -Key AWSLogs/trail.json.gz | Out-Null
        $document = New-LabPolicyDocument -FromTrail s3://trail/AWSLogs/
        "$($document.Statement)" | Should -Be 'Allow s3:GetObject on arn:aws:s3:::movies/data/a'
        "$(New-LabPolicyDocument -FromTrail $file)" | Should -Be "$document"
    }

    It 'makes a policy of what this session did' {
        New-LabBucket from-session | Out-Null
        Set-LabObjectContent -Bucket from-session -Key a.txt -Value x
        (New-LabPolicyDocument -FromSession).Statement.Action | Should -Contain s3:PutObject
    }
}
