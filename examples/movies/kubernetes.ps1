#!/usr/bin/env pwsh
# The movie site in a cluster: deployed, watched, fetched, changed, taken back, and broken in six ways, each explained. It needs a cluster whose nodes
# have busybox:1.36; the current context of the kubeconfig is used, in a namespace of its own that is removed at the end. -Emulator shows it without a
# cluster, and says which steps need one: the emulator runs no programs.
#   ./build.sh; pwsh examples/movies/kubernetes.ps1
param([switch] $Emulator)
$ErrorActionPreference = 'Stop'
Import-Module (Join-Path $PSScriptRoot '../../out/CloudLab')
$started = if ($Emulator) { Start-LabEmulator }
$at = @{ Namespace = "movies-$(Get-Random -Maximum 99999)" }
$site = @'
apiVersion: v1
kind: ConfigMap
metadata: { name: site }
data: { index.html: "<h1>Movies</h1>" }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: movies }
spec:
  replicas: 2
  progressDeadlineSeconds: 15
  selector: { matchLabels: { app: movies } }
  template:
    metadata: { labels: { app: movies } }
    spec:
      terminationGracePeriodSeconds: 1
      volumes: [{ name: site, configMap: { name: site } }]
      containers:
        - name: web
          image: busybox:1.36
          command: [httpd, -f, -vv, -p, "8080", -h, /site]
          ports: [{ name: http, containerPort: 8080 }]
          volumeMounts: [{ name: site, mountPath: /site }]
          readinessProbe: { httpGet: { path: /, port: http }, periodSeconds: 1 }
          resources: { requests: { cpu: 10m, memory: 16Mi }, limits: { memory: 64Mi } }
---
apiVersion: v1
kind: Service
metadata: { name: movies }
spec: { selector: { app: movies }, ports: [{ port: 80, targetPort: http }] }
'@

# Changes the Deployment, waits for what is wrong, prints the explanation and deploys the manifest again, which undoes the change.
function Show-Trouble([string] $What, [scriptblock] $Change, [switch] $NeedsCluster) {
    "--- Broken: $What"
    if ($NeedsCluster -and $Emulator) { return "Needs a real cluster.`n" }
    Edit-LabResource deploy/movies -Script $Change @at | Wait-LabRollout -Timeout 30 -ErrorAction SilentlyContinue | Out-Null
    (Debug-LabPod deploy/movies @at).Findings | Format-List Problem, Message, Action | Out-String
    $site | Deploy-LabManifest @at -Wait -Timeout 60 | Where-Object Action -NE Unchanged | Out-String
}

New-LabKubeNamespace $at.Namespace | Out-Null
try {
    '--- Deployed, and ready'
    $site | Deploy-LabManifest @at -Wait -Timeout 60 | Out-String
    '--- The same again would change nothing'
    $site | Compare-LabManifest @at | Out-String

    '--- Fetched through a port of this machine; the log is followed until the request is in it'
    $forward = Start-LabPortForward svc/movies -Port 0:80 @at
    (Invoke-WebRequest "http://$forward/").Content
    $forward | Stop-LabPortForward
    if ($Emulator) { "The log needs a real cluster.`n" }
    else { Get-LabPodLog deploy/movies -Follow @at | Where-Object Text -Match 'url:/' | Select-Object -First 1 | Out-String }

    '--- Another image, and back'
    Set-LabWorkloadImage deploy/movies web=busybox:latest @at -Wait -Timeout 60 | Out-String
    Get-LabRolloutHistory deploy/movies @at | Out-String
    Undo-LabRollout deploy/movies @at -Wait -Timeout 60 | Out-String

    Show-Trouble 'an image that does not exist' { $_.spec.template.spec.containers[0].image = 'no.such.registry.invalid/movies:nonexistent' }
    Show-Trouble 'a program that crashes' -NeedsCluster { $_.spec.template.spec.containers[0].command = 'sh', '-c', 'echo no database >&2; exit 3' }
    Show-Trouble 'more memory than its limit' -NeedsCluster { $_.spec.template.spec.containers[0].command = 'sh', '-c', 'tail /dev/zero' }
    Show-Trouble 'no node is large enough' -NeedsCluster { $_.spec.template.spec.containers[0].resources.requests.cpu = '900' }

    'apiVersion: v1
kind: ResourceQuota
metadata: { name: small }
spec: { hard: { pods: "2" } }' | Deploy-LabManifest @at | Out-Null
    Show-Trouble 'more pods than the quota allows' { $_.spec.replicas = 4 }
    Remove-LabResource resourcequotas small -Force @at

    '--- Broken: a Service that selects nothing'
    Edit-LabResource svc/movies -Script { $_.spec.selector.app = 'moovies' } @at | Out-Null
    (Debug-LabPod svc/movies @at).Findings | Format-List Problem, Message, Action | Out-String
}
finally {
    Remove-LabKubeNamespace $at.Namespace -Force | Out-Null
    if ($started) { $started | Stop-LabEmulator }
}
