#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . (Join-Path $PSScriptRoot Common.ps1)

    # A certificate in PEM form that ends in so many days.
    function New-Pem([string] $Name, [int] $Days, [int] $Begins = -400) {
        $key = [Security.Cryptography.ECDsa]::Create()
        $request = [Security.Cryptography.X509Certificates.CertificateRequest]::new("CN=$Name", $key, [Security.Cryptography.HashAlgorithmName]::SHA256)
        $now = [DateTimeOffset]::UtcNow
        $request.CreateSelfSigned($now.AddDays($Begins), $now.AddDays($Days).AddHours(1)).ExportCertificatePem()
    }
    function ConvertTo-Base64([string] $Text) { [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($Text)) }
    function New-Secret([string] $Name, [string] $Type, [hashtable] $Data, [int] $Days, [hashtable] $Annotations = @{}) {
        [pscustomobject] @{ Namespace = 'movies'; Name = $Name; Type = $Type; Data = $Data; CreationTimestamp = [DateTimeOffset]::UtcNow.AddDays(-$Days); Annotations = $Annotations }
    }
}

Describe 'Measure-CredentialAge with mocks' -Tag Module {
    BeforeEach {
        Mock Get-LabResource { }
        Mock Get-LabKubeContext { }
        Mock Get-LabUser { [pscustomobject] @{ Name = 'ann' } }
        Mock Get-LabAccessKey { }
    }

    It 'finds certificates that have expired, that soon will, and that are not valid yet, in a chain too' {
        Mock Get-LabResource {
            New-Secret expired kubernetes.io/tls @{ 'tls.crt' = ConvertTo-Base64 (New-Pem expired -2) } 1
            New-Secret chain kubernetes.io/tls @{ 'tls.crt' = ConvertTo-Base64 "$(New-Pem leaf 300)`n$(New-Pem issuer 5)" } 1
            New-Secret early kubernetes.io/tls @{ 'tls.crt' = ConvertTo-Base64 (New-Pem early 300 2) } 1
            New-Secret fine kubernetes.io/tls @{ 'tls.crt' = ConvertTo-Base64 (New-Pem fine 300); 'ca.crt' = ConvertTo-Base64 (New-Pem ca 300) } 1
        }
        $summary = Invoke-Script Measure-CredentialAge @{ Include = 'TlsSecret' }
        $summary.Findings.Code | Should -Be CertificateExpired, CertificateExpires, CertificateNotYetValid
        $summary.Findings.Target | Should -Be 'movies/expired tls.crt', 'movies/chain tls.crt', 'movies/early tls.crt'
        $summary.Findings[1].Message | Should -Match 'CN=issuer.* in 5 days'
        $summary.Result.Certificates | Should -Be 6
        (Invoke-Script Measure-CredentialAge @{ Include = 'TlsSecret'; WarnDays = 1000; Exclude = 'movies/e*', 'movies/chain' }).Findings | Should -HaveCount 2
    }

    It 'finds what is not a certificate' {
        Mock Get-LabResource { New-Secret empty kubernetes.io/tls @{ } 1; New-Secret text kubernetes.io/tls @{ 'tls.crt' = ConvertTo-Base64 'hello' } 1 }
        (Invoke-Script Measure-CredentialAge @{ Include = 'TlsSecret' }).Findings.Code | Should -Be CertificateUnreadable, CertificateUnreadable
    }

    It 'counts the age of a Secret from its annotation, or else from its creation' {
        Mock Get-LabResource {
            New-Secret old Opaque @{ a = 'c2VjcmV0' } 400
            New-Secret rotated Opaque @{ } 400 @{ 'runbooks/rotated-at' = [DateTimeOffset]::UtcNow.AddDays(-3.1).ToString('o') }
            New-Secret history helm.sh/release.v1 @{ } 400
        }
        $summary = Invoke-Script Measure-CredentialAge @{ Include = 'Secret' }
        $summary.Findings.Target | Should -Be movies/old
        $summary.Findings.Code | Should -Be SecretOld
        ($summary.Result.Items | Where-Object Name -EQ movies/rotated).Days | Should -Be 3
        $said + ($summary | ConvertTo-Json -Depth 8) | Should -Not -Match c2VjcmV0
    }

    It 'finds old active access keys' {
        Mock Get-LabAccessKey {
            [pscustomobject] @{ UserName = 'ann'; AccessKeyId = 'A'; Status = 'Active'; CreateDate = [DateTimeOffset]::UtcNow.AddDays(-91) }
            [pscustomobject] @{ UserName = 'ann'; AccessKeyId = 'B'; Status = 'Inactive'; CreateDate = [DateTimeOffset]::UtcNow.AddDays(-91) }
        }
        $summary = Invoke-Script Measure-CredentialAge @{ Include = 'AccessKey' }
        $summary.Findings.Code, $summary.Findings.Target | Should -Be AccessKeyOld, ann/A
        $summary.Findings.Action | Should -Match 'Update-AccessKey\.ps1 -User ann'
    }

    It 'reads kubeconfig files of each form: <Form>' -ForEach @(
        @{ Form = 'YAML'; Text = "apiVersion: v1`nkind: Config`nclusters:`n- name: c`n  cluster: { server: 'https://x', certificate-authority: ca.pem }`nusers:`n- name: u`n  user: { client-certificate-data: DATA }" }
        @{ Form = 'YAML with a mark'; Text = "---`napiVersion: v1`nkind: Config`nclusters: [{ name: c, cluster: { certificate-authority: ca.pem } }]`nusers: [{ name: u, user: { client-certificate-data: DATA } }, { name: t, user: { token: t } }]" }
        @{ Form = 'JSON'; Text = '{ "apiVersion": "v1", "kind": "Config", "clusters": [{ "name": "c", "cluster": { "certificate-authority": "ca.pem" } }], "users": [{ "name": "u", "user": { "client-certificate-data": "DATA" } }] }' }
    ) {
        $file = Join-Path $TestDrive kubeconfig
        Set-Content $file $Text.Replace('DATA', (ConvertTo-Base64 (New-Pem u 3)))
        Set-Content (Join-Path $TestDrive ca.pem) (New-Pem ca 100)
        $summary = Invoke-Script Measure-CredentialAge @{ Include = 'KubeConfig'; KubeConfig = $file }
        $summary.Result.Certificates | Should -Be 2
        $summary.Findings.Target | Should -Be "$file user u"
        Remove-Item (Join-Path $TestDrive ca.pem)
        (Invoke-Script Measure-CredentialAge @{ Include = 'KubeConfig'; KubeConfig = $file }).Findings.Code | Should -Contain CertificateMissing
    }

    It 'goes on when a place cannot be read, and fails when none can' {
        Mock Get-LabResource { throw (New-Problem ClusterUnreachable 'No answer.') }
        $summary = Invoke-Script Measure-CredentialAge @{ Include = 'TlsSecret', 'AccessKey' }
        $summary.ExitCode, $summary.Findings.Code | Should -Be 1, ClusterUnreachable
        Mock Get-LabUser { throw (New-Problem ConnectionFailed 'Nothing answers.') }
        (Invoke-Script Measure-CredentialAge @{ Include = 'TlsSecret', 'AccessKey' }).ExitCode | Should -Be 2
    }

    It 'writes a report, and none with -WhatIf' {
        Mock Get-LabResource { New-Secret old Opaque @{ } 400 }
        $report = Join-Path $TestDrive age.md
        $null = Invoke-Script Measure-CredentialAge @{ Include = 'Secret'; ReportPath = $report; WhatIf = $true }
        Test-Path $report | Should -BeFalse
        $null = Invoke-Script Measure-CredentialAge @{ Include = 'Secret'; ReportPath = $report }
        Get-Content -Raw $report | Should -Match '\| Old \| Secret \| movies/old \|'
    }
}

Describe 'Measure-CredentialAge on the emulator' -Tag Module {
    BeforeAll {
        $emulator = Start-LabEmulator
        $null = New-LabUser ann | New-LabAccessKey
        $null = "apiVersion: v1`nkind: Secret`ntype: kubernetes.io/tls`nmetadata: { name: web, namespace: default }`ndata: { tls.crt: $(ConvertTo-Base64 (New-Pem web 10)), tls.key: $(ConvertTo-Base64 key) }" | Deploy-LabManifest -ErrorAction Stop
        $null = New-LabManifest Secret login -Namespace default -Data @{ password = 'hidden-value' } | Deploy-LabManifest -ErrorAction Stop
    }

    AfterAll { $emulator | Stop-LabEmulator }

    It 'looks at Secrets, the kubeconfig and access keys' {
        $summary = Invoke-Script Measure-CredentialAge @{ }
        $summary.Findings.Code | Should -Be CertificateExpires
        $summary.Findings.Target | Should -Be 'default/web tls.crt'
        $summary.Result.Keys | Should -Be 1
        ($summary.Result.Items | Where-Object Kind -EQ Secret).Name | Should -Contain default/login
        $said + ($summary | ConvertTo-Json -Depth 8) | Should -Not -Match 'hidden-value|aGlkZGVuLXZhbHVl'
    }
}
