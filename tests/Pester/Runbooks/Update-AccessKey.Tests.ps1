#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . (Join-Path $PSScriptRoot Common.ps1)
    function New-Key([string] $Id, [double] $Days, [string] $Status = 'Active', [object] $LastUsed) {
        [pscustomobject] @{ UserName = 'ann'; AccessKeyId = $Id; Status = $Status; CreateDate = [DateTimeOffset]::UtcNow.AddDays(-$Days); LastUsed = $LastUsed; LastUsedService = 's3' }
    }
}

Describe 'Update-AccessKey with mocks' -Tag Identity {
    BeforeEach {
        $secret = 'very/Secret+value'
        Mock New-LabAccessKey { [pscustomobject] @{ UserName = 'ann'; AccessKeyId = 'NEW'; Credential = [pscredential]::new('NEW', (ConvertTo-SecureString $secret -AsPlainText)) } }
        Mock Get-LabCallerIdentity { [pscustomobject] @{ Arn = 'arn:aws:iam::123456789012:user/team/ann' } }
        Mock Remove-LabAccessKey { }
        Mock Set-LabUser { }
        Mock Get-LabUser { [pscustomobject] @{ Name = 'ann'; Tags = @{ team = 'films' } } }
        $options = @{ User = 'ann'; HandOver = { $given.Key = $args[0] }; VerifySeconds = 0 }
        $given = @{}
    }

    It 'replaces a key that is due: create, verify, hand over, note, deactivate' {
        Mock Get-LabAccessKey { New-Key OLD 100 }
        $summary = Invoke-Script Update-AccessKey $options
        $summary.Status, $summary.Result.Action, $summary.Result.NewKey, $summary.Result.OldKey | Should -Be Succeeded, Replaced, NEW, OLD
        $given.Key.AccessKeyId | Should -Be NEW
        Should -Invoke Remove-LabAccessKey -Times 1 -Exactly
        Should -Invoke Remove-LabAccessKey -ParameterFilter { $AccessKeyId -eq 'OLD' -and $Deactivate }
        # The tags that the user has stay.
        Should -Invoke Set-LabUser -ParameterFilter { $Tag.team -eq 'films' -and $Tag['runbook-handed-over'] -eq 'NEW' }
        $said + ($log | ConvertTo-Json -Depth 8) + ($summary | ConvertTo-Json -Depth 8) | Should -Not -Match 'very/Secret'
    }

    It 'does nothing before a key is due' {
        Mock Get-LabAccessKey { New-Key OLD 10 }
        (Invoke-Script Update-AccessKey $options).Result.Action | Should -Be None
        Should -Not -Invoke New-LabAccessKey
    }

    It 'deletes the old key after its days, not before' {
        Mock Get-LabAccessKey { New-Key NEW 3; New-Key OLD 100 Inactive }
        (Invoke-Script Update-AccessKey $options).Result.Action | Should -Be None
        Should -Not -Invoke Remove-LabAccessKey
        Mock Get-LabAccessKey { New-Key NEW 8; New-Key OLD 100 Inactive }
        (Invoke-Script Update-AccessKey $options).Result.Action | Should -Be Removed
        Should -Invoke Remove-LabAccessKey -Times 1 -Exactly -ParameterFilter { $AccessKeyId -eq 'OLD' -and -not $Deactivate }
    }

    It 'removes the new key again when <Case>, and leaves the old one alone' -ForEach @(
        @{ Case = 'it is not accepted'; Break = { Mock Get-LabCallerIdentity { throw (New-Problem InvalidClientTokenId 'The key is unknown.') } } }
        @{ Case = 'it is somebody else'; Break = { Mock Get-LabCallerIdentity { [pscustomobject] @{ Arn = 'arn:aws:iam::123456789012:user/joann' } } } }
        @{ Case = 'the receiver throws'; Break = { $options.HandOver = { throw "cannot store $($args[0].Credential.GetNetworkCredential().Password)" } } }
    ) {
        Mock Get-LabAccessKey { New-Key OLD 100 }
        . $Break
        $summary = Invoke-Script Update-AccessKey $options
        $summary.ExitCode, $summary.Findings[0].Code | Should -Be 1, NotHandedOver
        $summary.Findings[0].Action | Should -Match 'OLD works as before'
        Should -Invoke Remove-LabAccessKey -Times 1 -Exactly
        Should -Invoke Remove-LabAccessKey -ParameterFilter { $AccessKeyId -eq 'NEW' }
        $said + ($log | ConvertTo-Json -Depth 8) + ($summary | ConvertTo-Json -Depth 8) | Should -Not -Match 'very/Secret'
    }

    It 'says so when the new key cannot be removed again' {
        Mock Get-LabAccessKey { New-Key OLD 100 }
        Mock Remove-LabAccessKey { throw (New-Problem AccessDenied 'Not allowed.') }
        $options.HandOver = { throw 'no' }
        (Invoke-Script Update-AccessKey $options).Findings[0].Action | Should -Match 'Remove-LabAccessKey NEW ann'
    }

    It 'says so when the old key cannot be deactivated: both work' {
        Mock Get-LabAccessKey { New-Key OLD 100 }
        Mock Remove-LabAccessKey { throw (New-Problem AccessDenied 'Not allowed.') }
        $summary = Invoke-Script Update-AccessKey $options
        $summary.ExitCode, $summary.Findings[0].Code, $summary.Result.Action | Should -Be 1, OldKeyActive, Created
    }

    It 'does not touch two active keys of which it did not hand over the newer' {
        # As after a run that was killed between creating and handing over; verifying has used the key.
        Mock Get-LabAccessKey { New-Key NEW 1 Active ([DateTimeOffset]::UtcNow.AddDays(-1)); New-Key OLD 100 }
        $summary = Invoke-Script Update-AccessKey $options
        $summary.Findings[0].Code, $summary.ExitCode | Should -Be TwoKeys, 1
        Should -Not -Invoke Remove-LabAccessKey
        Should -Not -Invoke New-LabAccessKey
    }

    It 'deactivates the old key after the days of grace, if nobody uses it' {
        Mock Get-LabUser { [pscustomobject] @{ Name = 'ann'; Tags = @{ 'runbook-handed-over' = 'NEW' } } }
        Mock Get-LabAccessKey { New-Key NEW 1.1; New-Key OLD 100 Active ([DateTimeOffset]::UtcNow.AddDays(-1.5)) }
        (Invoke-Script Update-AccessKey ($options + @{ GraceDays = 2 })).Result.Action | Should -Be None
        (Invoke-Script Update-AccessKey ($options + @{ GraceDays = 1 })).Result.Action | Should -Be Deactivated
        Should -Invoke Remove-LabAccessKey -Times 1 -Exactly -ParameterFilter { $AccessKeyId -eq 'OLD' -and $Deactivate }
    }

    It 'leaves an old key active that is still used' {
        Mock Get-LabUser { [pscustomobject] @{ Name = 'ann'; Tags = @{ 'runbook-handed-over' = 'NEW' } } }
        Mock Get-LabAccessKey { New-Key NEW 5; New-Key OLD 100 Active ([DateTimeOffset]::UtcNow) }
        (Invoke-Script Update-AccessKey ($options + @{ GraceDays = 1 })).Findings[0].Code | Should -Be OldKeyUsed
        Should -Not -Invoke Remove-LabAccessKey
    }

    It 'has no room for a third key, and says what to do' {
        Mock Get-LabAccessKey { New-Key NEW 50 Inactive; New-Key OLD 100 }
        $summary = Invoke-Script Update-AccessKey $options
        $summary.Findings[0].Code | Should -Be TwoKeys
        $summary.Findings[0].Action | Should -Match 'Remove-LabAccessKey NEW ann'
        Should -Not -Invoke New-LabAccessKey
    }

    It 'takes a Secret for written that arrived in spite of an error, and keeps both keys if it cannot know' {
        Mock Get-LabAccessKey { New-Key OLD 100 }
        Mock New-LabManifest { @{} }
        Mock Deploy-LabManifest { throw (New-Problem ClusterUnreachable 'The connection was closed.') }
        $options.Remove('HandOver')
        $options.SecretName = 'aws'
        Mock Get-LabResource { [pscustomobject] @{ Data = @{ AWS_ACCESS_KEY_ID = [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes('NEW')) } } }
        (Invoke-Script Update-AccessKey $options).Result.Action | Should -Be Replaced
        Mock Get-LabResource { throw (New-Problem ClusterUnreachable 'No answer.') }
        $summary = Invoke-Script Update-AccessKey $options
        $summary.Findings[0].Code, $summary.Result.NewKey | Should -Be NotHandedOver, NEW
        Should -Invoke Remove-LabAccessKey -Times 1 -Exactly
        Mock Get-LabResource { throw (New-Problem NotFound 'There is none.') }
        $null = Invoke-Script Update-AccessKey $options
        Should -Invoke Remove-LabAccessKey -Times 1 -Exactly -ParameterFilter { $AccessKeyId -eq 'NEW' }
    }

    It 'changes nothing with -WhatIf' {
        Mock Get-LabAccessKey { New-Key OLD 100 }
        (Invoke-Script Update-AccessKey ($options + @{ WhatIf = $true })).Result.Action | Should -Be None
        foreach ($cmdlet in 'New-LabAccessKey', 'Remove-LabAccessKey', 'Set-LabUser') { Should -Not -Invoke $cmdlet }
        $given.Key | Should -BeNullOrEmpty
    }

    It 'cannot run without a network' {
        Mock Get-LabAccessKey { throw (New-Problem ConnectionFailed 'Nothing answers.') }
        (Invoke-Script Update-AccessKey $options).ExitCode | Should -Be 2
    }
}

Describe 'Update-AccessKey on the emulator' -Tag Identity {
    BeforeAll { $emulator = Start-LabEmulator }

    AfterAll { $emulator | Stop-LabEmulator }

    BeforeEach {
        $null = New-LabUser ann -Tag @{ team = 'films' }
        $first = New-LabAccessKey ann
        $options = @{ User = 'ann'; MaxAgeDays = 0; RemoveAfterDays = 0 }
        $given = @{}
    }

    AfterEach {
        # Not the mock that a test has put in its place.
        foreach ($key in Get-LabAccessKey ann) { & $real['Remove-LabAccessKey'] $key.AccessKeyId ann -Force }
        Remove-LabUser ann -Force
    }

    It 'goes through the whole rotation with a script block' {
        $summary = Invoke-Script Update-AccessKey ($options + @{ HandOver = { $given.Key = $args[0] } })
        $summary.Result.Action | Should -Be Replaced
        (Get-LabCallerIdentity -Credential $given.Key.Credential).Arn | Should -BeLike '*:user/ann'
        { Get-LabCallerIdentity -Credential $first.Credential -ErrorAction Stop } | Should -Throw
        (Get-LabUser ann).Tags.team | Should -Be films
        $password = [regex]::Escape($given.Key.Credential.GetNetworkCredential().Password)
        $said + ($log | ConvertTo-Json -Depth 8) + ($summary | ConvertTo-Json -Depth 8) | Should -Not -Match $password

        $summary = Invoke-Script Update-AccessKey @{ User = 'ann'; RemoveAfterDays = 0; HandOver = { throw 'not due' } }
        $summary.Result.Action | Should -Be Removed
        (Get-LabAccessKey ann).AccessKeyId | Should -Be $given.Key.AccessKeyId
    }

    It 'hands over to a script file' {
        $file = Join-Path $TestDrive receiver.ps1
        Set-Content $file "param(`$key) Set-Content '$(Join-Path $TestDrive received.txt)' `$key.AccessKeyId"
        $summary = Invoke-Script Update-AccessKey ($options + @{ HandOverScript = $file })
        Get-Content (Join-Path $TestDrive received.txt) | Should -Be $summary.Result.NewKey
    }

    It 'hands over to a Secret, whose other values stay' {
        $null = New-LabManifest Secret aws -Namespace default -Data @{ REGION = 'eu-central-1' } | Deploy-LabManifest
        $summary = Invoke-Script Update-AccessKey ($options + @{ SecretName = 'aws' })
        $secret = Get-LabResource secret aws -Namespace default
        $values = @{}
        foreach ($name in 'REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY') { $values[$name] = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($secret.Data[$name])) }
        $values.REGION, $values.AWS_ACCESS_KEY_ID | Should -Be eu-central-1, $summary.Result.NewKey
        $credential = [pscredential]::new($values.AWS_ACCESS_KEY_ID, (ConvertTo-SecureString $values.AWS_SECRET_ACCESS_KEY -AsPlainText))
        (Get-LabCallerIdentity -Credential $credential).Arn | Should -BeLike '*:user/ann'
        $secret.Annotations['runbooks/rotated-at'] | Should -Not -BeNullOrEmpty
        ($log | ConvertTo-Json -Depth 8) | Should -Not -Match ([regex]::Escape($values.AWS_SECRET_ACCESS_KEY))
    }

    It 'hands over to a profile, and leaves the rest of the file' {
        $file = Join-Path $TestDrive credentials
        Set-Content $file '[other]', 'aws_access_key_id = X', '[ann]', 'aws_access_key_id = OLD', 'aws_session_token = T', 'region = eu-west-1', '[last]', 'a = b'
        $old, $env:AWS_SHARED_CREDENTIALS_FILE = $env:AWS_SHARED_CREDENTIALS_FILE, $file
        try { $summary = Invoke-Script Update-AccessKey ($options + @{ ProfileName = 'ann' }) } finally { $env:AWS_SHARED_CREDENTIALS_FILE = $old }
        $lines = Get-Content $file
        $lines[0, 1, 2, 3] | Should -Be '[other]', 'aws_access_key_id = X', '[ann]', "aws_access_key_id = $($summary.Result.NewKey)"
        $lines[4] | Should -Match '^aws_secret_access_key = \S{20}'
        $lines[5, 6, 7] | Should -Be 'region = eu-west-1', '[last]', 'a = b'
        if (-not $IsWindows) { (Get-Item $file).UnixFileMode | Should -Be ([IO.UnixFileMode] 'UserRead, UserWrite') }
    }

    It 'leaves a working key, whatever fails: <Case>' -ForEach @(
        @{ Case = 'the hand-over'; Break = { } }
        @{ Case = 'removing the new key'; Break = { Mock Remove-LabAccessKey { throw (New-Problem AccessDenied 'Not allowed.') } } }
        @{ Case = 'verifying'; Break = { Mock Get-LabCallerIdentity { throw (New-Problem InvalidClientTokenId 'Unknown.') } } }
    ) {
        . $Break
        (Invoke-Script Update-AccessKey ($options + @{ HandOver = { throw 'no' }; VerifySeconds = 0 })).ExitCode | Should -Be 1
        (& $real['Get-LabCallerIdentity'] -Credential $first.Credential).Arn | Should -BeLike '*:user/ann'
        (Get-LabAccessKey ann | Where-Object AccessKeyId -EQ $first.AccessKeyId).Status | Should -Be Active
    }

    It 'ends with 2 for a user that does not exist' {
        $summary = Invoke-Script Update-AccessKey @{ User = 'nobody'; HandOver = { } }
        $summary.ExitCode, $summary.Error.Code | Should -Be 2, NoSuchEntity
    }
}
