#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . (Join-Path $PSScriptRoot Common.ps1)
}

Describe 'Backup-Bucket with mocks' -Tag Storage {
    BeforeEach {
        Mock Test-LabBucket { $true }
        Mock Measure-LabBucket { [pscustomobject] @{ ObjectCount = 2; Size = 30 } }
        Mock Set-LabObjectContent { [pscustomobject] @{ LastModified = [DateTimeOffset]::UtcNow } }
        Mock Remove-LabObject { }
        Mock Receive-LabObject { }
        Mock Sync-LabObject { [pscustomobject] @{ Name = 'a' }, [pscustomobject] @{ Name = 'b' } } -ParameterFilter { -not $Checksum }
        Mock Sync-LabObject { } -ParameterFilter { $Checksum }
        $earlier = 20, 40, 60, 80 | ForEach-Object { [DateTimeOffset]::UtcNow.AddDays(-$_).ToString('yyyyMMdd\THHmmss\Z') }
        Mock Get-LabObject { foreach ($stamp in $earlier) { [pscustomobject] @{ Key = "movies/$stamp.json" }; [pscustomobject] @{ Prefix = "movies/$stamp/" } } } -ParameterFilter { $Delimiter }
    }

    It 'copies, verifies, completes, then removes what is old' {
        $summary = Invoke-Script Backup-Bucket @{ Bucket = 'movies'; DestinationBucket = 'backup'; KeepDays = 50; KeepCount = 1 }
        $summary.Status | Should -Be Succeeded
        $summary.Result.Removed | Should -Be 2
        $summary.Result.Kept | Should -Be 3
        Should -Invoke Set-LabObjectContent -Times 1 -Exactly -ParameterFilter { $Key -match '^movies/\d{8}T\d{6}Z\.json$' }
        Should -Invoke Remove-LabObject -Times 1 -Exactly -ParameterFilter { $Prefix -eq "movies/$($earlier[3])/" }
        $LASTEXITCODE | Should -Be 0
    }

    It 'keeps the newest good ones whatever their age' {
        $summary = Invoke-Script Backup-Bucket @{ Bucket = 'movies'; DestinationBucket = 'backup'; KeepDays = 1; KeepCount = 4 }
        $summary.Result.Removed | Should -Be 1
        Should -Invoke Remove-LabObject -Times 0 -Exactly -ParameterFilter { "$Prefix$Key" -match $earlier[2] }
    }

    It 'removes nothing when an object could not be copied' {
        Mock Sync-LabObject { Write-Error -ErrorRecord (New-Problem AccessDenied 'Not allowed.') } -ParameterFilter { -not $Checksum }
        $summary = Invoke-Script Backup-Bucket @{ Bucket = 'movies'; DestinationBucket = 'backup'; KeepDays = 1; KeepCount = 1 }
        $summary.ExitCode | Should -Be 1
        $summary.Findings.Code | Should -Be AccessDenied
        Should -Not -Invoke Remove-LabObject
        Should -Not -Invoke Set-LabObjectContent -ParameterFilter { $Key -like '*.json' }
    }

    It 'goes on with the other old backups when one cannot be removed' {
        Mock Remove-LabObject { throw (New-Problem AccessDenied 'Not allowed.') } -ParameterFilter { "$Key" -match $earlier[3] }
        $summary = Invoke-Script Backup-Bucket @{ Bucket = 'movies'; DestinationBucket = 'backup'; KeepDays = 50; KeepCount = 1 }
        $summary.ExitCode | Should -Be 1
        $summary.Result.Removed | Should -Be 1
        $summary.Findings[0].Target | Should -Match $earlier[3]
    }

    It 'cannot run without a network, and changes nothing' {
        Mock Test-LabBucket { throw (New-Problem ConnectionFailed 'Nothing answers at http://127.0.0.1:9.') }
        $summary = Invoke-Script Backup-Bucket @{ Bucket = 'movies'; DestinationBucket = 'backup' }
        $summary.Status, $summary.ExitCode, $summary.Error.Code | Should -Be Failed, 2, ConnectionFailed
        Should -Not -Invoke Sync-LabObject
        $LASTEXITCODE | Should -Be 2
    }

    It 'changes nothing with -WhatIf and says what it would do' {
        $summary = Invoke-Script Backup-Bucket @{ Bucket = 'movies'; DestinationBucket = 'backup'; KeepDays = 1; KeepCount = 1; WhatIf = $true }
        $summary.WhatIf | Should -BeTrue
        foreach ($cmdlet in 'Set-LabObjectContent', 'Remove-LabObject', 'Sync-LabObject') { Should -Not -Invoke $cmdlet }
        $summary.Result.Removed | Should -Be 0
    }

    It 'refuses what makes no sense' {
        { & (Join-Path $runbooks Backup-Bucket.ps1) movies movies } | Should -Throw '*cannot be in it*'
        { & (Join-Path $runbooks Backup-Bucket.ps1) movies backup -KeepCount 0 } | Should -Throw
        { & (Join-Path $runbooks Backup-Bucket.ps1) movies backup -DestinationPrefix a/ } | Should -Throw '*slash*'
        { & (Join-Path $runbooks Backup-Bucket.ps1) movies backup -TimeLimit 0 } | Should -Throw '*more than zero*'
    }
}

Describe 'Backup-Bucket on the emulator' -Tag Storage {
    BeforeAll {
        $emulator = Start-LabEmulator -SetEnvironment
        function Get-Key { @(Get-LabObject backup | ForEach-Object Key) }
        function Add-Old([int] $Days, [switch] $Aborted) {
            $stamp = [DateTimeOffset]::UtcNow.AddDays(-$Days).ToString('yyyyMMdd\THHmmss\Z')
            Set-LabObjectContent backup "movies/$stamp/x" old
            Set-LabObjectContent backup "movies/$stamp.$($Aborted ? 'partial' : 'json')" old
            $stamp
        }
    }

    AfterAll { $emulator | Stop-LabEmulator }

    BeforeEach {
        $null = New-LabBucket movies
        $null = New-LabBucket backup
        1..5 | ForEach-Object { Set-LabObjectContent movies "data/$_.txt" "movie $_" }
        $options = @{ Bucket = 'movies'; DestinationBucket = 'backup' }
    }

    AfterEach { 'movies', 'backup' | Where-Object { Test-LabBucket $_ } | Remove-LabBucket -Force }

    It 'makes a backup that is equal, <Name>' -ForEach @{ Name = 'by checksum'; More = @{} }, @{ Name = 'byte for byte'; More = @{ VerifyContent = $true } } {
        # Names that a file cannot have.
        'a//b', '../up', 'back\slash', 'folder/' | ForEach-Object { Set-LabObjectContent movies $_ $_ }
        $summary = Invoke-Script Backup-Bucket ($options + $More)
        $summary.Status | Should -Be Succeeded
        Sync-LabObject s3://movies $summary.Result.Backup -Checksum -Delete -Force -WhatIf | Should -BeNullOrEmpty
        $record = Get-LabObjectContent backup ($summary.Result.Backup -replace '^s3://backup/(.*)/$', '$1.json') -Raw | ConvertFrom-Json
        $record.objects, $record.run | Should -Be 9, $summary.RunId
        Get-Key | Should -Not -BeLike '*.partial'
    }

    It 'reports an object that cannot be read again, and verifies the others' {
        Mock Receive-LabObject {
            if ($Key -like '*data/3.txt') { throw (New-Problem AccessDenied 'Not allowed.') }
            & $real['Receive-LabObject'] @PesterBoundParameters
        }
        $summary = Invoke-Script Backup-Bucket ($options + @{ VerifyContent = $true })
        $summary.ExitCode, $summary.Result.Mismatches, $summary.Findings.Code | Should -Be 1, 1, AccessDenied
        Should -Invoke Receive-LabObject -ParameterFilter { $Key -like '*data/5.txt' }
        Get-Key | Should -Not -BeLike '*.json'
    }

    It 'finds a copy that is <Kind>, and removes no old backup' -ForEach @(
        @{ Kind = 'longer'; Reason = 'SizeDiffers'; Spoil = { Set-LabObjectContent backup "$($args[0])data/3.txt" 'something longer' } }
        @{ Kind = 'different at the same size'; Reason = 'ContentDiffers'; Spoil = { Set-LabObjectContent backup "$($args[0])data/3.txt" 'movie X' } }
        @{ Kind = 'missing'; Reason = 'Missing'; Spoil = { Remove-LabObject backup "$($args[0])data/3.txt" -Force } }
    ) {
        $old = Add-Old 100
        Mock Sync-LabObject {
            & $real['Sync-LabObject'] @PesterBoundParameters
            if (-not $Checksum) { & $Spoil ($Destination -replace '^s3://backup/') }
        }
        $summary = Invoke-Script Backup-Bucket ($options + @{ KeepDays = 1; KeepCount = 1 })
        $summary.Status, $summary.ExitCode, $summary.Result.Mismatches | Should -Be Findings, 1, 1
        $summary.Findings[0].Message | Should -Match "data/3\.txt.*$Reason"
        $summary.Findings[0].Action | Should -Match 'Run the backup again'
        Get-Key | Should -Contain "movies/$old/x"
        # It is not a good backup.
        (Get-Key) -match '\.json$' | Should -Be "movies/$old.json"
    }

    It 'takes no object that changed meanwhile for a mismatch' {
        Mock Set-LabObjectContent {
            if ($Key -like '*.partial') { [pscustomobject] @{ LastModified = [DateTimeOffset]::UtcNow.AddMinutes(-1) } }
            else { & $real['Set-LabObjectContent'] @PesterBoundParameters }
        }
        Mock Sync-LabObject {
            & $real['Sync-LabObject'] @PesterBoundParameters
            if (-not $Checksum) {
                & $real['Set-LabObjectContent'] movies data/3.txt changed
                & $real['Set-LabObjectContent'] movies data/new.txt new
                Remove-LabObject movies data/4.txt -Force
            }
        }
        $summary = Invoke-Script Backup-Bucket $options
        $summary.Status | Should -Be Succeeded
        $log.message | Should -Contain "'data/3.txt' was changed during the backup"
    }

    It 'removes by age and number, aborted ones too, and nothing that is not a backup' {
        $stamps = 10, 40, 50, 60 | ForEach-Object { Add-Old $_ }
        $aborted = Add-Old 45 -Aborted
        Set-LabObjectContent backup movies/notes/x keep
        Set-LabObjectContent backup other/20200101T000000Z.json keep
        $summary = Invoke-Script Backup-Bucket ($options + @{ KeepDays = 30; KeepCount = 3 })
        # Kept: today's, the one of 10 days, and one more to make three.
        $summary.Result.Removed, $summary.Result.Kept | Should -Be 3, 3
        $keys = Get-Key
        foreach ($stamp in $stamps[0, 1]) { $keys | Should -Contain "movies/$stamp.json" }
        foreach ($stamp in $stamps[2, 3] + $aborted) { $keys -match $stamp | Should -BeNullOrEmpty }
        $keys | Should -Contain movies/notes/x
        $keys | Should -Contain other/20200101T000000Z.json
    }

    It 'changes nothing with -WhatIf' {
        $null = Add-Old 100
        $before = Get-LabObject backup | ForEach-Object { "$($_.Key) $($_.ETag)" }
        $summary = Invoke-Script Backup-Bucket ($options + @{ KeepDays = 1; KeepCount = 1; WhatIf = $true })
        $summary.Result.Objects | Should -Be 5
        Get-LabObject backup | ForEach-Object { "$($_.Key) $($_.ETag)" } | Should -Be $before
    }

    It 'does not back up an empty bucket, unless told to' {
        Get-LabObject movies | Remove-LabObject -Force
        $old = Add-Old 100
        $summary = Invoke-Script Backup-Bucket ($options + @{ KeepDays = 1; KeepCount = 1 })
        $summary.Findings.Code, $summary.ExitCode | Should -Be BucketEmpty, 1
        Get-Key | Should -Contain "movies/$old.json"
        (Invoke-Script Backup-Bucket ($options + @{ AllowEmpty = $true })).Status | Should -Be Succeeded
    }

    It 'ends with exit code <Code> as a process where <Case>' -ForEach @{ Case = 'all is well'; Bucket = 'movies'; Code = 0 }, @{ Case = 'the bucket is missing'; Bucket = 'no-such-bucket'; Code = 2 } {
        $lines = & $pwsh -NoProfile -NonInteractive -File (Join-Path $runbooks Backup-Bucket.ps1) -Bucket $Bucket -DestinationBucket backup -StatePath (Join-Path $TestDrive state) 2>&1
        $LASTEXITCODE | Should -Be $Code -Because ($lines | Out-String)
        if ($Code) { $lines | Out-String | Should -Match "'no-such-bucket' does not exist" }
        # It is no preview, though it previews a synchronization.
        $lines | Out-String | Should -Not -Match 'What if'
    }

    It 'says what to do when no server answers' {
        $old, $env:AWS_ENDPOINT_URL = $env:AWS_ENDPOINT_URL, 'http://127.0.0.1:1'
        try { $lines = & $pwsh -NoProfile -NonInteractive -File (Join-Path $runbooks Backup-Bucket.ps1) -Bucket movies -DestinationBucket backup -StatePath (Join-Path $TestDrive state) 2>&1 }
        finally { $env:AWS_ENDPOINT_URL = $old }
        $LASTEXITCODE | Should -Be 2
        $lines | Out-String -Width 500 | Should -Match 127.0.0.1:1
    }
}
