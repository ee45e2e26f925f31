#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# What the module writes as tables, text, CSV and JSON. CLOUDLAB_TEST_TABLES names a file that gets every table at both widths.

BeforeDiscovery {
    # Whole at any width: what tells the rows apart, or a property that must be there whole. Numbers are their longest.
    $script:shown = @{
        HpaDecision                = 'Reason'
        HpaReplayStep              = 'DesiredReplicas', 'Reason'
        HpaReplaySummary           = 'Workload', 'Manifest', 'ReplicaSeconds'
        LabAccessDenied            = 'Action', 'Resource', 'Explanation'
        LabAccessKey               = 'UserName', 'AccessKeyId', 'Status'
        LabAction                  = 'Action', 'AccessLevel'
        LabAutoscaler              = 'Name', 'Namespace'
        LabBucket                  = 'Bucket'
        LabBucketCorsRule          = 'Bucket', 'Id'
        LabBucketEncryption        = 'Bucket', 'KmsKeyId'
        LabBucketLifecycleRule     = 'Bucket', 'Id', 'Prefix', 'Actions'
        LabBucketPolicy            = 'Bucket'
        LabBucketPublicAccessBlock = @('Bucket')
        LabBucketTags              = 'Bucket', 'Tag'
        LabBucketUsage             = 'Bucket', 'ObjectCount', 'Size', 'NoncurrentSize'
        LabBucketVersioning        = 'Bucket', 'Status'
        LabBucketWebsite           = 'Bucket', 'Endpoint', 'RedirectAllRequestsTo'
        LabCallerIdentity          = 'Arn', 'Account'
        LabConfigData              = 'Name', 'Namespace', 'Kind'
        LabCronJob                 = 'Name', 'Namespace'
        LabDeployment              = 'Name', 'Namespace', 'Ready'
        LabDisruptionBudget        = 'Name', 'Namespace'
        LabEndpointSlice           = 'Name', 'Namespace'
        LabEvent                   = 'Object', 'Namespace', 'Reason', 'Message'
        LabEmulatorInfo            = 'Id', 'EndpointUrl'
        LabComposeLogLine          = 'Stream', 'Text'
        LabComposeProject          = 'Project', 'Running', 'Total'
        LabComposeService          = 'Service', 'State'
        LabComposeTest             = 'Path', 'Valid'
        LabContainer               = 'Name', 'ShortId', 'Image'
        LabContainerChange         = 'Change', 'Path'
        LabContainerCommand        = 'ExitCode'
        LabContainerCopy           = 'Source', 'Destination', 'Files', 'Size'
        LabContainerIsolation      = 'Name', 'ProcessId', 'Own', 'Shared'
        LabContainerLogLine        = 'Stream', 'Text'
        LabContainerProcess        = 'ProcessId', 'Memory', 'Command'
        LabContainerReport         = 'Name', 'Cause', 'RestartCount'
        LabContainerUsage          = 'Name', 'Memory', 'Processes'
        LabDebugContainer          = 'Name', 'Container', 'Image', 'State'
        LabDockerEvent             = 'Name', 'Type', 'Action'
        LabDockerNetwork           = 'Name', 'ShortId', 'Driver'
        LabDockerVolume            = 'Name', 'Driver'
        LabGroup                   = 'Name'
        LabGroupMember             = 'GroupName', 'UserName'
        LabHpaDecision             = 'Name', 'CurrentReplicas', 'DesiredReplicas', 'Reason'
        LabHpaFinding              = 'Name', 'Severity', 'Rule', 'Message'
        LabImage                   = 'Image', 'ShortId', 'Size', 'Platforms'
        LabBuildCacheRemoval       = 'Count', 'Size'
        LabBuildContextItem        = 'Length', 'Kind', 'Path'
        LabBuilder                 = 'Name', 'Driver', 'Platforms'
        LabDockerContext           = 'Name', 'DockerHost'
        LabDockerfileFinding       = 'Line', 'Severity', 'Rule', 'Message'
        LabDockerUsage             = 'Kind', 'Count', 'Size', 'Reclaimable'
        LabImageDifference         = 'Name', 'ReferenceValue', 'DifferenceValue'
        LabImageIndex              = 'Image', 'Digest'
        LabImageLayer              = 'Number', 'Size', 'StoredSize', 'WastedSize', 'Instruction'
        LabImagePlatform           = 'Platform', 'Size', 'Digest'
        LabImagePush               = 'Image', 'Digest', 'PushedLayers', 'ExistingLayers'
        LabImageCopy               = 'Image', 'CopiedBlobs'
        LabImageRemoval            = 'Image', 'Size'
        LabImageTag                = 'Image', 'Digest'
        LabRegistryLogin           = 'Registry', 'User', 'Store'
        LabImageBuild              = 'Image', 'Digest', 'StepCount', 'CachedSteps'
        LabInstance                = 'InstanceId', 'Name', 'State'
        LabInstanceProfile         = 'Name', 'RoleName'
        LabLinuxNamespace          = 'Type', 'Inode', 'ProcessCount', 'ProcessName'
        LabMissedRun               = 'Missed', 'Name', 'Reason'
        LabMultipartUpload         = 'Bucket', 'Key', 'UploadId', 'Size'
        LabNamespaceCommand        = @('ExitCode')
        LabIngress                 = 'Name', 'Namespace'
        LabJob                     = 'Name', 'Namespace', 'State'
        LabKind                    = @('Name')
        LabKindField               = @('Path')
        LabKubeAccess              = 'Allowed', 'Verb', 'Kind', 'Name', 'Namespace', 'Reason'
        LabKubeAccessRule          = 'Kind', 'Name'
        LabKubeGrant               = 'Subject', 'Way', 'Role', 'Binding', 'Rule'
        LabKubeIdentity            = 'User', 'Authentication', 'Context'
        LabKubeNamespace           = 'Name', 'State'
        LabKubeContext             = 'Name', 'Cluster', 'Namespace'
        LabNetworkPolicy           = 'Name', 'Namespace'
        LabNode                    = 'Name', 'State'
        LabNodeCapacity            = 'Node', 'PodCount'
        LabNodeDrain               = 'Name', 'State', 'MovedCount', 'RemainingCount'
        LabNodeFinding             = 'Severity', 'Rule', 'Message', 'Action'
        LabNodeMetric              = @('Name')
        LabNodeReport              = 'Name', 'State'
        LabObject                  = 'Bucket', 'Key', 'Size'
        LabObjectMetadata          = 'Bucket', 'Key', 'Size', 'ContentType', 'Metadata'
        LabObjectRestore           = 'Bucket', 'Key', 'Status', 'Tier', 'Days'
        LabObjectTag               = 'Bucket', 'Key', 'Tag'
        LabObjectUrl               = 'Url', 'Method'
        LabObjectVersion           = 'Bucket', 'Key', 'VersionId', 'State', 'Size'
        LabOverlay                 = 'Path', 'LowerPath', 'UpperPath'
        LabOverlayChange           = 'Change', 'Mechanism', 'Path', 'LowerPath'
        LabPersistentVolume        = @('Name')
        LabPod                     = 'Name', 'Namespace', 'Ready', 'State'
        LabPodCommand              = 'Pod', 'ExitCode'
        LabPodCopy                 = 'Source', 'Destination', 'Files', 'Size'
        LabPodLogLine              = 'Pod', 'Text'
        LabManifestFinding         = 'Line', 'Severity', 'Rule', 'Message'
        LabPodEviction             = 'Name', 'Namespace', 'State', 'Reason'
        LabPodFinding              = 'Severity', 'Rule', 'Message', 'Action'
        LabPodMetric               = 'Name', 'Namespace'
        LabPodPlacement            = 'Name', 'PodCount', 'PlacedPodCount', 'Reason'
        LabPodReport               = 'Name', 'State', 'Ready'
        LabPolicyDecision          = 'Decision', 'Action', 'Resource', 'DecidedBy'
        LabPolicyDifference        = 'SideIndicator', 'Action', 'Resource', 'DecidedBy'
        LabPolicy                  = 'Name', 'DefaultVersionId', 'AttachmentCount'
        LabPolicyAttachment        = 'Principal', 'PolicyName', 'PrincipalKind'
        LabPolicyVersion           = 'VersionId', 'IsDefault'
        LabPortForward             = 'Id', 'LocalPort', 'Target', 'RemotePort', 'Pod'
        LabPrefix                  = 'Bucket', 'Prefix'
        LabPrefixUsage             = 'Prefix', 'StorageClass', 'ObjectCount', 'Size', 'NoncurrentSize'
        LabPolicyFinding           = 'Severity', 'Id', 'Principal', 'Why'
        LabPrincipalAccess         = 'Principal', 'Via'
        LabQuotaCheck              = 'Name', 'PodCount', 'AcceptedPodCount', 'Reason'
        LabQuotaUsage              = 'Quota', 'Resource'
        LabReplicaController       = 'Name', 'Namespace', 'Kind', 'Ready'
        LabResource                = 'Name', 'Namespace', 'Kind', 'Ready', 'State'
        LabResourceNode            = 'Namespace', 'Tree'
        LabResourceQuota           = 'Name', 'Namespace'
        LabRole                    = 'Name', 'Description'
        LabRoleBinding             = 'Name', 'Namespace'
        LabRolloutRevision         = 'Name', 'Revision', 'Replicas', 'ChangeCause'
        LabScheduleCalendar        = 'ScheduleCount', 'RunCount', 'PeakRunCount', 'CollisionCount'
        LabScheduledRun            = 'Schedule', 'Name'
        LabScheduleTest            = 'Valid', 'Schedule', 'Name', 'Correction', 'Problem'
        LabService                 = 'Name', 'Namespace'
        LabServicePort             = 'Name', 'Namespace', 'Port'
        LabSession                 = 'Profile', 'Region', 'S3Endpoint'
        LabStatus                  = 'Service', 'State', 'Endpoint', 'Identity', 'Message', 'Action'
        LabStorageClass            = @('Name')
        LabSyncAction              = 'Name', 'Destination', 'Action', 'Reason', 'Size'
        LabTransfer                = 'Source', 'Destination', 'Size', 'VerifiedBy'
        LabUnusedResource          = 'Name', 'Namespace', 'Kind', 'Reason'
        LabTransferFailure         = 'Code', 'Key'
        LabTransferJob             = 'Name', 'State', 'FailedCount'
        LabTransferRange           = 'Index', 'State', 'Objects', 'Failed'
        LabUser                    = 'Name'
        LabVolumeClaim             = 'Name', 'Namespace'
        LabVpaRecommendation       = 'Workload', 'Container', 'SampleCount'
        ManifestChange             = 'Path', 'Old', 'New'
        ManifestComparison         = 'Name', 'Namespace', 'Kind', 'Status'
        ManifestResult             = 'Name', 'Namespace', 'Kind', 'Action', 'State'
        PolicyDocument             = 'Version', 'Statement'
        ResourceWaitResult         = 'Name', 'Namespace', 'Kind', 'For', 'State'
        VpaRecommendation          = 'Container', 'SampleCount', 'OomCount'
    }
    # What a type's objects contain that has a table too.
    $script:parts = @{
        LabActionResource    = 'Name', 'Arn'
        LabBucketRoutingRule = 'KeyPrefix', 'HostName', 'ReplaceKeyPrefixWith'
        LabBucketTransition  = 'StorageClass', 'AfterDays'
        LabBuildStep         = 'Number', 'Platform', 'Instruction'
        LabBuildWarning      = 'Message', 'Url'
        LabBuilderNode       = 'Name', 'Endpoint'
        LabCgroup            = 'Path', 'Memory', 'MemoryLimit'
        LabComposeProblem    = 'Severity', 'Message'
        LabContainerHealthCheck = 'ExitCode', 'Output'
        LabContainerLayer    = 'Number', 'Kind', 'Path', 'Size'
        LabContainerMount    = 'Source', 'Destination'
        LabContainerPort     = 'HostPort', 'ContainerPort', 'Protocol'
        LabImageFile         = 'Path', 'Change', 'Kind', 'Size'
        LabImagePlatform     = 'Platform', 'Size', 'Digest'
        LabNamespaceComparison = 'Type', 'Inode', 'HostInode', 'Shared'
        LabPodContainer      = @('Name')
        LabScheduleCollision = @('RunCount')
        LabScheduleFinding   = 'Id', 'Message'
        LabScheduleSpread    = 'Name', 'Schedule', 'Proposal'
        LabServiceEndpoint   = 'Pod', 'Address', 'Ready'
        LabServiceFinding    = 'Severity', 'Rule', 'Message', 'Action'
        LabServiceRoute      = 'Url', 'Name', 'Service', 'Port'
        LabUploadPart        = 'PartNumber', 'Size', 'ETag'
        PolicyMismatch       = 'Element', 'Key', 'Operator', 'Expected'
        PolicyNearMiss       = 'Effect', 'Policy', 'Failed'
        PolicyStatement      = 'Sid', 'Effect', 'Principal', 'Action', 'Resource', 'Condition'
    }
    $script:names = @($shown.Keys) + @($parts.Keys) | Sort-Object
}

Describe 'Format' -Tag Module {
    BeforeAll {
        $root = Split-Path (Split-Path $PSScriptRoot)
        Import-Module (Join-Path $root 'out/CloudLab/CloudLab.psd1') -Force
        # The types with the names that a user may give them.
        $null = Get-LabSession
        $core = (Get-LabSession).GetType().Assembly
        $null = (Get-Command Start-LabEmulator).OutputType.Type
        $bindings = [Reflection.BindingFlags] 'Public, NonPublic, Instance, Static'

        $name63 = 'n' + ('a1b2c3d4e5-' * 6).Substring(0, 62)
        $key200 = 'k/' + ('folder-of-films/2026 winter/' * 8).Substring(0, 197) + 'z'
        $time = [DateTimeOffset]::new(2026, 12, 31, 23, 59, 58, [TimeSpan]::Zero)

        # A value for a property, as long as such a value gets.
        function Value([Type] $Type, [string] $Name) {
            $type = [Nullable]::GetUnderlyingType($Type) ?? $Type
            switch ($Name) {
                'Key' { return $key200 }
                'Prefix' { return $key200 }
                'SourceKey' { return $key200 }
                'FullName' { return '/home/somebody/' + $key200 }
                'Url' { return "https://$name63.example/$([uri]::EscapeDataString($key200))?X-Amz-Signature=" + 'f' * 64 }
                'UploadId' { return '2~' + 'u' * 62 }
                'VersionId' { return 'v' * 32 }
                'ETag' { return '"' + 'e' * 32 + '-10000"' }
                'Digest' { return 'sha256:' + 'd' * 64 }
                'Id' { if ($Type -eq [string]) { return 'sha256:' + 'd' * 64 } }
                'Account' { return '123456789012' }
                'InstanceId' { return 'i-0123456789abcdef0' }
                'InstanceType' { return 'u7in-32tb.224xlarge' }
                'PrivateIpAddress' { return '192.168.100.200' }
                'ShortId' { return 'd' * 12 }
                'Region' { return 'ap-southeast-2' }
                'Kind' { if ($Type -eq [string]) { return 'CustomResourceDefinition' } }
                'Method' { if ($Type -eq [string]) { return 'DELETE' } }
                'HttpErrorCode' { return '404' }
                'VerifiedBy' { return 'CRC64NVME' }
                'StorageClass' { return 'INTELLIGENT_TIERING' }
                'Algorithm' { return 'aws:kms:dsse' }
                'ContentType' { return 'application/vnd.openxmlformats' }
                'Version' { if ($Type -eq [string]) { return '2012-10-17' } }
                'SideIndicator' { return '=>' }
                'AccessKeyId' { return 'AKIA' + 'X' * 16 }
                'Status' { if ($Type -eq [string]) { return 'Inactive' } }
                'DefaultVersionId' { return 'v10000' }
                'Effect' { return $core.GetType('CloudLab.Core.Identity.Policies.PolicyEffect')::Deny }
            }
            if ($type -eq [string]) { return "$Name-of-$name63" }
            if ($type.IsEnum) { return [Enum]::GetValues($type) | Sort-Object { "$_".Length } | Select-Object -Last 1 }
            if ($type -eq [bool]) { return $false }
            if ($type -eq [int]) { return 10000 }
            if ($type -eq [long]) { return $Name -like '*Count' ? 100000000000 : 54975581388800 }
            if ($type -eq [double]) { return 1.5 }
            if ($type -eq [DateTimeOffset]) { return $time }
            if ($type -eq [TimeSpan]) { return [TimeSpan]::new(0, 11, 59, 59) }
            if ($type -eq [Uri]) { return [uri] "https://$name63.example/" }
            if ($type.IsArray) { return , ([Array]::CreateInstance($type.GetElementType(), 0)) }
        }

        # An object of the type with every property set: by its constructor, else by the properties' own setters.
        function Sample([string] $Name) {
            $type = $core.GetTypes() | Where-Object Name -EQ $Name
            switch ($Name) {
                LabEmulatorInfo { return Start-LabEmulator }
                LabSession { return Get-LabSession -ProfileName $name63 -Region ap-southeast-2 -EndpointUrl "https://$name63.example" }
                LabObjectVersion { break }
                LabResource {
                    # As any other: an object of a kind with a long name, read from JSON.
                    $content = [Text.Json.Nodes.JsonNode]::Parse((@{
                                apiVersion = 'apiextensions.k8s.io/v1'; kind = 'CustomResourceDefinition'
                                metadata   = @{ name = $name63; namespace = $name63; creationTimestamp = '2026-01-01T00:00:00Z' }
                            } | ConvertTo-Json))
                    return $type.GetConstructors($bindings)[0].Invoke(@($content, $null))
                }
                { $type.BaseType.Name -eq 'LabResource' } {
                    # Objects with a type of their own: what the type reads may all be missing.
                    $kind = @{
                        LabAutoscaler = 'autoscaling/v2 HorizontalPodAutoscaler'; LabConfigData = 'v1 ConfigMap'; LabReplicaController = 'apps/v1 StatefulSet'
                        LabDisruptionBudget = 'policy/v1 PodDisruptionBudget'; LabVolumeClaim = 'v1 PersistentVolumeClaim'
                        LabKubeNamespace = 'v1 Namespace'
                    }[$Name] ?? "v1 $($Name -replace '^Lab')"
                    $content = [Text.Json.Nodes.JsonNode]::Parse((@{
                                apiVersion = $kind.Split(' ')[0]; kind = $kind.Split(' ')[1]
                                metadata   = @{ name = $name63; namespace = $name63; creationTimestamp = '2026-01-01T00:00:00Z' }
                                reason     = 'FailedCreatePodSandBox'; message = "Failed to create pod sandbox: $key200"
                                involvedObject = @{ kind = 'PersistentVolumeClaim'; name = $name63 }
                            } | ConvertTo-Json))
                    $made = $type.GetConstructors($bindings)[0].Invoke(@($content, $null))
                    foreach ($property in $type.GetProperties() | Where-Object { $_.Name -in 'Tree', 'Reason' -and $_.SetMethod }) { $property.SetValue($made, "└─$($property.Name)/$name63") }
                    return $made
                }
                PolicyDocument { return New-LabPolicyDocument -Bucket $name63 -Prefix "$key200/" }
                PolicyStatement {
                    return New-LabPolicyDocument -Bucket $name63 -Prefix "$key200/" | ForEach-Object Statement | Select-Object -First 1
                }
                PolicyNearMiss {
                    return (New-LabPolicyDocument -Bucket $name63 -Prefix "$key200/" -Access Read | Test-LabPolicy s3:GetObject "s3://$name63/other").NearMiss[0]
                }
                PolicyMismatch { return (Sample PolicyNearMiss).Failed[0] }
                LabBucketPolicy { return $type::new($name63, '{}', (Sample PolicyDocument)) }
                LabActionResource { return $type::new('object', 'arn:${Partition}:s3:::${BucketName}/${ObjectName}', $true) }
                LabImagePlatform { return $type::new('linux/arm64/v8', (Value ([string]) Digest), 54975581388, $true) }
                LabBuildStep { return $type::new("RUN $key200", 'linux/arm64/v8', 'build', 12, [timespan]::FromSeconds(12.5), $true) }
                LabImageFile { return $type::new("/$key200", 'Removed', 'SymbolicLink', 54975581388800, '01777', $null) }
                LabBuilderNode {
                    return $type.GetConstructors()[0].Invoke(@($name63, 'tcp://builder.example:1234', 'inactive', 'v0.25.1', [LabImagePlatform].GetProperty('Environment').PropertyType::new([string[]] ('linux/amd64', 'linux/arm64'))))
                }
                LabBuildWarning { return $type::new("message $key200", 10000, (Value ([string]) Url)) }
            }
            $sample = [Runtime.CompilerServices.RuntimeHelpers]::GetUninitializedObject($type)
            foreach ($property in $type.GetProperties() | Where-Object SetMethod) {
                $value = switch -Regex ($property.PropertyType.ToString()) {
                    'Dictionary`2\[System.String,System.String\]' {
                        $texts = [Collections.Generic.Dictionary[string, string]]::new()
                        $texts['project'] = 'lab'; $texts['a'] = 'b'
                        , $texts
                        break
                    }
                    'IReadOnlyList`1\[(.*)\]$' {
                        $element = $core.GetType($Matches[1]) ?? [Type] $Matches[1]
                        $list = [Array]::CreateInstance($element, 2)
                        if ($element -eq [string]) { $list[0] = 'one'; $list[1] = 'two' }
                        elseif ($element.Name -eq 'LabImagePlatform') {
                            $list[0] = $element::new('linux/amd64', $null, 1, $true); $list[1] = $element::new('linux/arm64', $null, 2, $true)
                        }
                        else { $list = [Array]::CreateInstance($element, 0) }
                        , $list
                        break
                    }
                    default { , (Value $property.PropertyType $property.Name) }
                }
                if ($Name -eq 'LabImage' -and $property.Name -eq 'Size') { $value = 109951162777 }
                if ($Name -like 'LabImage*' -and $property.Name -eq 'Image') { $value = "registry.example:5000/$name63`:1.0" }
                if ($null -ne $value) { $property.SetValue($sample, $value) }
            }
            $sample
        }

        function Rendered($Sample, [int] $Width) { $Sample | Format-Table | Out-String -Width $Width }

        # Whether a text stands whole in a column: what the column's lines say, joined, contains it. Where a column ends is tried.
        function Stands([string] $Text, [string] $Table) {
            $rest = $Text -replace '\s'
            if (($Table -replace '\s').Contains($rest)) { return $true }
            $lines = @($Table -split '\r?\n')
            $rule = [Array]::FindIndex([string[]] $lines, [Predicate[string]] { $args[0] -match '^ *-[- ]*$' })
            $body = @($lines[($rule + 1)..($lines.Count - 1)])
            $starts = [regex]::Matches($lines[$rule], '-+').Index
            foreach ($start in $starts) {
                foreach ($end in ($start + 3)..($body | Measure-Object Length -Maximum).Maximum) {
                    $column = -join ($body | ForEach-Object { $_.Length -gt $start ? $_.Substring($start, [Math]::Min($end, $_.Length) - $start) : '' })
                    if (($column -replace '\s').Contains($rest)) { return $true }
                }
            }
            $false
        }

        if ($env:CLOUDLAB_TEST_TABLES) { Set-Content $env:CLOUDLAB_TEST_TABLES '' }
    }

    AfterAll {
        Get-LabEmulator | Stop-LabEmulator
    }

    It 'knows every type that a cmdlet writes' {
        $written = (Get-Command -Module CloudLab).OutputType.Type | Where-Object { $_.Namespace -like 'CloudLab*' } | ForEach-Object Name | Sort-Object -Unique
        $written | Where-Object { $_ -notin $names } | Should -BeNullOrEmpty
    }

    Context '<_>' -ForEach $names {
        BeforeAll {
            $sample = Sample $_
            $whole = $shown[$_] ?? $parts[$_]
        }

        It 'has a table of its own with properties as headers' {
            $data = Get-FormatData -TypeName $sample.GetType().FullName -PowerShellVersion 7.6
            $table = $data.FormatViewDefinition.Control | Where-Object { $_ -is [Management.Automation.TableControl] } | Select-Object -First 1
            $table | Should -Not -BeNullOrEmpty
            # A prefix stands in the table of objects.
            $table.Headers.Label | Should -BeIn ($_ -eq 'LabPrefix' ? (Sample LabObject) : $sample).PSObject.Properties.Name
        }

        It 'shows what tells rows apart, whole, at <_> columns' -ForEach 80, 120 {
            $text = Rendered $sample $_
            if ($env:CLOUDLAB_TEST_TABLES) { Add-Content $env:CLOUDLAB_TEST_TABLES "== $($sample.GetType().Name), $_ columns", $text }
            $text | Should -Not -Match '…|\.\.\.'
            ($text -split '\r?\n' | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual $_
            foreach ($property in $whole) {
                $value = $sample.$property
                $value = $value -is [Collections.IEnumerable] -and $value -isnot [string] -and $value -isnot [Collections.IDictionary] ? ($value -join '; ') : "$value"
                if ($value -match '^\d+$') {
                    $text | Should -Match "(?<!\S)$value(?!\S)" -Because "$property is a number"
                }
                else {
                    Stands $value $text | Should -BeTrue -Because "$property $value is to be whole in`n$text"
                }
            }
        }

        It 'is its name as text, and no column of a CSV file is the name of a type' {
            "$sample" | Should -Not -BeNullOrEmpty
            "$sample" | Should -Not -Match '^CloudLab\.|^System\.|^\w+ \{ '
            # An array in its place, where only that binds by property name.
            $arrays = $sample.GetType().GetProperties() | Where-Object { $_.PropertyType.IsArray } | ForEach-Object Name
            $row = $arrays ? ($sample | Select-Object * -ExcludeProperty $arrays) : $sample
            $row | ConvertTo-Csv | Out-String | Should -Not -Match 'System\.(Collections|String|Object)|CloudLab\.Core'
        }
    }

    It 'writes a policy as JSON, CSV and text' {
        $policy = New-LabPolicyDocument -Bucket films -Prefix 'a/' | New-LabPolicyDocument -Deny s3:* -Resource 's3://films/b/*' -Principal '*'
        $json = $policy | ConvertTo-Json -Depth 8
        [PolicyDocument]::Parse($json).ToJson() | Should -Be $policy.ToJson()
        $json | Should -Not -Match 'null|\$id|Count'
        $policy.Statement[0].Action[0] | Should -Be s3:ListBucket
        $policy.Statement[0].Effect | Should -Be Allow
        $policy.Statement[0].Condition.StringLike.'s3:prefix' | Should -Be 'a/*'
        ($policy.Statement | Where-Object Effect -EQ Deny).Resource | Should -Be 'arn:aws:s3:::films/b/*'
        "$policy" | Should -Be $policy.ToJson()
    }

    It 'writes dictionaries as text in CSV files and strings' {
        $null = New-LabBucket films
        Set-LabObjectContent films k -Value v
        $tag = Set-LabObjectTag films k ([ordered] @{ a = 'b'; project = 'lab' }) -PassThru
        ($tag | ConvertTo-Csv | ConvertFrom-Csv).Tag | Should -Be 'a=b; project=lab'
        "$($tag.Tag)" | Should -Be 'a=b; project=lab'
        ($tag | ConvertTo-Json | ConvertFrom-Json).Tag.project | Should -Be lab
        "$tag" | Should -Be 's3://films/k'
    }

    It 'breaks prose between words in every culture, to the width of its column' {
        $culture = [cultureinfo]::CurrentCulture
        try {
            # PowerShell itself breaks between words in a few languages only, and Chinese is none of them.
            foreach ($name in 'zh-CN', '', 'en-US') {
                [cultureinfo]::CurrentCulture = $name
                $finding = [Runtime.CompilerServices.RuntimeHelpers]::GetUninitializedObject($core.GetType('CloudLab.Core.Kubernetes.Review.LabPodFinding'))
                $finding.GetType().GetProperty('Message').SetValue($finding, 'elephant ' * 30)
                $finding.GetType().GetProperty('Action').SetValue($finding, 'crocodile ' * 30)
                $text = $finding | Format-Table | Out-String -Width ([Math]::Max($Host.UI.RawUI.BufferSize.Width, 60))
                $text -split '\s+' | Where-Object { $_ -like '*e*' -and $_ -notin 'elephant', 'crocodile', 'Severity', 'Rule', 'Message' } | Should -BeNullOrEmpty -Because $text
            }
        }
        finally {
            [cultureinfo]::CurrentCulture = $culture
        }
    }

    It 'knows the widths of the columns that prose has beside it' {
        $views = ([xml] (Get-Content -Raw (Join-Path $root 'module/CloudLab.format.ps1xml'))).SelectNodes('//View[contains(., "TableText]::Wrap")]')
        $views.Count | Should -BeGreaterThan 20
        foreach ($view in $views) {
            $headers = @($view.TableControl.TableHeaders.TableColumnHeader)
            $taken = ($headers.Width | Measure-Object -Sum).Sum + $headers.Count - 1
            $free = @($headers | Where-Object { -not $_.Width }).Count
            foreach ($item in $view.SelectNodes('.//ScriptBlock[contains(., "TableText]::Wrap")]')) { $item.InnerText | Should -BeLike "*, `$Host, $taken, $free)" -Because $view.Name }
        }
    }

    It 'shows times of one form, with their offset' {
        $times = Get-LabBucket films | Format-Table | Out-String
        $times | Should -Match '\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ'
        (Get-LabObject films).LastModified.Offset, (Get-LabBucket films).CreationDate.Offset | Should -Be ([TimeSpan]::Zero, [TimeSpan]::Zero)
    }
}
