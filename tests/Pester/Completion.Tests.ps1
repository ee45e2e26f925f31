#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# What Tab offers where a value is typed: what is known, and no file names where none are meant. The areas' own tests ask the services.

Describe 'Completion' -Tag Module {
    BeforeAll {
        Import-Module (Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1') -Force
        $null = Start-LabEmulator
        $saved = $env:AWS_CONFIG_FILE, $env:AWS_SHARED_CREDENTIALS_FILE
        $env:AWS_CONFIG_FILE = Join-Path $TestDrive config
        $env:AWS_SHARED_CREDENTIALS_FILE = Join-Path $TestDrive credentials
        Set-Content $env:AWS_CONFIG_FILE '[default]', 'region = eu-west-1', '[profile staging]', '[sso-session office]', '[services local]'
        Set-Content $env:AWS_SHARED_CREDENTIALS_FILE '[prod]', 'aws_access_key_id = a', '[staging]'
        Push-Location (New-Item -ItemType Directory (Join-Path $TestDrive here))
        $null = New-Item -ItemType File file-of-the-folder.txt
        function Complete([string] $Line) { @((TabExpansion2 $Line $Line.Length).CompletionMatches.CompletionText) }
        # A completer has a time limit, which the first requests on a busy machine may exceed.
        function Offers([string] $Line, [string[]] $Expected) {
            for ($tries = 0; $tries -lt 60; $tries++) {
                $offers = Complete $Line
                if (-not ($Expected | Where-Object { $_ -cnotin $offers })) { return $offers }
            }
            throw "'$Line' offers '$offers' and not '$Expected'"
        }
    }

    AfterAll {
        Pop-Location
        $env:AWS_CONFIG_FILE, $env:AWS_SHARED_CREDENTIALS_FILE = $saved
        Get-LabEmulator | Stop-LabEmulator
    }

    It 'offers file names only where paths are meant' {
        # A parameter that takes a path has a name that says so.
        $paths = 'Path', 'LiteralPath', 'Manifest', 'KubeConfig', 'CaBundle', 'RelativeTo', 'DataPath', 'OutFile', 'Destination', 'Source', 'Dockerfile', 'Trail', 'FromTrail', 'Baseline', 'WebIdentityTokenFile', 'OutputPath', 'ConfigPath', 'EnvironmentFile', 'LoadPath', 'PlotPath', 'SamplePath', 'CpuPath', 'MemoryPath', 'Bake', 'LowerPath', 'UpperPath', 'WorkPath', 'Root', 'Compose', 'EnvFile', 'FromFile', 'ContextPath', 'SchemaPath'
        $common = [Management.Automation.PSCmdlet]::CommonParameters + [Management.Automation.PSCmdlet]::OptionalCommonParameters
        $offered = foreach ($command in Get-Command -Module CloudLab) {
            foreach ($parameter in $command.Parameters.Values | Where-Object { ($_.ParameterType -in [string], [string[]] -or $_.Name -in 'Context', 'Condition') -and $_.Name -notin $common + $paths }) {
                if ((Complete "$($command.Name) -$($parameter.Name) ") -like '*file-of-the-folder*') { "$($command.Name) -$($parameter.Name)" }
            }
        }
        $offered | Should -BeNullOrEmpty
        Complete 'Send-LabObject b -LiteralPath file' | Should -BeLike '*file-of-the-folder.txt'
    }

    It 'offers regions, profiles, media types and encodings' {
        Complete 'Get-LabBucket -Region eu-cen' | Should -Contain 'eu-central-1'
        Complete 'Get-LabBucket -ProfileName ' | Should -Be 'default', 'prod', 'staging'
        Complete 'Connect-Lab -ProfileName st' | Should -Be 'staging'
        Complete 'Send-LabObject -ContentType text/cs' | Should -Be 'text/css', 'text/csv'
        Complete 'Get-LabObjectContent -Encoding utf' | Should -Be 'utf8', 'utf8BOM', 'utf32'
        Complete 'Connect-Lab -KubeContext cl' | Should -Be 'cloudlab'
    }

    It 'offers the versions of a key' {
        $null = New-LabBucket versions-of -Versioning
        1..2 | ForEach-Object { Set-LabObjectContent versions-of k -Value $_ }
        Set-LabObjectContent versions-of k2 -Value 1
        Complete 'Get-LabObjectContent versions-of k -VersionId ' | Should -Be (Get-LabObject versions-of -Prefix k -Versions | Where-Object Key -CEQ k).VersionId
    }

    It 'offers fixed values' {
        Complete 'Stop-LabContainer web -Signal SIGI' | Should -Be SIGINT
        Complete 'Start-LabContainer web -CapAdd NET_A' | Should -Be NET_ADMIN
        Complete 'New-LabDockerNetwork front -Driver ' | Should -Be bridge, ipvlan, macvlan, overlay
        Complete 'Find-LabAction s3:GetObject -ConditionKey s3:ExistingObjectTag' | Should -Be "'s3:ExistingObjectTag/`${TagKey}'"
        Complete 'Find-LabAction -Service iam -Resource gr' | Should -Be group
        Complete 'Get-LabPod -FieldSelector status.phase=R' | Should -Be status.phase=Running
        Complete "Get-LabResource events -FieldSelector 'reason=Failed,type=W" | Should -Be "'reason=Failed,type=Warning'"
        Complete 'Stop-LabEmulator ' | Should -Be "$((Get-LabEmulator).Id)"
    }

    It 'offers principals and keys' {
        $null = New-LabUser ann; $null = New-LabRole reader -Service ec2
        Offers 'New-LabRole x -TrustedPrincipal ' (Get-LabUser ann).UserArn, (Get-LabRole reader).RoleArn
        Set-LabObjectContent versions-of "it's `$one" -Value 1
        Offers 'Get-LabObject versions-of -StartAfter it' "'it''s `$one'"
        # The same once the quote is there.
        Offers "Get-LabObject versions-of -StartAfter 'it''s" "'it''s `$one'"
    }

    Context 'of what a cluster has' {
        BeforeAll {
            'apiVersion: apps/v1
kind: Deployment
metadata: { name: web, labels: { tier: front, team: films } }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [ { name: web, image: "web:1", ports: [ { name: http, containerPort: 8080 }, { containerPort: 9090 } ] }, { name: side, image: "side:1" } ] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [ { name: front, port: 80, targetPort: http } ] }
---
apiVersion: v1
kind: Secret
metadata: { name: s3-keys }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: mover }' | Deploy-LabManifest -Wait | Out-Null
            Set-LabWorkloadImage deploy/web -Image web=web:2 -Wait | Out-Null
        }

        It 'offers labels of the kind, in every place of a selector: <Line>' -ForEach @(
            @{ Line = 'Get-LabPod -LabelSelector '; Offers = 'app=web' }
            @{ Line = 'Get-LabPod -A -l:app='; Offers = 'app=web' }
            @{ Line = 'Get-LabPodLog -l ap'; Offers = 'app=web' }
            @{ Line = 'Get-LabResource deploy -l '; Offers = 'team=films', 'tier=front' }
            @{ Line = 'Get-LabResource deploy -l "tier=front,te'; Offers = "'tier=front,team=films'" }
            @{ Line = "Wait-LabRollout deploy -l 'tier!=f"; Offers = "'tier!=front'" }
            @{ Line = 'Clear-LabNode x -PodSelector ap'; Offers = 'app=web' }
        ) {
            Offers $Line $Offers
        }

        It 'offers ports, images, revisions and names: <Line>' -ForEach @(
            @{ Line = 'Start-LabPortForward svc/web -Port '; Offers = '80', 'front' }
            @{ Line = 'Start-LabPortForward deploy/web 8000:'; Offers = '8000:8080', '8000:http', '8000:9090' }
            @{ Line = 'Start-LabPortForward web -Kind deploy -Port:80, 9'; Offers = '9090' }
            @{ Line = 'Set-LabWorkloadImage deploy/web -Image '; Offers = 'web=', 'side=' }
            @{ Line = 'Set-LabWorkloadImage deploy web -Image web=w'; Offers = 'web=web:2' }
            @{ Line = 'Set-LabWorkloadImage deploy web -Container side -Image s'; Offers = 'side:1' }
            @{ Line = 'Undo-LabRollout deploy/web -ToRevision '; Offers = '2', '1' }
            @{ Line = 'Get-LabRolloutHistory deploy web -Revision '; Offers = '2', '1' }
            @{ Line = 'Copy-LabObject -OnCluster -CredentialSecret '; Offers = 's3-keys' }
            @{ Line = 'Copy-LabObject -OnCluster -ImagePullSecret '; Offers = 's3-keys' }
            @{ Line = "Remove-LabObject -OnCluster -ImagePullSecret other, s3"; Offers = 's3-keys' }
            @{ Line = "Remove-LabObject -OnCluster -ServiceAccount 'm"; Offers = 'mover' }
            @{ Line = 'New-LabManifest Deployment x -EnvFrom secret/'; Offers = 'secret/s3-keys' }
            @{ Line = 'Debug-LabPod web -Image '; Offers = 'web:2', 'side:1' }
            @{ Line = 'Get-LabResource deploy -ApiVersion '; Offers = 'apps/v1' }
        ) {
            Offers $Line $Offers
        }

        It 'offers nothing, and does not fail, where nothing answers' {
            Complete 'Get-LabPod -KubeConfig /no/such/file -LabelSelector ' | Should -BeNullOrEmpty
            Complete 'Start-LabPortForward svc/missing -Port ' | Should -BeNullOrEmpty
            Complete 'Undo-LabRollout deploy/missing -ToRevision ' | Should -BeNullOrEmpty
            Complete 'Get-LabResource no-such-kind -LabelSelector ' | Should -BeNullOrEmpty
        }
    }
}
