#!/usr/bin/env pwsh
# The movie site in a cluster: why a Deployment, which port is which, settings, state, rules for hosts and paths, and what heals by itself.
# It needs a cluster whose nodes have busybox:1.36, and takes the current context of the kubeconfig; without one it runs on the emulator, which
# starts no programs, and says what that leaves out. Everything is in a namespace of its own.
#   ./build.sh; pwsh examples/kubernetes/lab.ps1
[CmdletBinding()]
param(
    # Parts to show: deployment, ports, settings, state, ingress, healing. All if omitted.
    [ValidateSet('deployment', 'ports', 'settings', 'state', 'ingress', 'healing')]
    [string[]] $Step,

    # Uses the emulator, whatever is configured. It is used too where nothing is.
    [switch] $Emulator,

    # Leaves everything as it is at the end.
    [switch] $Keep
)
. (Join-Path (Split-Path $PSScriptRoot) Common.ps1)
$movies = Join-Path (Split-Path $PSScriptRoot) movies
$id = "lab-$([guid]::NewGuid().ToString('n').Substring(0, 8))"
$at = @{ Namespace = $id }

# What the site answers, through a port of this machine.
function Read-Site([string] $Path, [string] $Name = 'svc/movies', [string] $Port = '0:80') {
    $forward = Start-LabPortForward $Name -Port $Port @at
    try { Invoke-RestMethod "http://$forward/$Path" -TimeoutSec 20 } finally { $forward | Stop-LabPortForward }
}

try {
    $onEmulator = Start-Place Kubernetes $Emulator
    $null = New-LabKubeNamespace $id
    Add-CleanUp { Remove-LabKubeNamespace $id -Force -Wait -Timeout 120 }
    $files = (Join-Path $movies site/index.html), (Join-Path $movies data/movies.json), (Join-Path $movies data/users.json), (Join-Path $movies site/cgi-bin/settings)
    $null = New-LabManifest ConfigMap content -FromFile $files | Deploy-LabManifest @at
    $deployed = Deploy-LabManifest (Join-Path $PSScriptRoot site.yaml) @at -Wait -Timeout 120

    Show-Part deployment 'A Deployment, and not bare Pods' {
        $deployed | Say
        $null = Start-LabPod alone -Image busybox:1.36 -Command sleep, 1000 @at
        $null = Wait-LabResource pod alone -For Ready -Timeout 60 @at
        $before = (Get-LabPod -LabelSelector app=movies @at).Name
        'alone', $before[0] | ForEach-Object { Get-LabResource pods $_ @at } | Remove-LabManifest -Force -Wait -Timeout 60 -GracePeriod 1
        # Stable: the status may still be that of before the deletion.
        $null = Wait-LabRollout deploy/movies -StableFor 2 -Timeout 60 @at
        $after = (Get-LabPod -LabelSelector app=movies @at).Name
        $new = @($after | Where-Object { $_ -notin $before })
        $back = [bool] (Get-LabResource pods alone -ErrorAction Ignore @at)
        Say "Two pods were deleted. $($before[0]) has a successor, $($new[0]): its Deployment wants 2, and its ReplicaSet makes what is missing."
        Say "The pod 'alone' $($back ? 'came back' : 'did not come back'): nobody wanted it but the one who made it."
        Get-LabResourceTree deploy/movies @at | Say
        @{ Deployed = @($deployed | ForEach-Object { "$($_.Kind)/$($_.Name)" }); Before = $before; After = $after; New = $new; AloneIsBack = $back }
    }

    Show-Part ports 'The four ports, side by side' {
        $service = Resolve-LabService movies -Test @at
        Say "  port          $($service.Port)`tof the Service: what other pods in the cluster connect to"
        Say "  targetPort    $($service.TargetPort)`tof the Service: the port of the pod, here by its name"
        Say "  containerPort $($service.ContainerPort)`tof the pod: where the program listens; the name http means this one"
        Say "  nodePort      $($service.NodePort)`tof every node: what comes from outside, to any node, leads to port $($service.Port)"
        Say "Behind it are $($service.Ready) pods: $($service.Endpoints.Address -join ', '). One of them said: $($service.Answer)"
        $users = Read-Site data/users.json
        Say "Through a fifth port, of this machine: $($onEmulator ? 'the emulator runs no web server, so it answers with the name of a pod' : "data/users.json has $(@($users).Count) users")."
        @{
            Port = $service.Port; TargetPort = $service.TargetPort; ContainerPort = $service.ContainerPort; NodePort = $service.NodePort
            Ready = $service.Ready; Answer = $service.Answer; Users = @($users).Count; FirstUser = $users.name | Select-Object -First 1
        }
    }

    Show-Part settings 'ConfigMap and Secret, as environment and as files' {
        $secret = (Get-LabResource secrets settings @at).Data.SESSION_KEY
        $plain = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($secret))
        Say "The Secret has SESSION_KEY: $secret. That is base64, a way of writing bytes, and no encryption: without any key it reads '$plain'."
        $readers = @(Find-LabKubeAccess get secrets @at)
        Say "What keeps it is who may read Secrets (Find-LabKubeAccess get secrets: $($readers.Count) at this time), and encryption at rest, if the cluster has it."
        $facts = @{ Base64 = $secret; Plain = $plain; Readers = $readers.Count; Environment = $null; Files = $null; Titles = $null }
        if ($onEmulator) { Say 'The rest is left out: the emulator runs no program that could read them.' }
        else {
            $facts.Environment = Invoke-LabPod deploy/movies -Command sh, -c, 'echo $TITLE; echo $SESSION_KEY' @at
            $facts.Files = Invoke-LabPod deploy/movies -Command sh, -c, 'cd /etc/settings; for f in *; do echo "$f=$(cat $f)"; done' @at
            Say "As environment, the program has TITLE '$($facts.Environment[0])' and SESSION_KEY '$($facts.Environment[1])'."
            Say "As files, in /etc/settings: $($facts.Files -join ', ')."
            $titles = @((Read-Site cgi-bin/settings).title)
            $null = Edit-LabResource configmaps/settings -Patch @{ data = @{ TITLE = 'Films' } } @at
            $titles += (Read-Site cgi-bin/settings).title
            $null = Restart-LabRollout deploy/movies -Wait -Timeout 60 @at
            $titles += (Read-Site cgi-bin/settings).title
            $facts.Titles = $titles
            Say "The page's title is '$($titles[0])'. The ConfigMap says 'Films' now, and the page still '$($titles[1])': an environment is given when a program starts."
            Say "After Restart-LabRollout it is '$($titles[2])'. Files change by themselves after a minute; Deploy-LabManifest -RestartOnConfigChange restarts for you."
        }
        $facts
    }

    Show-Part state 'A StatefulSet: claims outlive a pod' {
        $dynamic = Get-LabResource storageclasses | Where-Object { $_.Annotations['storageclass.kubernetes.io/is-default-class'] -eq 'true' }
        $films = Join-Path $PSScriptRoot films.yaml
        if ($onEmulator -or $dynamic) { $null = Deploy-LabManifest $films @at -Wait -Timeout 120 }
        else {
            # Nobody makes volumes here, so they are made by hand: folders of the node, for claims of this namespace only.
            $volumes = 0, 1 | ForEach-Object {
                @{
                    apiVersion = 'v1'; kind = 'PersistentVolume'; metadata = @{ name = "$id-$_" }
                    spec = @{
                        capacity = @{ storage = '8Mi' }; accessModes = @('ReadWriteOnce'); storageClassName = ''; persistentVolumeReclaimPolicy = 'Retain'
                        hostPath = @{ path = "/var/tmp/$id/$_"; type = 'DirectoryOrCreate' }; claimRef = @{ namespace = $id; name = "data-films-$_" }
                    }
                }
            }
            $null = $volumes | Deploy-LabManifest
            Add-CleanUp { "$id-0", "$id-1" | ForEach-Object { Get-LabResource persistentvolumes $_ } | Remove-LabManifest -Force }
            Add-CleanUp {
                # Retain means that the folders stay, too.
                @{
                    apiVersion = 'v1'; kind = 'Pod'; metadata = @{ name = 'broom' }
                    spec = @{
                        restartPolicy = 'Never'; volumes = @(@{ name = 'node'; hostPath = @{ path = '/var/tmp' } })
                        containers = @(@{ name = 'broom'; image = 'busybox:1.36'; imagePullPolicy = 'IfNotPresent'; command = 'rm', '-rf', "/node/$id"; volumeMounts = @(@{ name = 'node'; mountPath = '/node' }) })
                    }
                } | Deploy-LabManifest @at
                Wait-LabResource pod broom -For jsonpath='{.status.phase}'=Succeeded -Timeout 60 @at
            }
            $text = (Get-Content -Raw $films) -replace 'accessModes: ', "storageClassName: `"`"`n        accessModes: "
            $null = $text | Deploy-LabManifest @at -Wait -Timeout 120
        }
        $before = Get-LabPod films-0 @at
        $claim = (Get-LabResource persistentvolumeclaims data-films-0 @at).Metadata.uid
        if (-not $onEmulator) { Invoke-LabPod films-0 -Command sh, -c, 'echo Metropolis > /data/seen' @at }
        $before | Remove-LabManifest -Force -Wait -Timeout 60
        $null = Wait-LabResource pod films-0 -For Ready -Timeout 60 @at
        $after = Get-LabPod films-0 @at
        $facts = @{
            Name = $after.Name; SamePod = $before.Metadata.uid -eq $after.Metadata.uid
            SameClaim = $claim -eq (Get-LabResource persistentvolumeclaims data-films-0 @at).Metadata.uid; Seen = $null; Claims = $null
        }
        Say "films-0 was deleted, and films-0 is back: $($facts.SamePod ? 'the same pod' : 'another pod'), with $($facts.SameClaim ? 'the same claim' : 'another claim')."
        if (-not $onEmulator) {
            $facts.Seen = Invoke-LabPod films-0 -Command cat, /data/seen @at
            Say "The file that its predecessor wrote says: $($facts.Seen)."
        }
        $null = Set-LabScale statefulsets/films -Replicas 1 -Wait -Timeout 60 @at
        $facts.Claims = @(Get-LabResource persistentvolumeclaims @at).Name
        Say "Scaled to 1, the claims are still $($facts.Claims -join ' and '): to scale down deletes no data."
        $facts
    }

    Show-Part ingress 'Ingress: rules for hosts and paths' {
        $facts = [ordered] @{}
        foreach ($url in 'http://movies.example/', 'http://movies.example/data/movies.json', 'http://movies.example/data/users.json', 'http://users.example/data/users.json', 'http://users.example/') {
            try {
                $found = Resolve-LabService -Url $url @at
                $facts[$url] = "$($found.Name):$($found.Port)"
                Say "$url -> service $($found.Name), port $($found.Port) -> $($found.ContainerPort) of $($found.Ready) pods"
            }
            catch {
                $facts[$url] = $_.FullyQualifiedErrorId.Split(',')[0]
                Say "$url -> nothing: $_"
            }
        }
        $wrong = (Resolve-LabService ingress/site @at).Findings | Select-Object -First 1
        Say "An Ingress is only rules. A controller has to read them: $($wrong.Message)"
        @{ Routes = $facts; Finding = $wrong.Rule }
    }

    Show-Part healing 'Self-healing, watched' {
        $old = @(Get-LabPod -LabelSelector app=movies @at).Name
        $seen = [Collections.Generic.List[string]]::new()
        # Watched from the start; the first line of it is what makes the accident happen.
        $new = Get-LabResource pods -LabelSelector app=movies -Watch @at | ForEach-Object {
            if (-not $seen.Count) { Get-LabPod $old[0] @at | Remove-LabManifest -Force -GracePeriod 1 }
            $line = "$($_.EventType) $($_.Name) $($_.State)"
            $seen.Add($line)
            Say "  $line"
            $_
        } | Where-Object { $_.Name -notin $old -and ($_.Status.conditions | Where-Object type -EQ Ready).status -eq 'True' } | Select-Object -First 1
        Say "$($old[0]) was deleted; $($new.Name) is ready in its place. Nobody was called."
        $facts = @{ Deleted = $old[0]; New = $new.Name; Seen = $seen; Restarts = $null }
        if (-not $onEmulator) {
            $null = Invoke-LabPod $new.Name -Command sh, -c, 'kill 1' -AsObject -ErrorAction SilentlyContinue @at
            $null = Wait-LabResource pod $new.Name -For jsonpath='{.status.containerStatuses[0].restartCount}'=1 -Timeout 60 @at
            $null = Wait-LabResource pod $new.Name -For Ready -Timeout 60 @at
            $again = Get-LabPod $new.Name @at
            $facts.Restarts = $again.Restarts
            Say "Its program was killed: the same pod runs it again (restarts: $($again.Restarts)). A dead program is the kubelet's work, a dead pod the ReplicaSet's."
        }
        $facts
    }
}
finally { Clear-Lab }
$parts
