#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    Import-Module (Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1')
    $script:kept = @{}
    foreach ($name in Get-ChildItem env: | Where-Object Name -Match '^(AWS_|KUBECONFIG|DOCKER_)' | ForEach-Object Name) {
        $script:kept[$name] = [Environment]::GetEnvironmentVariable($name)
        [Environment]::SetEnvironmentVariable($name, $null)
    }
    $env:AWS_EC2_METADATA_DISABLED = 'true'
    $env:AWS_CONFIG_FILE = Join-Path $TestDrive 'config'
    $env:AWS_SHARED_CREDENTIALS_FILE = Join-Path $TestDrive 'credentials'

    # A call of IAM that no cmdlet has, signed (Signature Version 4).
    function Invoke-Iam([string] $Endpoint, [pscredential] $Credential, [System.Collections.Specialized.OrderedDictionary] $Parameters) {
        $hash = { [Convert]::ToHexString([Security.Cryptography.SHA256]::HashData([Text.Encoding]::UTF8.GetBytes($args[0]))).ToLowerInvariant() }
        $hmac = { , [Security.Cryptography.HMACSHA256]::HashData([byte[]] $args[0], [Text.Encoding]::UTF8.GetBytes($args[1])) }
        $time = [datetime]::UtcNow.ToString('yyyyMMddTHHmmssZ')
        $scope = "$($time.Substring(0, 8))/us-east-1/iam/aws4_request"
        $body = (@($Parameters.GetEnumerator() | ForEach-Object { "$($_.Key)=$([uri]::EscapeDataString($_.Value))" }) + 'Version=2010-05-08') -join '&'
        $signed = 'host;x-amz-date'
        $request = 'POST', '/', '', "host:$(([uri] $Endpoint).Authority)", "x-amz-date:$time", '', $signed, (& $hash $body) -join "`n"
        $key = [Text.Encoding]::UTF8.GetBytes('AWS4' + $Credential.GetNetworkCredential().Password)
        foreach ($part in $scope -split '/') { $key = & $hmac $key $part }
        $signature = [Convert]::ToHexString((& $hmac $key ('AWS4-HMAC-SHA256', $time, $scope, (& $hash $request) -join "`n"))).ToLowerInvariant()
        Invoke-RestMethod $Endpoint -Method Post -Body $body -ContentType 'application/x-www-form-urlencoded' -SkipHeaderValidation -Headers @{
            'x-amz-date' = $time; Authorization = "AWS4-HMAC-SHA256 Credential=$($Credential.UserName)/$scope, SignedHeaders=$signed, Signature=$signature"
        }
    }

    # The code that an authenticator shows (RFC 6238), a number of steps of 30 seconds from now.
    function Get-MfaCode([string] $Seed, [int] $Step) {
        $bits = -join ($Seed.TrimEnd('=').ToCharArray() | ForEach-Object { [Convert]::ToString('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.IndexOf($_), 2).PadLeft(5, '0') })
        [byte[]] $key = for ($i = 0; $i + 8 -le $bits.Length; $i += 8) { [Convert]::ToByte($bits.Substring($i, 8), 2) }
        [byte[]] $count = [BitConverter]::GetBytes([long] [Math]::Floor([DateTimeOffset]::UtcNow.ToUnixTimeSeconds() / 30) + $Step)
        [array]::Reverse($count)
        [int[]] $mac = [Security.Cryptography.HMACSHA1]::HashData($key, $count)
        $at = $mac[19] -band 15
        '{0:000000}' -f (((($mac[$at] -band 127) -shl 24) -bor ($mac[$at + 1] -shl 16) -bor ($mac[$at + 2] -shl 8) -bor $mac[$at + 3]) % 1000000)
    }
}

AfterAll {
    Disconnect-Lab
    $env:AWS_EC2_METADATA_DISABLED = $env:AWS_CONFIG_FILE = $env:AWS_SHARED_CREDENTIALS_FILE = $null
    foreach ($name in $script:kept.Keys) { [Environment]::SetEnvironmentVariable($name, $script:kept[$name]) }
}

Describe 'Get-LabSession' -Tag Sessions {
    AfterEach {
        Disconnect-Lab
        $env:AWS_REGION = $null
    }

    It 'says where each value came from' {
        $env:AWS_REGION = 'eu-west-1'
        (Get-LabSession).Region.ToString() | Should -Be 'eu-west-1 (environment AWS_REGION)'
        (Get-LabSession -Region ap-south-1).Region.ToString() | Should -Be 'ap-south-1 (parameter)'
    }

    It 'sees a variable that changes between two commands' {
        (Get-LabSession).Region.Source | Should -Be 'default'
        $env:AWS_REGION = 'eu-west-1'
        (Get-LabSession).Region.Value | Should -Be 'eu-west-1'
    }

    It 'never shows a secret' {
        $key = [pscredential]::new('AKIDTEST', (ConvertTo-SecureString 'very-secret' -AsPlainText -Force))
        $text = Get-LabSession -Credential $key | Format-List -Property * -Force | Out-String -Width 300
        $text | Should -Match 'AKIDTEST'
        $text | Should -Not -Match 'very-secret'
    }

    It 'formats as a list with the sources' {
        $env:AWS_REGION = 'eu-west-1'
        Get-LabSession | Out-String -Width 200 | Should -Match 'Region\s+: eu-west-1 \(environment AWS_REGION\)'
    }

    It 'refuses a session token without keys' {
        { Get-LabSession -SessionToken (ConvertTo-SecureString 'x' -AsPlainText -Force) } |
            Should -Throw -ErrorId 'SessionTokenAlone*'
    }
}

Describe 'Connect-Lab' -Tag Sessions {
    BeforeAll {
        # A server that has S3 and nothing else: what is meant for STS is not allowed, as other servers answer it.
        function Start-WithoutSts([uri] $Behind) {
            $listener = [System.Net.HttpListener]::new()
            $probe = [System.Net.Sockets.TcpListener]::new([ipaddress]::Loopback, 0)
            $probe.Start()
            $port = $probe.LocalEndpoint.Port
            $probe.Stop()
            $listener.Prefixes.Add("http://127.0.0.1:$port/")
            $listener.Start()
            $job = Start-ThreadJob {
                param($listener, $behind)
                $client = [System.Net.Http.HttpClient]::new()
                while ($listener.IsListening) {
                    try { $context = $listener.GetContext() } catch [System.Net.HttpListenerException], [ObjectDisposedException] { break }
                    if ($context.Request.HttpMethod -eq 'POST') {
                        $context.Response.StatusCode = 405
                    }
                    else {
                        $request = [System.Net.Http.HttpRequestMessage]::new('GET', [uri]::new($behind, $context.Request.RawUrl))
                        foreach ($name in $context.Request.Headers.AllKeys) { $null = $request.Headers.TryAddWithoutValidation($name, $context.Request.Headers[$name]) }
                        $answer = $client.SendAsync($request).Result
                        $context.Response.StatusCode = [int] $answer.StatusCode
                        $body = $answer.Content.ReadAsByteArrayAsync().Result
                        $context.Response.OutputStream.Write($body, 0, $body.Length)
                    }
                    $context.Response.Close()
                }
            } -ArgumentList $listener, $Behind
            @{ Url = "http://127.0.0.1:$port"; Stop = { $listener.Stop(); $job | Wait-Job | Remove-Job }.GetNewClosure() }
        }
    }

    AfterEach { Disconnect-Lab }

    It 'sets the defaults of this runspace and of no other' {
        $null = Connect-Lab -Region eu-central-1 -SkipCheck
        (Get-LabSession).Region.ToString() | Should -Be 'eu-central-1 (Connect-Lab)'
        $other = [powershell]::Create().AddScript("Import-Module '$((Get-Module CloudLab).Path)'; (Get-LabSession).Region.Value")
        try { $other.Invoke() | Should -Be 'us-east-1' } finally { $other.Dispose() }
    }

    It 'gives way to a parameter and to a session object' {
        $session = Get-LabSession -Region eu-west-3
        $null = Connect-Lab -Region eu-central-1 -SkipCheck
        (Get-LabSession -Region sa-east-1).Region.Value | Should -Be 'sa-east-1'
        (Get-LabSession -Session $session).Region.Value | Should -Be 'eu-west-3'
    }

    It 'is undone by Disconnect-Lab, which -WhatIf holds back' {
        $null = Connect-Lab -Region eu-central-1 -SkipCheck
        Disconnect-Lab -WhatIf
        (Get-LabSession).Region.Value | Should -Be 'eu-central-1'
        Disconnect-Lab
        (Get-LabSession).Region.Value | Should -Be 'us-east-1'
    }

    It 'says who the credentials stand for' {
        $emulator = Start-LabEmulator
        try {
            (Connect-Lab -Session (Get-LabSession)).Identity.Value | Should -Match '^arn:aws:iam::\d+:root$'
        }
        finally { Stop-LabEmulator }
    }

    It 'leaves the defaults alone when the keys are refused' {
        $emulator = Start-LabEmulator
        try {
            $wrong = [pscredential]::new('AKIDWRONG', (ConvertTo-SecureString 'x' -AsPlainText -Force))
            { Connect-Lab -Credential $wrong -EndpointUrl $emulator.EndpointUrl } | Should -Throw -ErrorId 'InvalidClientTokenId*'
            (Get-LabCallerIdentity).Arn | Should -Match 'root$'
        }
        finally { Stop-LabEmulator }
    }

    It 'warns when there are no AWS credentials, and serves the other systems all the same' {
        $warnings = @()
        $session = Connect-Lab -Namespace movies -WarningVariable warnings -WarningAction SilentlyContinue
        $session.Namespace.Value | Should -Be 'movies'
        $warnings | Should -Match 'No AWS credentials'
    }

    It 'reads the other profiles where a line of the shared files is odd: <Where>' -ForEach @(
        @{ Where = 'AWS_CONFIG_FILE'; Set = { "`$env:AWS_CONFIG_FILE = '$home2/.aws/config'" } }
        @{ Where = '~/.aws/config'; Set = { '' } }
    ) {
        $emulator = Start-LabEmulator -NoDefault
        try {
            $home2 = Join-Path $TestDrive 'a home'
            $null = New-Item -ItemType Directory "$home2/.aws" -Force
            Set-Content "$home2/.aws/config" "[profile lab] # mine`nthis line is odd`n  region = eu-north-1`n  endpoint_url = $emulator`n[profile sso]`nsso_start_url = https://lab.example/start`nsso_region = eu-west-1`nsso_account_id = 1`nsso_role_name = R"
            Set-Content "$home2/.aws/credentials" "[lab]`naws_access_key_id = $($emulator.AccessKey)`naws_secret_access_key = $($emulator.GetEnvironment()['AWS_SECRET_ACCESS_KEY'])"
            $script = "`$env:AWS_CONFIG_FILE = `$env:AWS_SHARED_CREDENTIALS_FILE = `$null; $(& $Set); `$env:AWS_SHARED_CREDENTIALS_FILE = '$home2/.aws/credentials'; " +
                "Import-Module '$(Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1')'; " +
                "(Get-LabCallerIdentity -ProfileName lab).Arn; @(Get-LabBucket -ProfileName lab).Count; try { Get-LabBucket -ProfileName sso } catch { `$_.FullyQualifiedErrorId }"
            $kept = $env:HOME, $env:USERPROFILE
            try {
                $env:HOME = $env:USERPROFILE = $home2
                $said = & ($env:PWSH ? $env:PWSH : (Get-Process -Id $PID).Path) -NoProfile -NonInteractive -Command $script
            }
            finally { $env:HOME, $env:USERPROFILE = $kept }
            $said | Should -Be "arn:aws:iam::$($emulator.AccountId):root", '0', 'SsoSignInRequired,CloudLab.Cmdlets.Storage.Buckets.GetLabBucketCommand'
        }
        finally { Stop-LabEmulator }
    }

    It 'needs no folder for temporary files' {
        $emulator = Start-LabEmulator -NoDefault
        $variables = $emulator.GetEnvironment()
        $none = Join-Path $TestDrive 'no such folder'
        $variables['TMPDIR'] = $variables['TMP'] = $variables['TEMP'] = $none
        $kept = @{}
        try {
            foreach ($name in @($variables.Keys)) {
                $kept[$name] = [Environment]::GetEnvironmentVariable($name)
                [Environment]::SetEnvironmentVariable($name, $variables[$name])
            }
            $script = "Import-Module '$(Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1')'; (Get-LabCallerIdentity).Arn; @(Get-LabBucket).Count"
            # PowerShell itself says that there is no drive Temp:.
            $said = & ($env:PWSH ? $env:PWSH : (Get-Process -Id $PID).Path) -NoProfile -NonInteractive -Command $script 2>&1
            $said | Select-Object -Last 2 | Should -Be "arn:aws:iam::$($emulator.AccountId):root", '0'
        }
        finally {
            foreach ($name in $kept.Keys) { [Environment]::SetEnvironmentVariable($name, $kept[$name]) }
            Stop-LabEmulator
        }
    }

    It 'names a profile that is not there' {
        { Connect-Lab -ProfileName nobody } | Should -Throw "*'nobody'*" -ErrorId 'ProfileNotFound*'
    }

    It 'tells a wrong secret from a right one where there is no STS' {
        $emulator = Start-LabEmulator -NoDefault
        $server = Start-WithoutSts $emulator.EndpointUrl
        try {
            $keys = $emulator.GetEnvironment()
            $right, $wrong = $keys['AWS_SECRET_ACCESS_KEY'], 'wrong' | ForEach-Object { [pscredential]::new($emulator.AccessKey, (ConvertTo-SecureString $_ -AsPlainText -Force)) }
            { Connect-Lab -Credential $wrong -EndpointUrl $server.Url } | Should -Throw -ErrorId 'SignatureDoesNotMatch*'
            (Get-LabSession).S3Endpoint.Value | Should -BeNullOrEmpty
            $session = Connect-Lab -Credential $right -EndpointUrl $server.Url -WarningVariable warnings -WarningAction SilentlyContinue
            $session.S3Endpoint.Value | Should -Be $server.Url
            $warnings | Should -BeLike 'The server does not report whose credentials these are*'
        }
        finally {
            & $server.Stop
            Stop-LabEmulator
        }
    }

    It 'goes back to a running emulator after a role' {
        $emulator = Start-LabEmulator
        try {
            $null = New-LabRole guest
            Use-LabRole guest
            (Get-LabCallerIdentity).Arn | Should -BeLike '*assumed-role/guest/*'
            (Get-LabEmulator | Connect-Lab).Identity.Value | Should -BeLike '*:root'
            (Get-LabCallerIdentity).Arn | Should -BeLike '*:root'
            (Get-LabSession).S3Endpoint.ToString() | Should -Be "$emulator (emulator $($emulator.Id))"
            (Connect-Lab -Emulator $emulator -Region eu-west-3).Region.Value | Should -Be eu-west-3
        }
        finally { Stop-LabEmulator }
        { $emulator | Connect-Lab } | Should -Throw -ErrorId 'EmulatorStopped*'
        (Get-LabSession).S3Endpoint.Value | Should -BeNullOrEmpty
    }

    It 'asks for the code of an MFA device, once' {
        $emulator = Start-LabEmulator -NoDefault
        try {
            $root = [pscredential]::new($emulator.AccessKey, (ConvertTo-SecureString $emulator.GetEnvironment()['AWS_SECRET_ACCESS_KEY'] -AsPlainText -Force))
            $session = Get-LabSession -EndpointUrl $emulator.EndpointUrl -Credential $root
            $null = New-LabRole guest -Session $session
            $key = New-LabUser me -Session $session | New-LabAccessKey -Session $session
            Add-LabPolicyAttachment -User me -Name assume -Policy (New-LabPolicyDocument -Allow sts:AssumeRole -Resource '*') -Session $session | Out-Null
            $device = (Invoke-Iam $emulator.EndpointUrl $root ([ordered]@{ Action = 'CreateVirtualMFADevice'; VirtualMFADeviceName = 'me' })).CreateVirtualMFADeviceResponse.CreateVirtualMFADeviceResult.VirtualMFADevice
            $seed = [Text.Encoding]::ASCII.GetString([Convert]::FromBase64String($device.Base32StringSeed))
            $null = Invoke-Iam $emulator.EndpointUrl $root ([ordered]@{
                    Action = 'EnableMFADevice'; UserName = 'me'; SerialNumber = $device.SerialNumber
                    AuthenticationCode1 = Get-MfaCode $seed -2; AuthenticationCode2 = Get-MfaCode $seed -1
                })
            Set-Content $env:AWS_SHARED_CREDENTIALS_FILE "[base]`naws_access_key_id = $($key.AccessKeyId)`naws_secret_access_key = $($key.Credential.GetNetworkCredential().Password)"
            Set-Content $env:AWS_CONFIG_FILE @"
[profile guest]
role_arn = arn:aws:iam::$($emulator.AccountId):role/guest
source_profile = base
mfa_serial = arn:aws:iam::$($emulator.AccountId):mfa/me
endpoint_url = $emulator
"@
            $module = Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1'
            $pwsh = $env:PWSH ? $env:PWSH : (Get-Process -Id $PID).Path
            $said = Get-MfaCode $seed 0 | & $pwsh -NoProfile -Command "Import-Module '$module'; (Get-LabCallerIdentity -ProfileName guest).Arn; (Get-LabCallerIdentity -ProfileName guest).Arn" | Out-String
            ([regex]::Matches($said, 'assumed-role/guest/')).Count | Should -Be 2 -Because $said
            ([regex]::Matches($said, 'Code from the MFA device arn:aws:iam::\d+:mfa/me')).Count | Should -Be 1 -Because $said
            & $pwsh -NoProfile -NonInteractive -Command "Import-Module '$module'; try { Get-LabCallerIdentity -ProfileName guest } catch { `$_.FullyQualifiedErrorId }" |
                Should -BeLike 'MfaCodeRequired,*'
        }
        finally {
            Remove-Item $env:AWS_SHARED_CREDENTIALS_FILE, $env:AWS_CONFIG_FILE -ErrorAction Ignore
            Stop-LabEmulator
        }
    }
}

Describe 'Get-LabStatus' -Tag Sessions {
    It 'shows each service in a row, and what to type' {
        $rows = Get-LabStatus -Service S3, Sts, Emulator
        $rows.Service | Should -Be 'S3', 'STS', 'Emulator'
        $rows.State | Should -Be 'NotConfigured', 'NotConfigured', 'NotConfigured'
        $rows.Action | Should -Not -BeNullOrEmpty
        $emulator = Start-LabEmulator
        try {
            $rows = Get-LabStatus S3, Sts, Kubernetes, Emulator -Timeout 60
            $rows.State | Should -Be 'Ok', 'Ok', 'Ok', 'Ok'
            ($rows | Where-Object Service -EQ STS).Identity | Should -BeLike 'arn:aws:iam::*:root'
            ($rows | Where-Object Service -EQ Emulator).Message | Should -BeLike "emulator $($emulator.Id), *, used by this session"
            $rows | Out-String | Should -Match 'Kubernetes +Ok'
        }
        finally { Stop-LabEmulator }
    }

    It 'writes no error for what is wrong, whatever it is' {
        $file = Join-Path $TestDrive 'broken'
        Set-Content $file '{{{'
        $env:KUBECONFIG = $file
        $env:DOCKER_HOST = 'tcp://127.0.0.1:1'
        try {
            $rows = Get-LabStatus -Timeout 60 -EndpointUrl http://127.0.0.1:1 -Credential ([pscredential]::new('AKIAAAAAAAAAAAAAAAAA', (ConvertTo-SecureString x -AsPlainText -Force))) -ErrorVariable problems
            $problems | Should -BeNullOrEmpty
            $rows.State | Should -Be 'Unreachable', 'Unreachable', 'Unreachable', 'NotConfigured', 'NotConfigured'
            ($rows | Where-Object Service -EQ Kubernetes).Message | Should -BeLike "*$file*"
        }
        finally { $env:KUBECONFIG = $env:DOCKER_HOST = $null }
    }
}
