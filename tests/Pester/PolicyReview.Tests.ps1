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

Describe 'Find-LabPrincipal' -Tag Identity {
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
