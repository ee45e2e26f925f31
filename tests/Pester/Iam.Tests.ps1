#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# IAM's users, groups, keys, policies and roles in the real engine: secrets, pipelines, order, completion.

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

Describe 'Users, groups and keys' -Tag Identity {
    AfterEach {
        Get-LabUser | Remove-LabUser -Force
        Get-LabGroup | Remove-LabGroup -Force
        Get-LabRole | Remove-LabRole -Force
        Get-LabPolicy | Remove-LabPolicy -Force
    }

    It 'hands out the secret of a key once, as a credential that works, and shows it nowhere else' {
        $said = New-LabUser ann | New-LabAccessKey -Verbose 4>&1
        $key = $said | Where-Object { $_ -isnot [System.Management.Automation.VerboseRecord] }
        $key.Credential | Should -BeOfType pscredential
        $key.Credential.UserName | Should -Be $key.AccessKeyId
        (Get-LabCallerIdentity -Credential $key.Credential).Arn | Should -BeLike '*:user/ann'
        $secret = $key.Credential.GetNetworkCredential().Password
        $secret.Length | Should -Be 40
        "$($said | Out-String) $($key | Format-List * | Out-String) $($key | ConvertTo-Json -Depth 4) $($key | ConvertTo-Csv)" | Should -Not -Match ([regex]::Escape($secret))
        (Get-LabAccessKey ann).PSObject.Properties.Name | Should -Not -Contain Credential
        $key | Out-String -Width 120 | Should -Match '(?s)Credential.*has the secret'
        Get-LabAccessKey ann | Out-String -Width 120 | Should -Not -Match 'Credential|secret'
    }

    It 'replaces a key: the new one works, the old one does not' {
        $old = New-LabUser ann | New-LabAccessKey
        $new = Get-LabUser ann | Get-LabAccessKey | Update-LabAccessKey
        (Get-LabCallerIdentity -Credential $new.Credential).Arn | Should -BeLike '*:user/ann'
        { Get-LabCallerIdentity -Credential $old.Credential } | Should -Throw -ErrorId 'InvalidClientTokenId,*'
        (Get-LabAccessKey ann).AccessKeyId | Should -Be $new.AccessKeyId
    }

    It 'says for each kind of thing which cmdlet lists it' {
        foreach ($read in { Get-LabUser none }, { Get-LabGroup none }, { Get-LabRole none }, { Get-LabInstanceProfile none }) {
            $problem = $null
            $ErrorActionPreference = 'Continue'
            & $read 2>&1 | ForEach-Object { $problem = $_ }
            $problem.FullyQualifiedErrorId | Should -BeLike 'NoSuchEntity,*'
            $problem.ErrorDetails.RecommendedAction | Should -BeLike "$(("$read".Trim() -split ' ')[0]) lists *"
        }
    }

    It 'has columns for groups and keys where they are asked for, and else none' {
        New-LabUser ann | New-LabAccessKey | Out-Null
        $null = New-LabGroup staff; Add-LabGroupMember staff -User ann
        Get-LabUser ann | Out-String | Should -Not -Match 'Groups|AccessKeys'
        Get-LabUser ann -IncludeGroup -IncludeKey | Out-String | Should -Match '(?s)Groups.*AccessKeys.*staff +1 '
    }

    It 'says in one way that nobody can confirm, whatever it is' {
        $null = New-LabUser ann, bob | New-LabAccessKey
        $key = (Get-LabAccessKey ann).AccessKeyId
        $alone = [powershell]::Create().AddScript({
                param($Module, $Endpoint, $Key)
                Import-Module $Module
                $null = Connect-Lab -Emulator $Endpoint
                $ErrorActionPreference = 'Stop'
                foreach ($ask in { Remove-LabUser ann }, { Remove-LabAccessKey $Key -User ann }, { Remove-LabUser * -Force }) {
                    try { & $ask } catch { "$($_.FullyQualifiedErrorId) $($_.Exception.Message) $($_.ErrorDetails.RecommendedAction)" }
                }
            }).AddArgument((Join-Path (Get-Module CloudLab).ModuleBase CloudLab.psd1)).AddArgument($script:emulator).AddArgument($key)
        $said = $alone.Invoke()
        $alone.Dispose()
        $said | Should -HaveCount 3
        $said | Should -BeLike 'ConfirmationNeeded,*A confirmation is needed for *, and nobody can be asked for it. *-Confirm:$false*'
        (Get-LabUser).Name | Should -Be ann, bob
    }

    It 'says that keys go to AWS while an emulator is running' {
        $key = New-LabUser ann | New-LabAccessKey
        try {
            $null = Connect-Lab -Credential $key.Credential -Region us-east-1 -SkipCheck -WarningVariable said -WarningAction SilentlyContinue
            $said | Should -BeLike "*not at the emulator*$($script:emulator.EndpointUrl)*"
            $null = $script:emulator | Connect-Lab -Credential $key.Credential -WarningVariable said -WarningAction SilentlyContinue
            $said | Should -BeNullOrEmpty
            (Get-LabCallerIdentity).Arn | Should -BeLike '*:user/ann'
        }
        finally { $null = $script:emulator | Connect-Lab }
    }

    It 'binds users, groups and roles through the pipeline' {
        $null = New-LabGroup editors | Add-LabPolicyAttachment -Name read -Policy (New-LabPolicyDocument -Bucket movies)
        'ann', 'bob' | New-LabUser -Group editors | New-LabAccessKey | Out-Null
        (Get-LabUser | Get-LabAccessKey).UserName | Sort-Object | Should -Be 'ann', 'bob'
        (Get-LabUser | Get-LabGroupMember).GroupName | Should -Be 'editors', 'editors'
        (Get-LabGroup | Get-LabGroupMember).UserName | Sort-Object | Should -Be 'ann', 'bob'
        (Get-LabGroup editors | Get-LabPolicyAttachment).PolicyName | Should -Be read
        'x', 'y' | New-LabRole -Service ec2 -ManagedPolicy AmazonS3ReadOnlyAccess | Out-Null
        Get-LabRole | Get-LabPolicyAttachment | Remove-LabPolicyAttachment -Force
        Get-LabRole | Get-LabPolicyAttachment | Should -BeNullOrEmpty
        (Get-LabUser a*).Name | Should -Be ann
    }

    It 'lists in order what it fetches side by side, and stops when enough is seen' {
        $names = 1..40 | ForEach-Object { 'u{0:00}' -f $_ }
        $names | New-LabUser | Out-Null
        (Get-LabUser -IncludeGroup -IncludeKey).Name | Should -Be $names
        (Get-LabUser -IncludeGroup -IncludeKey | Select-Object -First 2).Name | Should -Be 'u01', 'u02'
    }

    It 'names all that hangs on a role in one error' {
        New-LabRole server -Service ec2 -ManagedPolicy AmazonS3ReadOnlyAccess -Policy (New-LabPolicyDocument -Bucket movies) | New-LabInstanceProfile | Out-Null
        $failure = { Remove-LabRole server -Confirm:$false -ErrorAction Stop } | Should -Throw -ErrorId 'DeleteConflict,*' -PassThru
        "$failure" | Should -BeLike "*instance profile 'server'*inline policy 'server'*AmazonS3ReadOnlyAccess*"
        $failure.ErrorDetails.RecommendedAction | Should -BeLike '*-Force*'
        Remove-LabRole server -Force
        Remove-LabInstanceProfile server -Confirm:$false
    }

    It 'changes users and roles' {
        New-LabUser ann -Tag @{ team = 'a' } | Out-Null
        $user = Get-LabUser ann | Set-LabUser -NewName eve -Tag @{ team = 'b' } -PassThru
        $user.Name, $user.Tags['team'] | Should -Be 'eve', 'b'
        Get-LabUser ann* | Should -BeNullOrEmpty
        New-LabRole server -Service ec2 | Out-Null
        $role = Get-LabRole server | Set-LabRole -Description web -MaxSessionDuration 02:00:00 -PassThru
        $role.Description, "$($role.MaxSessionDuration)" | Should -Be 'web', '02:00:00'
        (Get-LabRole server).Description | Should -Be web
    }

    It 'waits for a role, and says which one did not come' {
        New-LabRole server -TrustedPrincipal (Get-LabCallerIdentity).Account | Out-Null
        (Wait-LabRole server -Exists).Name | Should -Be server
        (Wait-LabRole server -Usable).Name | Should -Be server
        { Wait-LabRole nobody -Exists -Timeout 00:00:00.3 -PollInterval 00:00:00.1 -ErrorAction Stop } | Should -Throw "*nobody*"
    }

    It 'replaces a policy and removes its old version' {
        New-LabPolicy movies (New-LabPolicyDocument -Bucket movies) | Out-Null
        Set-LabPolicy movies (New-LabPolicyDocument -Bucket films)
        (Get-LabPolicy movies).DefaultVersionId | Should -Be v2
        (Get-LabPolicyVersion movies).VersionId | Sort-Object | Should -Be 'v1', 'v2'
        Set-LabPolicy movies -DefaultVersion v1
        { Remove-LabPolicyVersion movies v1 -Force -ErrorAction Stop } | Should -Throw -ErrorId 'DeleteConflict,*'
        Remove-LabPolicyVersion movies v2 -Force
        (Get-LabPolicyVersion movies).VersionId | Should -Be v1
    }

    It 'takes users out of groups and keys from users' {
        New-LabGroup editors | Out-Null
        'ann', 'bob' | New-LabUser -Group editors | Out-Null
        Remove-LabGroupMember editors ann -Force
        (Get-LabGroupMember editors).UserName | Should -Be bob
        $key = New-LabAccessKey ann
        Remove-LabAccessKey $key.AccessKeyId ann -Deactivate -Force
        (Get-LabAccessKey ann).Status | Should -Be Inactive
        Get-LabAccessKey ann | Remove-LabAccessKey -Force
        Get-LabAccessKey ann | Should -BeNullOrEmpty
    }

    It 'gives an instance profile another role' {
        'web', 'db' | New-LabRole -Service ec2 | Out-Null
        New-LabInstanceProfile servers -Role web | Out-Null
        Remove-LabInstanceProfileRole servers web -Force
        (Get-LabInstanceProfile servers).RoleName | Should -BeNullOrEmpty
        Add-LabInstanceProfileRole servers db
        (Get-LabInstanceProfile serv*).RoleName | Should -Be db
        Remove-LabInstanceProfile servers -Force
        Get-LabInstanceProfile | Should -BeNullOrEmpty
    }

    It 'completes names of users, groups, policies and versions' {
        New-LabUser ann | Out-Null
        New-LabGroup editors | Out-Null
        New-LabPolicy movies-read (New-LabPolicyDocument -Bucket movies) | Out-Null
        foreach ($case in ('Get-LabUser a', 'ann'), ('Add-LabGroupMember ed', 'editors'), ('Get-LabPolicy mov', 'movies-read'),
            ('Get-LabPolicyVersion movies-read v', 'v1'), ('New-LabRole x -ManagedPolicy AmazonS3R', 'AmazonS3ReadOnlyAccess'), ('New-LabRole x -Service ec', 'ec2')) {
            (TabExpansion2 $case[0] $case[0].Length).CompletionMatches[0].CompletionText | Should -Be $case[1]
        }
    }
}
