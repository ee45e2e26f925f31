#!/usr/bin/env pwsh
# Images against the docker CLI, in the same run: a list, a push, a pull, a save and a load of one image, and a copy from registry to registry,
# beside pull, tag and push; and reviews of Dockerfiles and a build context. Needs an engine (DOCKER_HOST, or
# CLOUDLAB_TEST_DOCKER) and a registry that it can push to (CLOUDLAB_TEST_REGISTRY). Both sides work warm and take turns; the middle time counts.
[CmdletBinding()]
param(
    [string] $Registry = $env:CLOUDLAB_TEST_REGISTRY ?? '127.0.0.1:5000',
    [string] $To,
    [ValidateRange(1, 100)] [int] $Rounds = 7,
    [ValidateRange(1, 4096)] [int] $MiB = 64,
    [ValidateRange(1, 1000)] [int] $Dockerfiles = 20
)

$ErrorActionPreference = 'Stop'
$root = Split-Path $PSScriptRoot
Import-Module (Join-Path $root 'out/CloudLab/CloudLab.psd1')
if ($env:CLOUDLAB_TEST_DOCKER) { $env:DOCKER_HOST = $env:CLOUDLAB_TEST_DOCKER }

$work = (New-Item -ItemType Directory (Join-Path ([IO.Path]::GetTempPath()) "cloudlab-bench-$([guid]::NewGuid().ToString('N'))")).FullName
$image = "$Registry/cloudlab-bench/$([guid]::NewGuid().ToString('N')):1"
$made = [Collections.Generic.List[string]]::new()

# An image whose content no other one has, so that a push has something to send.
function New-Image([string] $Name) {
    $bytes = [byte[]]::new($MiB * 1MB)
    [Random]::Shared.NextBytes($bytes)
    [IO.File]::WriteAllBytes((Join-Path $work content), $bytes)
    $null = Build-LabImage $work -DockerfileText 'FROM scratch', 'COPY content /' -Tag $Name -Provenance false
    $made.Add($Name)
}

function Measure-Turn([string] $What, [scriptblock] $Ours, [scriptblock] $Theirs, [scriptblock] $Before = {}) {
    $times = @{ Ours = @(); Theirs = @() }
    foreach ($round in 0..$Rounds) {
        foreach ($side in ($round % 2 ? 'Ours', 'Theirs' : 'Theirs', 'Ours')) {
            $null = & $Before
            $code = $side -eq 'Ours' ? $Ours : $Theirs
            $clock = [Diagnostics.Stopwatch]::StartNew()
            $null = & $code
            if ($side -eq 'Theirs' -and $LASTEXITCODE) { throw "docker failed at $What" }
            # The first round warms up.
            if ($round) { $times[$side] += $clock.Elapsed.TotalMilliseconds }
        }
    }
    $middle = { param($all) ($all | Sort-Object)[[int][Math]::Floor($all.Count / 2)] }
    $mine, $other = (& $middle $times.Ours), (& $middle $times.Theirs)
    [pscustomobject]@{ What = $What; CloudLabMs = [Math]::Round($mine, 1); DockerMs = [Math]::Round($other, 1); Ratio = [Math]::Round($mine / $other, 2) }
}

try {
    New-Image $image
    Measure-Turn 'list' { Get-LabImage } { docker image ls }
    Measure-Turn 'push, nothing new' { Push-LabImage $image } { docker push --quiet $image }
    Measure-Turn "pull, $MiB MiB" { Receive-LabImage $image } { docker pull --quiet $image } -Before { docker image rm --force $image }
    Measure-Turn "save, $MiB MiB" { Export-LabImage $image -Path (Join-Path $work a.tar) -Force } { docker save --output (Join-Path $work b.tar) $image }
    Measure-Turn "load, $MiB MiB" { Import-LabImage (Join-Path $work a.tar) } { docker load --quiet --input (Join-Path $work b.tar) } -Before { docker image rm --force $image }

    # Both say of the same files what is wrong with them. The context is a list of what a build sends; docker shows one only by building.
    $files = foreach ($number in 1..$Dockerfiles) {
        $folder = New-Item -ItemType Directory (Join-Path $work "dockerfile-$number")
        $lines = 'FROM scratch AS build', 'ARG TOKEN', 'ENV NAME value', 'WORKDIR app', 'COPY . .', "LABEL number=$number"
        Set-Content (Join-Path $folder Dockerfile) ($lines + (1..20 | ForEach-Object { "ENV A$_=`$B$_ C$_=x" }) + 'CMD serve --port 80')
        $folder.FullName
    }
    Measure-Turn "review of $Dockerfiles Dockerfiles" { Test-LabDockerfile $files } {
        foreach ($folder in $files) { docker buildx build --call=check,format=json --file (Join-Path $folder Dockerfile) $folder 2>$null }
        $global:LASTEXITCODE = 0
    }

    $context = New-Item -ItemType Directory (Join-Path $work context)
    foreach ($number in 1..100) {
        $folder = New-Item -ItemType Directory (Join-Path $context "folder-$number/node_modules")
        foreach ($file in 1..50) { [IO.File]::WriteAllText((Join-Path $folder.Parent "$file.txt"), $file); [IO.File]::WriteAllText((Join-Path $folder "$file.js"), $file) }
    }
    Set-Content (Join-Path $context .dockerignore) '**/node_modules', '!**/keep.js'
    $null = Set-Content (Join-Path $work send.Dockerfile) 'FROM scratch', 'COPY . /'
    Measure-Turn 'build context of 10,000 files (docker: a build that copies it)' { Get-LabBuildContext $context } {
        docker buildx build --quiet --no-cache --file (Join-Path $work send.Dockerfile) --output "type=local,dest=$(Join-Path $work sent)" $context 2>$null
    }

    # Each push has to send something that the registry does not have.
    $script:next = 0
    Measure-Turn "push, $MiB MiB" { Push-LabImage $script:name } { docker push --quiet $script:name } -Before {
        $script:name = "$($image)-$(($script:next++))"
        New-Image $script:name
    }

    # Each copy has to send something, too: the blobs of this repository are mounted into no other registry, so a second one is named with -To.
    if ($To) {
        Measure-Turn "copy to another registry, $MiB MiB" { Copy-LabImage $script:name $script:copy } {
            docker pull --quiet $script:name; docker tag $script:name $script:copy; docker push --quiet $script:copy
        } -Before {
            $script:name = "$($image)-$(($script:next++))"
            $script:copy = $script:name -replace '^[^/]+', $To
            New-Image $script:name
            $null = Push-LabImage $script:name
            docker image rm --force $script:name
            $made.Add($script:copy)
        }
    }
}
finally {
    Remove-Item $work -Recurse -Force
    if ($made.Count) { docker image rm --force $made 2>&1 | Out-Null }
}
