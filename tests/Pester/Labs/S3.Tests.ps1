#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# The lab examples/s3, on the emulator, and where they are on moto (which has EC2 and enforces no policy) and on another S3 server.

BeforeDiscovery {
    $moto = $null -ne $env:CLOUDLAB_TEST_MOTO
    $s3 = $null -ne $env:CLOUDLAB_TEST_S3
}

BeforeAll { . (Join-Path $PSScriptRoot Common.ps1) }

Describe 'Lab s3 on the emulator' -Tag Storage {
    BeforeAll {
        $parts = Invoke-Lab s3 @{ Emulator = $true }
        $movies = Get-Content -Raw (Join-Path $root examples/movies/data/movies.json) | ConvertFrom-Json
        $users = Get-Content -Raw (Join-Path $root examples/movies/data/users.json) | ConvertFrom-Json
    }

    It 'uploads the site and reads it back' {
        $parts.upload.Keys | Should -Be 'data/movies.json', 'data/users.json', 'index.html'
        $parts.upload.Users, $parts.upload.First | Should -Be $users.Count, $users[0].name
    }

    It 'waits for what comes later, and not for ever' {
        $parts.waiters.Waited, $parts.waiters.Timeout | Should -Be done.txt, WaitTimeout
        $said | Should -Match 'never\.txt to exist'
    }

    It 'counts the pages of a list' {
        $parts.pages.Objects, $parts.pages.Requests, $parts.pages.RequestsForTheFirst | Should -Be 25, 3, 2
    }

    It 'shows that a key is not a path' {
        $parts.keys.Keys | Should -Be 'reports//odd.txt', 'reports/2026', 'reports/2026/may.txt'
        $parts.keys.Shown | Should -Be 'reports//', 'reports/2026', 'reports/2026/'
        $parts.keys.FolderIsGone, $parts.keys.Copied | Should -Be $true, 2
    }

    It 'refuses the reader to write, and says which statement would allow it' {
        $parts.privilege.Decisions | Should -Be Allowed, ImplicitDeny
        $parts.privilege.Read, $parts.privilege.Refused, $parts.privilege.Action | Should -Be $users.Count, $true, 's3:PutObject'
        $parts.privilege.WideFindings | Should -BeGreaterThan 0
        $parts.privilege.NarrowFindings | Should -Be 0
        $parts.privilege.Suggestion.Statement.Resource | Should -BeLike 'arn:aws:s3:::movies-lab-*/data/users.json'
    }

    It 'gives a role to an instance, and no key' {
        $parts.instance.Profile | Should -Be $parts.instance.Role
        $parts.instance.KeyInScript | Should -BeFalse
        $said | Should -Match 'No instance is started: that needs EC2'
    }

    It 'serves the website, to read only' {
        $parts.website.Blocked, $parts.website.Status, $parts.website.Title, $parts.website.Movies, $parts.website.Write | Should -Be $true, 200, Movies, $movies.Count, 403
    }

    It 'leaves nothing behind, and the session as it was' {
        $warned | Should -BeNullOrEmpty
        Get-LabEmulator | Should -BeNullOrEmpty
        $emulator = Start-LabEmulator
        try {
            $session = Get-LabSession
            $parts = Invoke-Lab s3 @{ Step = 'privilege', 'instance' }
            $said | Should -Match 'This lab runs on http://127\.0\.0\.1'
            $parts.Keys | Sort-Object | Should -Be instance, privilege
            (Get-LabSession).Credential.Value | Should -Be $session.Credential.Value
            Get-LabBucket | Should -BeNullOrEmpty
            Get-LabRole | Should -BeNullOrEmpty
            Get-LabInstanceProfile | Should -BeNullOrEmpty
        }
        finally { $emulator | Stop-LabEmulator }
    }

    It 'cleans up after an error, too' {
        $emulator = Start-LabEmulator
        try {
            Mock New-LabInstanceProfile { throw 'broken' }
            { Invoke-Lab s3 @{ Step = 'instance' } } | Should -Throw broken
            Get-LabBucket | Should -BeNullOrEmpty
            Get-LabRole | Should -BeNullOrEmpty
        }
        finally { $emulator | Stop-LabEmulator }
    }

    It 'leaves everything with -Keep' {
        $emulator = Start-LabEmulator
        try {
            $null = Invoke-Lab s3 @{ Step = 'upload'; Keep = $true }
            $bucket = @(Get-LabBucket).Bucket
            $bucket | Should -BeLike movies-lab-*
            (Get-LabObject $bucket).Key | Should -Contain data/users.json
        }
        finally { $emulator | Stop-LabEmulator }
    }
}

Describe 'Lab s3 on moto' -Tag Identity -Skip:(-not $moto) {
    BeforeAll {
        $before = Set-Environment @{ AWS_ENDPOINT_URL = $env:CLOUDLAB_TEST_MOTO; AWS_ACCESS_KEY_ID = 'moto'; AWS_SECRET_ACCESS_KEY = 'moto'; AWS_REGION = 'us-east-1' }
        $parts = Invoke-Lab s3 @{ ImageId = 'ami-12c6146b' }
    }

    AfterAll { $null = Set-Environment $before }

    It 'starts an instance with the role, and removes it' {
        $parts.instance.Instance | Should -Match '^i-'
        $parts.instance.InstanceState | Should -Be Running
        $parts.instance.InstanceProfile | Should -BeLike "*$($parts.instance.Profile)"
        (Get-LabInstance $parts.instance.Instance).State | Should -Be Terminated
        Get-LabRole "$($parts.instance.Role)" -ErrorAction Ignore | Should -BeNullOrEmpty
        $warned | Should -BeNullOrEmpty
    }

    It 'says that moto refuses nothing, and decides by itself' {
        $parts.privilege.Refused | Should -BeFalse
        $said | Should -Match 'does not enforce policies'
        $parts.privilege.Decisions | Should -Be Allowed, ImplicitDeny
    }
}

Describe 'Lab s3 on another S3 server' -Tag Storage -Skip:(-not $s3) {
    BeforeAll {
        $before = Set-Environment @{ AWS_ENDPOINT_URL = $env:CLOUDLAB_TEST_S3; AWS_ACCESS_KEY_ID = $env:CLOUDLAB_TEST_S3_ACCESS_KEY; AWS_SECRET_ACCESS_KEY = $env:CLOUDLAB_TEST_S3_SECRET_KEY; AWS_REGION = 'us-east-1' }
        $parts = Invoke-Lab s3
    }

    AfterAll { $null = Set-Environment $before }

    It 'shows the same there' {
        $parts.upload.Users, $parts.pages.Requests, $parts.keys.FolderIsGone | Should -Be 40, 3, $true
        $parts.privilege.Refused, $parts.privilege.Action | Should -Be $true, s3:PutObject
        if ($parts.website.State -eq 'LeftOut') { $parts.website.Reason | Should -Match 'has no websites \(.*(MethodNotAllowed|NotImplemented)\)' }
        else { $parts.website.Status, $parts.website.Write | Should -Be 200, 403 }
        $warned | Should -BeNullOrEmpty
    }
}
