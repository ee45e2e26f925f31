# What the tests of the labs share; dot-sourced in BeforeAll.
$root = Split-Path (Split-Path (Split-Path $PSScriptRoot))
Import-Module (Join-Path $root 'out/CloudLab/CloudLab.psd1')

# Runs a lab. $said has what it told, $warned its warnings; its parts come back by their names.
function Invoke-Lab([string] $Name, [hashtable] $Options = @{}) {
    $output = & (Join-Path $root "examples/$Name/lab.ps1") @Options 3>&1 6>&1
    $script:said = @($output | Where-Object { $_ -is [Management.Automation.InformationRecord] } | ForEach-Object { "$_" }) -join "`n"
    $script:warned = @($output | Where-Object { $_ -is [Management.Automation.WarningRecord] } | ForEach-Object { "$_" })
    $parts = @{}
    $output | Where-Object { $_.PSTypeNames[0] -eq 'CloudLab.LabPart' } | ForEach-Object { $parts[$_.Part] = $_.Facts; $_.Facts | Add-Member State $_.State }
    $parts
}

# Sets variables of the environment (to nothing for $null); the result sets them back.
function Set-Environment([hashtable] $Variables) {
    $before = @{}
    foreach ($name in $Variables.Keys) {
        $before[$name] = [Environment]::GetEnvironmentVariable($name)
        [Environment]::SetEnvironmentVariable($name, $Variables[$name])
    }
    $before
}

# Stands in for a metrics server in a cluster that has none: an APIService with a server of the test behind it, which measures what the pods
# app=web use. The result stops it; a text says why there can be none.
function Start-MetricsServer {
    if (Get-LabResource apiservices v1beta1.metrics.k8s.io -ErrorAction Ignore) { return 'the cluster has metrics of its own' }
    $address = @(Get-LabNode)[0].InternalIP
    if ($address -notin [Net.NetworkInformation.NetworkInterface]::GetAllNetworkInterfaces().ForEach({ $_.GetIPProperties().UnicastAddresses.Address.IPAddressToString })) {
        return 'the node is another machine, which cannot reach a server of the tests'
    }
    $key = [Security.Cryptography.RSA]::Create(2048)
    $request = [Security.Cryptography.X509Certificates.CertificateRequest]::new('CN=localhost', $key, 'SHA256', [Security.Cryptography.RSASignaturePadding]::Pkcs1)
    $certificate = $request.CreateSelfSigned([DateTimeOffset]::UtcNow.AddDays(-1), [DateTimeOffset]::UtcNow.AddDays(1))
    $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Parse($address), 0)
    $listener.Start()
    $job = Start-ThreadJob -ArgumentList $listener, $certificate, (Get-Module CloudLab).Path {
        param($Listener, $Certificate, $Module)
        Import-Module $Module
        $root = '/apis/metrics.k8s.io/v1beta1'
        $last, $rates, $due = @{}, @{}, [datetime]::MinValue
        while ($Listener.Server.IsBound) {
            if ([datetime]::UtcNow -gt $due) {
                foreach ($pod in Get-LabPod -AllNamespaces -LabelSelector app=web | Where-Object State -EQ Running) {
                    # What its programs have used, in hundredths of a second.
                    try { $programs = Invoke-LabPod $pod.Name -Namespace $pod.Namespace -Command sh, -c, 'cat /proc/[0-9]*/stat' -ErrorAction Ignore } catch { continue }
                    $used = ($programs -replace '^.*\) ' | ForEach-Object { [long[]] (-split $_)[11, 12] } | Measure-Object -Sum).Sum
                    $name, $now = "$($pod.Namespace)/$($pod.Name)", [datetime]::UtcNow
                    if ($last[$name]) { $rates[$name] = [long] [Math]::Max(0, 1e7 * ($used - $last[$name].Used) / ($now - $last[$name].Time).TotalSeconds) }
                    $last[$name] = @{ Used = $used; Time = $now }
                }
                $due = [datetime]::UtcNow.AddSeconds(3)
            }
            if (-not $Listener.Pending()) { Start-Sleep -Milliseconds 50; continue }
            $client = $Listener.AcceptTcpClient()
            try {
                $client.ReceiveTimeout = 5000
                $stream = [Net.Security.SslStream]::new($client.GetStream())
                $stream.AuthenticateAsServer($Certificate)
                $reader = [IO.StreamReader]::new($stream)
                $path = ($reader.ReadLine() -split ' ')[1] -replace '\?.*'
                while ($reader.ReadLine()) { }
                $body = if ($path -match "^$root/namespaces/([^/]+)/pods$") {
                    $namespace = $Matches[1]
                    $items = foreach ($name in @($rates.Keys) -like "$namespace/*") {
                        @{
                            metadata = @{ name = $name.Split('/')[1]; namespace = $namespace }; timestamp = [datetime]::UtcNow.ToString('s') + 'Z'; window = '3s'
                            containers = @(@{ name = 'web'; usage = @{ cpu = "$($rates[$name])n"; memory = '1Mi' } })
                        }
                    }
                    @{ kind = 'PodMetricsList'; apiVersion = 'metrics.k8s.io/v1beta1'; metadata = @{}; items = @($items) }
                }
                elseif ($path -eq $root) {
                    @{ kind = 'APIResourceList'; apiVersion = 'v1'; groupVersion = 'metrics.k8s.io/v1beta1'; resources = @(@{ name = 'pods'; singularName = ''; namespaced = $true; kind = 'PodMetrics'; verbs = 'get', 'list' }) }
                }
                $bytes = [Text.Encoding]::UTF8.GetBytes(($body ?? @{} | ConvertTo-Json -Depth 9 -Compress))
                $stream.Write([Text.Encoding]::ASCII.GetBytes("HTTP/1.1 $($body ? '200 OK' : '404 Not Found')`r`nContent-Type: application/json`r`nContent-Length: $($bytes.Length)`r`nConnection: close`r`n`r`n"))
                $stream.Write($bytes)
                $stream.Flush()
            }
            catch { "$_" }  # The API server went away.
            finally { $client.Dispose() }
        }
    }
    $namespace = "lab-metrics-$(Get-Random -Maximum 0xffffff)"
    $null = New-LabKubeNamespace $namespace
    $null = @"
apiVersion: v1
kind: Service
metadata: { name: metrics }
spec: { ports: [{ port: 443, targetPort: $($listener.LocalEndpoint.Port) }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: metrics, labels: { kubernetes.io/service-name: metrics } }
addressType: IPv4
ports: [{ port: $($listener.LocalEndpoint.Port) }]
endpoints: [{ addresses: ["$address"], conditions: { ready: true } }]
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: { name: v1beta1.metrics.k8s.io }
spec: { group: metrics.k8s.io, version: v1beta1, insecureSkipTLSVerify: true, groupPriorityMinimum: 100, versionPriority: 100, service: { name: metrics, namespace: $namespace, port: 443 } }
"@ | Deploy-LabManifest -Namespace $namespace
    $null = Wait-LabResource apiservices v1beta1.metrics.k8s.io -For condition=Available -Timeout 30
    @{ Namespace = $namespace; Listener = $listener; Job = $job }
}

function Stop-MetricsServer([hashtable] $Server) {
    Get-LabResource apiservices v1beta1.metrics.k8s.io -ErrorAction Ignore | Remove-LabManifest -Force -Wait -Timeout 30
    Remove-LabKubeNamespace $Server.Namespace -Force -Wait -Timeout 60
    $Server.Listener.Stop()
    $Server.Job | Wait-Job -Timeout 20 | Remove-Job -Force
}
