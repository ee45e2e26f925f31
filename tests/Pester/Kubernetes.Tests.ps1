#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# The Kubernetes cmdlets in the real engine, on the emulator.

BeforeAll {
    Import-Module (Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1')
    $emulator = Start-LabEmulator
    $web = @'
apiVersion: v1
kind: Namespace
metadata: { name: films }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: films, labels: { app: web } }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: 'web:1' }] }
'@
    $deployed = $web | Deploy-LabManifest -Wait -Timeout 60
}

AfterAll {
    Get-LabEmulator | Stop-LabEmulator
}

Describe 'Deploy-LabManifest' -Tag Kubernetes {
    It 'writes one result an object' {
        # In the order of application.
        $deployed.Kind | Should -Be 'Namespace', 'Deployment'
        $deployed.Action | Should -Be 'Created', 'Created'
        ($deployed | Where-Object Kind -EQ Deployment).State | Should -Be '2/2 ready'
    }

    It 'takes files from Get-ChildItem, paths with wildcards, lines, hashtables and objects' {
        $folder = New-Item -ItemType Directory (Join-Path $TestDrive 'm')
        foreach ($name in 'a', 'b') {
            "apiVersion: v1`nkind: ConfigMap`nmetadata: { name: $name }`n" | Set-Content (Join-Path $folder "$name.yaml")
        }
        (Get-ChildItem $folder | Deploy-LabManifest -Namespace films).Name | Sort-Object | Should -Be 'a', 'b'
        (Deploy-LabManifest (Join-Path $folder '*.yaml') -Namespace films).Action | Should -Be 'Unchanged', 'Unchanged'
        (Deploy-LabManifest $folder -Namespace films).Action | Should -Be 'Unchanged', 'Unchanged'
        (Get-Content (Join-Path $folder 'a.yaml') | Deploy-LabManifest -Namespace films).Action | Should -Be 'Unchanged'
        (@{ apiVersion = 'v1'; kind = 'ConfigMap'; metadata = @{ name = 'table' } } | Deploy-LabManifest -Namespace films).Name | Should -Be 'table'
        ('{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"json"},"data":{"n":"1"}}' | ConvertFrom-Json | Deploy-LabManifest -Namespace films).Name | Should -Be 'json'
        ([pscustomobject]@{ apiVersion = 'v1'; kind = 'ConfigMap'; metadata = @{ name = 'custom' } } | Deploy-LabManifest -Namespace films).Name | Should -Be 'custom'
    }

    It 'passes over links to folders and pipes, and takes text with a byte order mark and every character' {
        $folder = New-Item -ItemType Directory (Join-Path $TestDrive 'links')
        "$([char]0xFEFF)apiVersion: v1`nkind: ConfigMap`nmetadata: { name: marked }`ndata: { face: $([char]::ConvertFromUtf32(0x1F600)) }" | Set-Content (Join-Path $folder 'a.yaml') -Encoding utf8BOM
        if (-not $IsWindows) {
            $null = New-Item -ItemType SymbolicLink (Join-Path $folder 'again') -Target $folder
            $null = New-Item -ItemType SymbolicLink (Join-Path $folder 'more') -Target $folder
            mkfifo (Join-Path $folder 'pipe.yaml')
        }
        $names = (Deploy-LabManifest $folder -Recurse -Namespace films -ErrorVariable problems -ErrorAction SilentlyContinue).Name
        # Pester itself follows them, without end, when it clears its drive.
        Get-ChildItem $folder | Where-Object LinkType | ForEach-Object { $_.Delete() }
        $problems | Should -BeNullOrEmpty
        $names | Should -Be 'marked'
        (Get-LabResource configmaps marked -Namespace films).Data.face | Should -Be ([char]::ConvertFromUtf32(0x1F600))
        ("$([char]0xFEFF)apiVersion: v1", 'kind: ConfigMap', 'metadata: { name: lines }' | Deploy-LabManifest -Namespace films).Name | Should -Be 'lines'
    }

    It 'takes the lines of a file as people write them' {
        $path = Join-Path $TestDrive 'lines.yaml'
        "apiVersion: v1`nkind: ConfigMap`nmetadata:`n  name: lines`ndata:`n  text: |`n    one`n`n    two`n" | Set-Content $path
        (Get-Content $path | Deploy-LabManifest -Namespace films).Name | Should -Be 'lines'
        (Get-LabResource cm lines -Namespace films).Data.text | Should -Be "one`n`ntwo`n"
        'nothing-there.yaml' | Deploy-LabManifest -ErrorVariable problems -ErrorAction SilentlyContinue
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'Manifest*,*'
        "$($problems[0])" | Should -BeLike '*nothing-there.yaml*'
    }

    It 'names file, line and column of a mistake and deploys the rest' {
        $path = Join-Path $TestDrive 'bad.yaml'
        "apiVersion: v1`nkind: ConfigMap`nmetadata:`n`tname: x`n---`napiVersion: v1`nkind: ConfigMap`nmetadata: { name: rest }`n" | Set-Content $path
        $found = Deploy-LabManifest $path -Namespace films -ErrorVariable problems -ErrorAction SilentlyContinue
        $found.Name | Should -Be 'rest'
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'ManifestSyntax,*'
        "$($problems[0])" | Should -BeLike "$path`: line 4, column 1: a tab*"
    }

    It 'reports a path that finds nothing' {
        Deploy-LabManifest (Join-Path $TestDrive 'no*.yaml') -ErrorVariable problems -ErrorAction SilentlyContinue
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'ManifestNotFound,*'
        $problems[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
    }

    It 'restarts, pauses, resumes and annotates' {
        (Restart-LabRollout deploy/web -Namespace films).Spec.Template.Metadata.Annotations.'kubectl.kubernetes.io/restartedAt' | Should -Not -BeNullOrEmpty
        (Suspend-LabRollout deploy/web -Namespace films).Spec.Paused | Should -BeTrue
        (Resume-LabRollout deploy/web -Namespace films).Spec.Paused | Should -Not -BeTrue
        (Set-LabAnnotation deploy/web @{ owner = 'films' } -Namespace films).Annotations.owner | Should -Be 'films'
        Get-LabResource deploy/web -Namespace films | Wait-LabRollout -Timeout 60 | Out-Null
    }

    It 'changes nothing with -WhatIf' {
        @{ apiVersion = 'v1'; kind = 'ConfigMap'; metadata = @{ name = 'whatif' } } | Deploy-LabManifest -Namespace films -WhatIf | Should -BeNullOrEmpty
        Get-LabResource cm what* -Namespace films | Should -BeNullOrEmpty
    }
}

Describe 'New-, Compare- and ConvertFrom-LabManifest' -Tag Kubernetes {
    It 'makes a manifest that can be changed, compared and deployed' {
        $m = New-LabManifest Deployment made -Image web:1 -Port 8080 -Namespace films
        $m.spec.replicas = 1
        $m.spec.template.spec.containers[0].image = 'web:2'
        ($m | Compare-LabManifest).Status | Should -Be 'Created'
        ($m | Deploy-LabManifest).Action | Should -Be 'Created'
        ($m | Compare-LabManifest).Status | Should -Be 'Unchanged'
        $m.spec.template.spec.containers[0].image = 'web:3'
        $difference = $m | Compare-LabManifest
        $difference.Changes.Path | Should -Be 'spec.template.spec.containers[name="made"].image'
        $difference.Changes.Old, $difference.Changes.New | Should -Be 'web:2', 'web:3'
        $difference.Diff | Should -Match '(?m)^\+ +image: web:3$'
        ($m | Compare-LabManifest -AsText) -match 'image: web:3' | Should -Match '^\e\[32m\+'
        $result = $m | Deploy-LabManifest
        $result.ChangedPaths | Should -Be 'spec.template.spec.containers[name="made"].image'
        ($result | Out-String -Width 120) -replace '\s' | Should -BeLike '*Configured*image*'
        $m | Remove-LabManifest -Force
    }

    It 'says which parameters a kind takes' {
        { New-LabManifest Service x -Schedule '@daily' } | Should -Throw -ErrorId 'ParameterNotForKind,*'
        (TabExpansion2 'New-LabManifest Dep' 19).CompletionMatches.CompletionText | Should -Contain 'Deployment'
        (TabExpansion2 'New-LabManifest Secret x -Type ' 31).CompletionMatches.CompletionText | Should -Contain 'kubernetes.io/tls'
    }

    It 'reads files into objects that pipe on' {
        $path = Join-Path $TestDrive 'from.yaml'
        "apiVersion: v1`nkind: ConfigMap`nmetadata: { name: from }`ndata: { a: '1' }`n---`nb: [`n" | Set-Content $path
        $read = ConvertFrom-LabManifest $path -ErrorVariable problems -ErrorAction SilentlyContinue
        $read.Name | Should -Be 'from'
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'ManifestSyntax,*'
        $read.Data.a = '2'
        ($read | Deploy-LabManifest -Namespace films).Action | Should -Be 'Created'
        (Get-LabResource configmaps from -Namespace films).Data.a | Should -Be '2'
    }

    It 'prunes what a set no longer has, and not an empty one unasked' {
        $a = New-LabManifest ConfigMap set-a -Namespace films
        $b = New-LabManifest ConfigMap set-b -Namespace films
        $null = $a, $b | Deploy-LabManifest -Namespace films -ApplySet mine -Prune
        ($a | Deploy-LabManifest -Namespace films -ApplySet mine -Prune | Where-Object Action -EQ Pruned).Name | Should -Be 'set-b'
        (Get-LabResource configmaps set-* -Namespace films).Name | Should -Be 'set-a'
        { $a | Deploy-LabManifest -Prune } | Should -Throw -ErrorId 'ApplySetMissing,*'
    }
}

Describe 'Resolve-LabService' -Tag Kubernetes {
    BeforeAll {
        function Complete($line) { (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText }
        'apiVersion: v1
kind: Service
metadata: { name: lost, namespace: films }
spec: { selector: { app: wbe }, ports: [{ port: 80 }] }' | Deploy-LabManifest | Out-Null
    }

    AfterAll {
        Get-LabService lost -Namespace films | Remove-LabManifest -Force
    }

    It 'says what is wrong and what to do, as a table, a list and objects' {
        $port = Resolve-LabService lost -Namespace films
        $port.GetType().Name | Should -Be 'LabServicePort'
        $port.Findings.Rule | Should -Be 'SelectorMatchesNothing'
        $port.Cause | Should -BeLike '*Deployment/web has app=web there.'
        $port | Format-List | Out-String -Width 200 | Should -Match 'Findings +: High SelectorMatchesNothing'
        $list = Get-LabResource svc/lost, deploy/web -Namespace films | Format-List | Out-String -Width 200
        $list | Should -Match 'ClusterIP +: 10\.'
        $list | Should -Match 'Images +: \{'
        $list | Should -Not -Match 'System\.|Metadata|Spec '
        $port | Out-String -Width 100 | Should -Match 'Name +Port +TargetPort +ContainerPort +NodePort +Ready +Cause'
        (Get-LabService lost -Namespace films | Resolve-LabService).Name | Should -Be 'lost'
        Complete 'Resolve-LabService -Namespace films lo' | Should -Be 'lost'
    }

    It 'reports a URL that no rule takes' {
        Resolve-LabService -Url nowhere.example/ -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'RouteNotFound,*'
    }
}

Describe 'Get-LabResourceTree' -Tag Kubernetes {
    It 'draws what an object owns' {
        $tree = Get-LabResourceTree deploy/web -Namespace films
        # Revisions from before are there, too.
        ($tree | Where-Object Kind -EQ Pod).Depth | Should -Be 2, 2
        $tree[0].Kind, $tree[1].Kind | Should -Be 'Deployment', 'ReplicaSet'
        $table = $tree | Out-String -Width 120
        $table | Should -Match 'Deployment/web +2/2 Available'
        $table | Should -Match '─ReplicaSet/web-'
        ($tree | Where-Object Kind -EQ Pod | Select-Object -First 1 | Get-LabResourceTree -Root).Tree | Should -Be $tree.Tree
    }
}

Describe 'Find-LabUnused' -Tag Kubernetes {
    BeforeAll {
        function Complete($line) { (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText }
    }

    It 'finds what nothing uses, and Remove-LabManifest takes it' {
        "apiVersion: v1`nkind: ConfigMap`nmetadata: { name: spare, namespace: films }" | Deploy-LabManifest | Out-Null
        $found = Find-LabUnused configmaps -Namespace films | Where-Object Name -EQ spare
        $found.Reason | Should -Match 'names it'
        $found | Out-String -Width 100 | Should -Match 'ConfigMap +spare'
        $found | Remove-LabManifest -Force
        (Find-LabUnused configmaps -Namespace films).Name | Should -Not -Contain 'spare'
        Complete 'Find-LabUnused persist' | Should -Be 'persistentvolumeclaims', 'persistentvolumes'
    }
}

Describe 'Get-LabResource' -Tag Kubernetes {
    It 'gives objects that are walked with dots' {
        $deployment = Get-LabResource deploy web -Namespace films
        $deployment.Spec.Replicas | Should -Be 2
        $deployment.spec.template.spec.containers.image | Should -Be 'web:1'
        $deployment.Spec.Template.Spec.Containers[0].Name | Should -Be 'web'
        $deployment.Metadata.Labels.app | Should -Be 'web'
        $deployment.Labels['app'] | Should -Be 'web'
        (Get-LabResource pods -Namespace films).Status.Phase | Should -Be 'Running', 'Running'
    }

    It 'finds kinds by every name they have' -ForEach 'deploy', 'deployment', 'Deployment', 'deployments', 'deployments.apps', 'deploy/web' {
        (Get-LabResource $_ -Namespace films).Name | Should -Be 'web'
    }

    It 'reads services, events and namespaces as what they are' {
        '{ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "front" }, "spec": { "selector": { "app": "web" }, "ports": [{ "port": 80 }] } }' |
            Deploy-LabManifest -Namespace films | Out-Null
        $service = Get-LabService front -Namespace films
        $service.GetType().Name | Should -Be 'LabService'
        $service.Type | Should -Be 'ClusterIP'
        (Get-LabEvent deploy/web -Namespace films).Reason | Should -Contain 'ScalingReplicaSet'
        (New-LabKubeNamespace shelf -Label @{ team = 'films' }).Labels.team | Should -Be 'films'
        (Get-LabResource namespaces shelf).Name | Should -Be 'shelf'
        Remove-LabKubeNamespace shelf -Wait -Confirm:$false
        { Get-LabResource namespaces shelf -ErrorAction Stop } | Should -Throw -ErrorId 'NotFound,*'
    }

    It 'stops asking when the pipeline has enough' {
        Get-LabResource all -AllNamespaces | Select-Object -First 1 | Should -HaveCount 1
    }

    It 'takes the results of a deployment' {
        ($deployed | Get-LabResource).Name | Sort-Object | Should -Be 'films', 'web'
    }

    It 'shows a table that fits' {
        $table = Get-LabResource pods -Namespace films | Out-String -Width 100
        $table | Should -Match 'Namespace: films'
        $table | Should -Match 'Ready\s+Name\s+Status\s+Restarts\s+Age'
        $table | Should -Match '1/1\s+web-\S+\s+Running\s+0\s+\d+[sm]'
    }

    It 'sorts and filters by what the tables show' {
        $pods = Get-LabPod -Namespace films
        ($pods | Sort-Object Age, Restarts | Where-Object State -EQ Running).Count | Should -Be $pods.Count
        ($pods.Containers | Sort-Object Name -Unique).Image | Should -Be 'web:1'
        ($pods | Select-Object -First 1 | Get-LabResource).Name | Should -Be $pods[0].Name
        $pods[0] -is [LabPod] | Should -BeTrue
        (Get-LabDeployment web -Namespace films).AvailableReplicas | Should -BeGreaterThan 0
    }

    It 'shows what happens in a watch' {
        $table = Get-LabResource pods -Namespace films -Watch | Select-Object -First 1 | Out-String -Width 100
        $table | Should -Match 'EventType\s+Name\s+Kind\s+Ready\s+State\s+Age'
        $table | Should -Match 'Added\s+web-\S+\s+Pod'
    }

    It 'names several contexts, and says which one it read' {
        $own = Get-LabKubeContext | Where-Object IsCurrent
        $several = Join-Path $TestDrive 'several'
        "contexts:
- {name: a, context: {cluster: $($own.Cluster), user: $($own.User), namespace: films}}
- {name: b, context: {cluster: $($own.Cluster), user: $($own.User), namespace: films}}
- {name: down, context: {cluster: down}}
current-context: a
clusters: [{name: down, cluster: {server: 'http://127.0.0.1:1'}}]" | Set-Content $several
        $config = $several, $own.File
        $found = Get-LabResource deploy web -KubeConfig $config -Context a, down, b -ErrorVariable problems -ErrorAction SilentlyContinue
        $found.Context | Should -Be 'a', 'b'
        "$($problems[0])" | Should -BeLike '*(context down)*'
        $found | Out-String | Should -Match 'Namespace: films \(context b\)'
        { Remove-LabKubeNamespace nothing -KubeConfig $config -Context a, b -Force } | Should -Throw -ErrorId 'OneContextOnly,*'
        (Get-LabKubeContext a, b, down -KubeConfig $config).Name | Should -Be 'a', 'b', 'down'
        # The session that the emulator set has a context of its own, which counts more.
        (Use-LabKubeContext b -Namespace other -KubeConfig $config -PassThru -WarningVariable said -WarningAction SilentlyContinue).Namespace | Should -Be 'other'
        "$said" | Should -BeLike "*context 'cloudlab'*"
        Get-Content $several | Should -Contain 'current-context: b'
        Use-LabKubeContext a -KubeConfig $config -WhatIf
        Get-Content $several | Should -Contain 'current-context: b'
    }

    It 'changes and deploys what it read' {
        $deployment = Get-LabResource deploy web -Namespace films
        $deployment.Spec.Replicas = 3
        ($deployment | Deploy-LabManifest -Force -Wait -Timeout 60).State | Should -Be '3/3 ready'
    }

    It 'writes an error with an id for what is not there' {
        Get-LabResource deploy nope -Namespace films -ErrorVariable problems -ErrorAction SilentlyContinue
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'NotFound,*'
        $problems[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
    }

    It 'ends in one line without a cluster' {
        { Get-LabResource pods -KubeConfig (Join-Path $TestDrive 'none') } | Should -Throw -ErrorId 'KubeConfigNotFound,*'
    }
}

Describe 'Rollouts and changes' -Tag Kubernetes {
    BeforeAll {
        $ns = @{ Namespace = 'films' }
        $config = { param($name) @{ apiVersion = 'v1'; kind = 'ConfigMap'; metadata = @{ name = $name; labels = @{ set = 'roll' } }; data = @{ a = '1' } } | Deploy-LabManifest @ns }
        $null = 'one', 'two' | ForEach-Object { & $config $_ }
    }

    It 'pipes: waits, changes and history take what the others write' {
        $changed = Get-LabResource deploy web @ns | Set-LabWorkloadImage -Image 'web=web:2' -Wait -Timeout 60
        $changed.Spec.Template.Spec.Containers.Image | Should -Be 'web:2'
        $waited = $changed | Wait-LabRollout -Timeout 60
        $waited.State | Should -BeLike '*/* ready'
        $history = $waited | Get-LabRolloutHistory
        $history[-1].Changes | Should -Be '~ spec.containers[name="web"].image: "web:1" -> "web:2"'
        ($waited | Undo-LabRollout -Wait -Timeout 60).Spec.Template.Spec.Containers.Image | Should -Be 'web:1'
        ($waited | Debug-LabPod).Cause | Should -BeNullOrEmpty
    }

    It 'changes many objects at once' {
        $all = Get-LabResource cm -LabelSelector set=roll @ns | Set-LabLabel -Label @{ owner = 'films'; set = $null }
        $all.Name | Sort-Object | Should -Be 'one', 'two'
        $all.Labels.owner | Should -Be 'films', 'films'
        $all | ForEach-Object { $_.Labels.ContainsKey('set') | Should -BeFalse }
        ($all | Edit-LabResource -Script { $_.Data.a = '2'; $_.Data.b = $_.Name }).Data.b | Sort-Object | Should -Be 'one', 'two'
    }

    It 'sets labels as they are written for kubectl, and edits by a script behind the name' {
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: written, labels: {old: 'x'}}, data: {a: '1'}}" | Deploy-LabManifest @ns | Out-Null
        (Set-LabLabel cm/written tier=front, old- @ns).Labels.Keys | Should -Be 'tier'
        (Set-LabLabel cm written tier=back @ns -Overwrite).Labels.tier | Should -Be 'back'
        (Set-LabAnnotation cm/written owner=films @ns).Annotations.owner | Should -Be 'films'
        { Set-LabLabel cm/written @ns } | Should -Throw -ErrorId 'LabelMissing,*'
        { Set-LabLabel cm/written nothing @ns } | Should -Throw -ErrorId 'LabelMissing,*'
        (Edit-LabResource cm/written { $_.data.a = '2' } @ns).Data.a | Should -Be '2'
        (Edit-LabResource cm written -Script { $_.data.a = '3' } @ns).Data.a | Should -Be '3'
        (Edit-LabResource cm written { $_.data.a = '5' } @ns).Data.a | Should -Be '5'
        (Get-LabResource cm/written @ns | Edit-LabResource { $_.data.a = '6' }).Data.a | Should -Be '6'
        (Edit-LabResource cm written -Patch @{ data = @{ a = '7' } } @ns).Data.a | Should -Be '7'
        (Get-LabResource cm/written @ns | Edit-LabResource -Patch @{ data = @{ a = '8' } }).Data.a | Should -Be '8'
        (Get-LabResource cm/written @ns | Edit-LabResource -Script { $_.data.a = '4' }).Data.a | Should -Be '4'
    }

    It 'does not follow the log of a run that has ended' {
        { Get-LabPodLog deploy/web -Follow -Previous @ns } | Should -Throw -ErrorId 'FollowPrevious,*'
    }

    It 'gives no terminal to an added container where there is none' {
        { Debug-LabPod some -Image busybox -Interactive @ns } | Should -Throw -ErrorId 'TerminalMissing,*'
    }

    It 'changes nothing with -WhatIf' {
        Set-LabScale deploy/web -Replicas 0 @ns -WhatIf | Should -BeNullOrEmpty
        Edit-LabResource cm/one -Script { $_.Data.a = 'changed' } @ns -WhatIf | Should -BeNullOrEmpty
        (Get-LabResource cm one @ns).Data.a | Should -Not -Be 'changed'
    }

    It 'refuses what is no condition, and says what is' {
        { Wait-LabResource deploy/web -For Reddy @ns } | Should -Throw -ErrorId 'ConditionInvalid,*'
        { Set-LabScale deployments -Replicas 1 @ns } | Should -Throw -ErrorId 'SelectionMissing,*'
    }

    It 'needs a terminal for an editor' {
        $before = $env:KUBE_EDITOR
        try {
            $env:KUBE_EDITOR = $null
            $null | & ($env:PWSH ? $env:PWSH : (Get-Process -Id $PID).Path) -NoProfile -NonInteractive -Command "
                Import-Module '$(Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1')'
                `$null = Start-LabEmulator
                try { Edit-LabResource ns/default } catch { `$_.FullyQualifiedErrorId }" | Should -BeLike 'EditorMissing,*'
        } finally { $env:KUBE_EDITOR = $before }
    }

    It 'completes conditions and containers' {
        function Complete($line) { (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText }
        Complete 'Wait-LabResource deploy/web -For Av' | Should -Be 'Available'
        Complete 'Set-LabWorkloadImage deploy/web -Namespace films -Container w' | Should -Be 'web'
    }
}

Describe 'Pods and their streams' -Tag Kubernetes {
    BeforeAll {
        $box = Start-LabPod box -Image busybox -Pull IfNotPresent -Namespace films -Command httpd, '-f', '-p', '8080'
        Wait-LabResource pods box -Namespace films -For Ready -Timeout 60
    }

    It 'starts a pod that has the table of pods, and a job' {
        $box.GetType().Name | Should -Be 'LabPod'
        $box.Name | Should -Be 'box'
        $job = Start-LabJob import -Image busybox -Pull IfNotPresent -Namespace films -Command echo, done
        $job.GetType().Name | Should -Be 'LabJob'
        $job.Name | Should -Be 'import'
    }

    It 'runs commands in pods that are named or piped, with input' {
        Invoke-LabPod box -Namespace films -Command echo, hello | Should -Be 'hello'
        'a', 'b' | Invoke-LabPod box -Namespace films -Command cat | Should -Be 'a', 'b'
        Get-LabResource pods box -Namespace films | Invoke-LabPod -Command echo, piped | Should -Be 'piped'
        (Invoke-LabPod box -Namespace films -Command sh, '-c', 'exit 3' -AsObject).ExitCode | Should -Be 3
    }

    It 'attaches to what runs in a pod' {
        '{ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "game" }, "spec": { "containers": [{ "name": "game", "image": "game:1", "command": ["cat"], "stdin": true }] } }' |
            Deploy-LabManifest -Namespace films -Wait -Timeout 60 | Out-Null
        'north' | Connect-LabPod game -Namespace films | Should -Be 'north'
    }

    It 'copies into a pod and out of it' {
        $file = Join-Path $TestDrive 'there.txt'
        'kept' | Set-Content $file
        (Copy-LabPodItem $file box:/there.txt -Namespace films).Files | Should -Be 1
        $null = Copy-LabPodItem box:/there.txt (Join-Path $TestDrive 'back.txt') -Namespace films
        Get-Content (Join-Path $TestDrive 'back.txt') | Should -Be 'kept'
    }

    It 'reads logs' {
        $null = Start-LabPod talk -Image busybox -Pull IfNotPresent -Namespace films -Wait -Command sh, '-c', 'echo one; echo two'
        (Get-LabPodLog talk -Namespace films).Text | Should -Be 'one', 'two'
        (Get-LabPodLog talk -Namespace films -Tail 1).Text | Should -Be 'two'
    }

    It 'forwards a port until it is stopped' {
        $forward = Start-LabPortForward box -Namespace films -Port 8080
        try {
            (Get-LabPortForward).Count | Should -Be 1
            $forward.LocalPort | Should -BeGreaterThan 0
        }
        finally {
            $forward | Stop-LabPortForward
        }
        Get-LabPortForward | Should -BeNullOrEmpty
    }
}

Describe 'Autoscaling in a cluster' -Tag Kubernetes {
    BeforeAll {
        @'
apiVersion: v1
kind: Namespace
metadata: { name: scaled }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: shop, namespace: scaled }
spec:
  replicas: 2
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop }, annotations: { emulator.cloudlab/cpu: 160m } }
    spec: { containers: [{ name: web, image: 'web:1', resources: { requests: { cpu: 200m } } }] }
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: shop, namespace: scaled }
spec: { scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: shop }, maxReplicas: 5 }
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: lost, namespace: scaled }
spec: { scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: lost }, maxReplicas: 5 }
---
{ apiVersion: v1, kind: ResourceQuota, metadata: { name: small, namespace: scaled }, spec: { hard: { pods: 3 } } }
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: report, namespace: scaled }
spec:
  schedule: '0 9 * * 1-5'
  jobTemplate: { spec: { template: { spec: { restartPolicy: Never, containers: [{ name: a, image: 'b:1' }] } } } }
'@ | Deploy-LabManifest -Wait -Timeout 60 | Out-Null
    }

    It 'measures autoscalers from the pipeline and by name, and rows of numbers as before' {
        $decision = Get-LabResource hpa shop -Namespace scaled | Measure-HpaReplicas
        $decision | Should -BeOfType ([LabHpaDecision])
        $decision | Should -BeOfType ([HpaDecision])
        $decision.Name, $decision.Namespace, $decision.DesiredReplicas | Should -Be 'shop', 'scaled', 2
        (Measure-HpaReplicas -Name sh* -Namespace scaled).Reason | Should -Be $decision.Reason
        ([pscustomobject]@{ Name = 'a'; Namespace = 'b'; CurrentReplicas = 5; CurrentValue = 120; TargetValue = 50 } | Measure-HpaReplicas).DesiredReplicas | Should -Be 12
        'lost' | ForEach-Object { Measure-HpaReplicas -Name $_ -Namespace scaled -ErrorVariable failed -ErrorAction SilentlyContinue }
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'TargetMissing,*'
    }

    It 'says why an autoscaler does not scale' {
        $found = Get-LabResource hpa -Namespace scaled | Test-LabHpa
        ($found | Where-Object Name -EQ lost).Rule | Should -Contain TargetMissing
        ($found | Where-Object Name -EQ shop)[-1].Rule | Should -Be Decision
        $found | Where-Object Severity -GE High | Should -Not -BeNullOrEmpty
        Test-LabHpa nothere -Namespace scaled -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'NotFound,*'
    }

    It 'recommends requests for workloads, and still for samples' {
        $request = Get-LabResource deploy -Namespace scaled | Measure-VpaRequest -WarningAction SilentlyContinue
        $request.Workload, $request.CpuRequest, $request.SampleCount | Should -Be 'Deployment/shop', '200m', 2
        ([pscustomobject]@{ Time = '2026-11-29T10:00:00Z'; Container = 'web'; Cpu = '100m' } | Measure-VpaRequest).Container | Should -Be web
    }

    It 'measures the quotas of a namespace' {
        (Measure-LabQuota -Namespace scaled).Left | Should -Be 1
        (New-LabManifest Deployment more -Image web:1 -Replicas 2 | Measure-LabQuota -Namespace scaled).AcceptedPodCount | Should -Be 1
        { Measure-LabQuota -Namespace films -ErrorAction Stop } | Should -Throw '*no ResourceQuota and no LimitRange*'
    }

    It 'gets CronJobs, which go on to the cmdlets for schedules' {
        $job = Get-LabCronJob rep* -Namespace scaled
        $job.Description | Should -BeLike '*09:00*'
        $job.NextScheduleTime.Offset | Should -Be ([timespan]::Zero)
        $job.Missed | Should -Be 0
        ($job | Get-LabSchedule -Count 1).Time | Should -Be $job.NextScheduleTime
        (Get-LabCronJob -AllNamespaces | Show-LabScheduleCalendar -Days 7).RunCount | Should -BeGreaterThan 4
        ($job | Test-LabSchedule).Valid | Should -BeTrue
    }

    It 'completes the names of autoscalers, CronJobs and workloads' {
        (TabExpansion2 'Test-LabHpa -Namespace scaled -Name sh').CompletionMatches.CompletionText | Should -Contain shop
        (TabExpansion2 'Measure-HpaReplicas -Namespace scaled -Name sh').CompletionMatches.CompletionText | Should -Contain shop
        (TabExpansion2 'Measure-VpaRequest -Namespace scaled -Name sh').CompletionMatches.CompletionText | Should -Contain shop
        (TabExpansion2 'Get-LabCronJob -Namespace scaled -Name re').CompletionMatches.CompletionText | Should -Contain report
    }
}

Describe 'Who may do what' -Tag Kubernetes {
    BeforeAll {
        function Complete($line) { (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText }
        New-LabManifest ServiceAccount reader -Namespace films | Deploy-LabManifest | Out-Null
        New-LabManifest Role pod-reader -Verb get, list -Resource pods -Namespace films | Deploy-LabManifest | Out-Null
        New-LabManifest RoleBinding readers -Role role/pod-reader -Subject serviceaccount/reader, user/ann -Namespace films | Deploy-LabManifest | Out-Null
    }

    It 'answers with what decides, and with the commands that would grant it' {
        $yes = Test-LabKubeAccess get pods -ServiceAccount films:reader -Namespace films
        $yes.Allowed, $yes.Role, $yes.Binding | Should -Be $true, 'Role/pod-reader', 'RoleBinding/films/readers'
        $no = Test-LabKubeAccess delete configmaps -As dan -Namespace films
        $no.Allowed | Should -BeFalse
        (Invoke-Expression ($no.Action -creplace 'NAME', 'granted')).Action | Should -Be 'Created'
        Test-LabKubeAccess delete configmaps -As dan -Namespace films -Quiet | Should -BeTrue
    }

    It 'takes rows, kinds and objects from the pipeline' {
        'Verb,Kind,As', 'get,pods,ann', 'delete,pods,ann', 'get,pods,ben' | ConvertFrom-Csv | Test-LabKubeAccess -Namespace films -Quiet | Should -Be $true, $false, $false
        $kinds = Get-LabKind pods, secrets, deploy, nodes | Test-LabKubeAccess list -As ann -Namespace films
        $kinds.Kind | Should -Be 'pods', 'secrets', 'deployments.apps', 'nodes'
        $kinds.Allowed | Should -Be $true, $false, $false, $false
        $kinds | Where-Object Name | Should -BeNullOrEmpty
        $object = Get-LabDeployment web -Namespace films | Test-LabKubeAccess patch
        $object.Name, $object.Namespace, $object.Kind, $object.Allowed | Should -Be 'web', 'films', 'deployments.apps', $true
        'pods', 'secrets' | Test-LabKubeAccess get -As ann -Namespace films -Quiet | Should -Be $true, $false
    }

    It 'finds who may' {
        $who = Find-LabKubeAccess list pods -Namespace films
        $who | Where-Object Role -EQ Role/pod-reader | ForEach-Object Subject | Should -Be 'ServiceAccount/films/reader', 'User/ann'
        $who.Subject | Should -Contain 'Group/system:masters'
        (Get-LabKind pods | Find-LabKubeAccess list -Namespace films).Count | Should -Be $who.Count
    }

    It 'lists what somebody may do, and who one is' {
        $rule = Get-LabKubeAccess -ServiceAccount films:reader -Namespace films | Where-Object Kind -EQ pods
        $rule.Verbs | Should -Be 'get', 'list'
        $rule.Bindings | Should -Be 'RoleBinding/films/readers'
        (Get-LabKubeAccess -WhoAmI).User | Should -Be 'lab-admin'
    }

    It 'completes verbs, subresources and subjects' {
        Complete 'Test-LabKubeAccess de' | Should -Be 'delete', 'deletecollection'
        Complete 'Test-LabKubeAccess get pods -Subresource l' | Should -Be 'log'
        Complete 'Test-LabKubeAccess get pods -As an' | Should -Be 'ann'
        Complete 'Get-LabKubeAccess -ServiceAccount films:re' | Should -Be 'films:reader'
    }
}

Describe 'Completion' -Tag Kubernetes {
    It 'offers kinds, names, namespaces and contexts' {
        function Complete($line) { (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText }
        $null = Get-LabResource ns
        Complete 'Get-LabResource deplo' | Should -Contain 'deployments'
        Complete 'Get-LabResource deployments -Namespace films -Name w' | Should -Contain 'web'
        Complete 'Get-LabResource pods -Namespace fil' | Should -Contain 'films'
        Complete 'Get-LabResource pods -Context c' | Should -Contain 'cloudlab'
        Complete 'Get-LabDeployment -Namespace films -Name w' | Should -Contain 'web'
        Complete 'Get-LabResource deploy/web -Subresource s' | Should -Be 'scale', 'status'
        $null = Get-LabKind deploy -Field spec
        Complete 'Get-LabKind deploy -Field spec.stra' | Should -Contain 'spec.strategy'
    }
}

Describe 'Nodes and metrics' -Tag Kubernetes {
    BeforeAll {
        'apiVersion: v1
kind: Pod
metadata: { name: encoder, namespace: films, labels: { own: encoder }, annotations: { emulator.cloudlab/cpu: 250m, emulator.cloudlab/memory: 100Mi } }
spec: { containers: [{ name: main, image: "encoder:1", resources: { requests: { cpu: 500m }, limits: { memory: 200Mi } } }] }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: encoder, namespace: films }
spec: { minAvailable: 1, selector: { matchLabels: { own: encoder } } }' | Deploy-LabManifest -Wait -Timeout 60 | Out-Null
    }

    It 'measures pods, containers and nodes in numbers that can be sorted and added up' {
        $metric = Get-LabMetric pod/encoder -Namespace films
        $metric.CpuMillicores, $metric.CpuRequestPercent, $metric.MemoryBytes, $metric.MemoryLimitPercent | Should -Be 250, 50, 100MB, 50
        (Get-LabPod encoder -Namespace films | Get-LabMetric -Container).Container | Should -Be 'main'
        (Get-LabNode | Get-LabMetric).Name | Should -Be 'emulator'
        (Get-LabMetric nodes | Measure-Object CpuMillicores -Sum).Sum | Should -BeGreaterOrEqual 250
        $metric | Out-String | Should -Match '250m +50 %'
    }

    It 'shows nodes and what troubles them' {
        $node = Get-LabNode emulator
        $node.CpuRequestMillicores | Should -BeGreaterOrEqual 500
        $node.PodCount | Should -BeGreaterThan 0
        $node.Problems | Should -BeNullOrEmpty
        $report = $node | Debug-LabNode
        $report.GetType().Name | Should -Be 'LabNodeReport'
        $report.Cause | Should -BeNullOrEmpty
    }

    It 'drains a node as far as budgets allow, says what is left, and takes it into use again' {
        { Clear-LabNode emulator -Timeout 2 -ErrorAction Stop } | Should -Throw -ErrorId 'DrainRefused,*'
        Clear-LabNode emulator -Force -WhatIf | Should -BeNullOrEmpty
        (Get-LabNode emulator).Unschedulable | Should -BeFalse
        $drain = Clear-LabNode emulator -Force -PodSelector own=encoder -Timeout 2 -ErrorAction SilentlyContinue -ErrorVariable problem
        $drain.State | Should -Be 'Incomplete'
        $drain.Pods.Name | Should -Be 'encoder'
        $problem[0].ToString() | Should -BeLike '*PodDisruptionBudget encoder (minAvailable 1): 1 of 1 pods are healthy*'
        (Get-LabNode emulator).State | Should -Be 'Ready,SchedulingDisabled'
        ($drain | Resume-LabNode).Unschedulable | Should -BeFalse
        (Suspend-LabNode emulator | Resume-LabNode).State | Should -Be 'Ready'
    }

    It 'starts a pod on the machine of a node' {
        Debug-LabNode emulator -Image busybox:1.36 -Command echo, here -Namespace films | Should -Be 'here'
        $pod = Debug-LabNode emulator -Image busybox:1.36 -Namespace films
        $pod.Node | Should -Be 'emulator'
        $pod | Remove-LabManifest -Force -PassThru | ForEach-Object Kind | Should -Be 'Pod'
    }

    It 'completes nodes' {
        foreach ($line in 'Clear-LabNode emu', 'Debug-LabNode -Name emu', 'Get-LabNode emu', 'Get-LabMetric nodes emu') {
            (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be 'emulator'
        }
    }
}

Describe 'Remove-LabManifest' -Tag Kubernetes {
    It 'asks, since it destroys' {
        (Get-Command Remove-LabManifest).ImplementingType.GetCustomAttributes($true).ConfirmImpact | Should -Contain 'High'
    }

    It 'removes what was deployed, in the other order, and is done when it is gone' {
        $removed = $web | Remove-LabManifest -Force -Wait -Timeout 60 -PassThru
        $removed.Kind | Should -Be 'Deployment', 'Namespace'
        Get-LabResource ns films -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $web | Remove-LabManifest -Force -ErrorVariable problems
        $problems | Should -BeNullOrEmpty
    }
}

Describe 'Remove-LabResource' -Tag Kubernetes {
    BeforeAll {
        New-LabKubeNamespace scraps | Out-Null
        'a', 'b', 'c' | ForEach-Object { New-LabManifest ConfigMap $_ -Data @{ v = 1 } -Label @{ keep = 'no' } } | Deploy-LabManifest -Namespace scraps | Out-Null
    }

    AfterAll {
        Remove-LabKubeNamespace scraps -Force
    }

    It 'asks, since it destroys' {
        (Get-Command Remove-LabResource).ImplementingType.GetCustomAttributes($true).ConfirmImpact | Should -Contain 'High'
        Remove-LabResource cm/a -Namespace scraps -WhatIf | Should -BeNullOrEmpty
        (Get-LabResource cm/a -Namespace scraps).Name | Should -Be a
    }

    It 'takes names, selectors and objects, and not a whole kind by accident' {
        { Remove-LabResource cm -Namespace scraps -Force } | Should -Throw -ErrorId 'SelectionMissing,*'
        Remove-LabResource cm a -Namespace scraps -Force | Should -BeNullOrEmpty
        (Get-LabResource cm b -Namespace scraps | Remove-LabResource -Confirm:$false -Wait -Timeout 60 -PassThru).Action | Should -Be Removed
        (Get-LabResource cm -l keep=no -Namespace scraps).Name | Should -Be c
        Remove-LabResource cm -l keep=no -Namespace scraps -Force
        Get-LabResource cm -l keep=no -Namespace scraps | Should -BeNullOrEmpty
        { Remove-LabResource cm/a -Namespace scraps -Force -ErrorAction Stop } | Should -Throw -ErrorId 'NotFound,*'
    }

    It 'completes kinds and names' {
        (TabExpansion2 'Remove-LabResource depl' 23).CompletionMatches.CompletionText | Should -Contain 'deployments'
        (TabExpansion2 'Remove-LabResource namespaces scr' 33).CompletionMatches.CompletionText | Should -Be scraps
    }
}

Describe 'Test-LabManifest' -Tag Kubernetes {
    BeforeAll {
        $manifest = Join-Path $TestDrive movies.yaml
        Set-Content $manifest 'apiVersion: v1', 'kind: ConfigMap', 'metadata:', '  name: movies', '  labels: { tier: 1 }', 'dta: { theme: dark }'
    }

    It 'reviews files, text, lines and objects alike' {
        $found = Test-LabManifest $manifest -Offline -Rule UnknownField, WrongType
        $found | ForEach-Object { "$($_.Rule) $($_.Path) $($_.Line):$($_.Column)" } | Should -Be 'WrongType metadata.labels.tier 5:13', 'UnknownField dta 6:1'
        (Get-ChildItem $manifest | Test-LabManifest -Offline -Rule UnknownField, WrongType).Count | Should -Be 2
        (Get-Content $manifest | Test-LabManifest -Offline -Rule UnknownField, WrongType).Count | Should -Be 2
        (@{ apiVersion = 'v1'; kind = 'ConfigMap'; metadata = @{ name = 'movies' }; dta = @{} } | Test-LabManifest -Offline -Rule UnknownField).Path | Should -Be dta
        (Test-LabManifest $manifest -Rule UnknownField).Path | Should -Be dta -Because 'the cluster says the same'
        (Test-LabManifest $manifest -Offline -Rule UnknownField, WrongType -OutputFormat Sarif | ConvertFrom-Json).runs[0].results.Count | Should -Be 2
        ([xml](Test-LabManifest $manifest -Offline -Rule UnknownField, WrongType -OutputFormat JUnit)).testsuites.failures | Should -Be 2
        $table = Test-LabManifest $manifest -Offline -Rule UnknownField | Out-String -Width 120
        $table | Should -Match '6 High     UnknownField +ConfigMap movies: '
        # The sentence goes on in the next line where the window is narrow.
        $table -replace '\s+', ' ' | Should -Match "ConfigMap movies: The ConfigMap has no field 'dta'\."
    }

    It 'completes rules and refuses one that there is not' {
        (TabExpansion2 'Test-LabManifest -Rule RemovedA').CompletionMatches.CompletionText | Should -Be RemovedApiVersion
        { Test-LabManifest $manifest -Offline -Rule UnknownFeld } | Should -Throw -ErrorId 'RuleUnknown,*'
    }
}

Describe 'The KubernetesClient package' -Tag Kubernetes {
    It 'is loaded by cmdlets for Kubernetes alone, and never beside the packages of other modules' {
        $module = Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1'
        $script = @'
            $ErrorActionPreference = 'Stop'
            function Loaded { [Runtime.Loader.AssemblyLoadContext]::All | Where-Object { $_.Assemblies.GetName().Name -contains 'KubernetesClient' } | ForEach-Object Name }
            $null = Start-LabEmulator; $null = New-LabBucket lazy-loading; $null = Get-LabBucket; $null = Get-LabSession
            "before: $(Loaded)"; $null = Get-LabResource namespaces; "after: $(Loaded)"
'@
        & ($env:PWSH ? $env:PWSH : (Get-Process -Id $PID).Path) -NoProfile -NonInteractive -Command "Import-Module '$module'; $script" |
            Should -Be 'before: ', 'after: CloudLab'
    }
}
