#!/usr/bin/env pwsh
# Containers: CloudLab in this session beside the docker CLI, alternating in the same run, on the same engine and containers. Writes medians and
# each time as a share of the CLI's. The outputs are counted or compared, so that nobody is faster by doing less.
#   ./build.sh; eval "$(tests/services/up.sh docker)"; pwsh benchmarks/containers.ps1
param(
    [int] $Runs = 5,
    [int] $Containers = 100,
    [int] $Lines = 100000,
    [int] $MiB = 256,
    [int] $Services = 5,
    [string] $Build = (Join-Path (Split-Path $PSScriptRoot) 'out')
)
$ErrorActionPreference = 'Stop'
if (-not $env:CLOUDLAB_TEST_DOCKER) { throw 'CLOUDLAB_TEST_DOCKER names no Docker Engine.' }
if (-not $env:CLOUDLAB_TEST_BUSYBOX) { throw 'CLOUDLAB_TEST_BUSYBOX names no busybox.' }
$env:DOCKER_HOST = $env:CLOUDLAB_TEST_DOCKER
Import-Module (Join-Path $Build 'CloudLab/CloudLab.psd1')
$mark = "bench-$PID"
$image = "cloudlab-bench/box:$PID"
$work = (New-Item -ItemType Directory -Path (Join-Path ([IO.Path]::GetTempPath()) "cloudlab-containers-$PID")).FullName
try {
    $processor = if ([Runtime.InteropServices.RuntimeInformation]::OSArchitecture -eq 'Arm64') { 'arm64' } else { 'amd64' }
    $context = (New-Item -ItemType Directory (Join-Path $work image)).FullName
    Copy-Item (Join-Path $env:CLOUDLAB_TEST_BUSYBOX "linux/$processor/busybox") $context
    Set-Content (Join-Path $context Dockerfile) 'FROM scratch', 'COPY busybox /bin/busybox', 'RUN ["/bin/busybox","--install","-s","/bin"]'
    docker build -q -t $image $context | Out-Null
    $label = @{ bench = $mark }
    $box = Start-LabContainer $image -Name "$mark-box" -Command sleep, 100000 -Label $label -Init
    $log = Start-LabContainer $image -Name "$mark-log" -Command sh, -c, "yes 'a line of a log, as long as they usually are: 200 GET /movies 12 ms' | head -n $Lines" -Label $label
    $null = $log | Wait-LabContainer -Timeout 300
    # Made, but not started: a list is a list.
    1..$Containers | ForEach-Object { docker create --label "bench=$mark" --name "$mark-$_" $image true } | Out-Null
    $file = Join-Path $work data.bin
    $bytes = [byte[]]::new(1MB); [Random]::new(1).NextBytes($bytes)
    $stream = [IO.File]::Create($file)
    foreach ($i in 1..$MiB) { $stream.Write($bytes) }
    $stream.Dispose()
    $back = Join-Path $work back.bin
    $compose = Join-Path $work compose.yaml
    Set-Content $compose "name: $mark", 'services:', (1..$Services | ForEach-Object {
            "  s${_}: {image: '$image', command: [sh, -c, 'yes `"200 GET /movies 12 ms`" | head -n $($Lines / $Services); exec sleep 100000'], init: true, labels: {bench: $mark-compose}}"
        })
    $null = Start-LabCompose $compose -Wait

    $phases = [ordered]@{
        "list of $($Containers + 2)" = @{
            Expected = $Containers + 2
            docker   = { @(docker ps -a --filter "label=bench=$mark" --format '{{json .}}' | ConvertFrom-Json).Count }
            CloudLab = { @(Get-LabContainer -All -Label "bench=$mark").Count }
        }
        "$Lines log lines"           = @{
            Expected = $Lines
            docker   = { @(docker logs -t "$mark-log").Count }
            CloudLab = { @(Get-LabContainerLog "$mark-log").Count }
        }
        'exec of true'               = @{
            Expected = 0
            docker   = { docker exec "$mark-box" true; $LASTEXITCODE }
            CloudLab = { Invoke-LabContainer "$mark-box" -Command true; $LASTEXITCODE }
        }
        "compose: list of $Services" = @{
            Expected = $Services
            docker   = { @(docker compose -f $compose ps --format json | ConvertFrom-Json).Count }
            CloudLab = { @(Get-LabCompose $compose).Count }
        }
        "compose: $Lines lines" = @{
            Expected = $Lines
            docker   = { @(docker compose -f $compose logs --no-color -t).Count }
            CloudLab = { @(Get-LabComposeLog -ProjectName $mark).Count }
        }
        "copy $MiB MiB in"           = @{
            Expected = $MiB * 1MB
            docker   = { docker cp -q $file "$mark-box`:/in.bin"; [long](docker exec "$mark-box" stat -c '%s' /in.bin) }
            CloudLab = { $null = Copy-LabContainerItem $file "$mark-box`:/in.bin"; [long](docker exec "$mark-box" stat -c '%s' /in.bin) }
        }
        "copy $MiB MiB out"          = @{
            Expected = $MiB * 1MB
            docker   = { docker cp -q "$mark-box`:/in.bin" $back; (Get-Item $back).Length }
            CloudLab = { $null = Copy-LabContainerItem "$mark-box`:/in.bin" $back; (Get-Item $back).Length }
        }
    }
    foreach ($phase in $phases.Keys) {
        $times = @{ docker = @(); CloudLab = @() }
        foreach ($run in 0..$Runs) {
            foreach ($tool in 'docker', 'CloudLab') {
                Remove-Item $back -ErrorAction Ignore
                $watch = [Diagnostics.Stopwatch]::StartNew()
                $got = & $phases[$phase][$tool]
                # The first round warms everything up.
                if ($run) { $times[$tool] += $watch.Elapsed.TotalMilliseconds }
                if ($got -ne $phases[$phase].Expected) { throw "$tool, ${phase}: $got instead of $($phases[$phase].Expected)." }
            }
        }
        $median = @{}
        foreach ($tool in $times.Keys) { $median[$tool] = ($times[$tool] | Sort-Object)[[Math]::Floor($Runs / 2)] }
        [pscustomobject]@{
            Work = $phase; 'docker (ms)' = [Math]::Round($median.docker, 1); 'CloudLab (ms)' = [Math]::Round($median.CloudLab, 1)
            Ratio = [Math]::Round($median.CloudLab / $median.docker, 2)
        }
    }
}
finally {
    Stop-LabCompose -ProjectName $mark -Remove -Timeout 0 -ErrorAction Ignore
    $ids = docker ps -aq --filter "label=bench=$mark"
    if ($ids) { docker rm -fv $ids | Out-Null }
    docker image rm --force $image 2>&1 | Out-Null
    Remove-Item $work -Recurse -Force
}
