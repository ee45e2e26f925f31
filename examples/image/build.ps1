#!/usr/bin/env pwsh
#Requires -Version 7.6

<#
.SYNOPSIS
Builds the container images of CloudLab: cloudlab, and runbooks with PowerShell.
.DESCRIPTION
Prepares in out/image what the Dockerfile copies, then builds with Build-LabImage. Packages come from the NuGet and Debian sources
of this machine. Without -Base, the images stand on a few packages of Debian that mmdebstrap unpacks (as root, or where user namespaces are allowed): no
registry is needed.

What is prepared is kept and used again until ./build.sh makes another module; then the builds need no network. -Refresh fetches Debian's packages
again, with their latest security updates.

With -Push the images go to the registry that -Repository names, otherwise into the Docker Engine.
.PARAMETER Target
Images to build.
.PARAMETER Platform
Platforms of the images.
.PARAMETER Repository
Registry and folder of the names of the images.
.PARAMETER Version
Tag of the images. The version of the module if omitted.
.PARAMETER Base
Image to stand on instead: with libc, the C++ library, ICU, OpenSSL, certificates and time zones.
.PARAMETER Suite
Release of Debian.
.PARAMETER Mirror
Address of a Debian mirror. That of mmdebstrap if omitted.
.PARAMETER Refresh
Unpacks Debian's packages anew.
.PARAMETER NoBuild
Prepares the files, and builds no image.
.PARAMETER Push
Pushes the images.
.EXAMPLE
./build.sh; examples/image/build.ps1 -Push
.EXAMPLE
examples/image/build.ps1 cloudlab -Platform linux/amd64 -Base REGISTRY/dotnet/runtime-deps:TAG
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Position = 0)] [ValidateSet('cloudlab', 'runbooks')] [string[]] $Target = @('cloudlab', 'runbooks'),
    [ValidateSet('linux/amd64', 'linux/arm64')] [string[]] $Platform = @('linux/amd64', 'linux/arm64'),
    [string] $Repository = '127.0.0.1:5000/cloudlab',
    [string] $Version,
    [string] $Base,
    [string] $Suite = 'trixie',
    [string] $Mirror,
    [switch] $Refresh,
    [switch] $NoBuild,
    [switch] $Push
)
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $true
$root = (Resolve-Path (Join-Path $PSScriptRoot ../..)).Path
$module = Join-Path $root out/CloudLab
$context = Join-Path $root out/image
if (-not (Test-Path $module/CloudLab.psd1)) { throw "The module is not in ${module}: run ./build.sh first." }
Import-Module $module/CloudLab.psd1
if (-not $Version) { $Version = (Import-PowerShellDataFile $module/CloudLab.psd1).ModuleVersion }

# Debian's packages by their names in each release that has been tried; a name has the version of the library in it.
$packages = @{
    bookworm = 'libssl3', 'libicu72'
    trixie   = 'libssl3t64', 'libicu76'
}

function Save-Base([string] $Architecture, [string] $Path) {
    if (-not $packages.ContainsKey($Suite)) { throw "The packages of Debian '$Suite' are not known: -Suite $($packages.Keys -join ' or '), or -Base." }
    if (-not (Get-Command mmdebstrap -CommandType Application -ErrorAction Ignore)) { throw 'mmdebstrap is missing: install it (package mmdebstrap), or name an image with -Base.' }
    $null = New-Item -ItemType Directory -Force (Split-Path $Path)
    # The packages are unpacked only, so nothing of another processor is run. What their scripts would do is what the hooks do: one file of all
    # certificates, and a name for the user.
    $options = @(
        '--quiet', '--variant=extract', "--arch=$Architecture"
        "--include=base-files,libc6,libgcc-s1,libstdc++6,zlib1g,ca-certificates,tzdata,$($packages[$Suite] -join ',')"
        '--extract-hook=cat "$1"/usr/share/ca-certificates/mozilla/*.crt > "$1"/etc/ssl/certs/ca-certificates.crt'
        '--extract-hook=echo cloudlab:x:10001:10001::/home/cloudlab:/usr/sbin/nologin > "$1"/etc/passwd; echo cloudlab:x:10001: > "$1"/etc/group'
    )
    $all = "$(Split-Path $Path)/all.tar"
    mmdebstrap @options $Suite $all @($Mirror | Where-Object { $_ })
    # No program of a package is used, so none is there for an intruder either. Licences stay.
    $left = '/dev/*', '/usr/bin/*', '/usr/sbin/*', '/usr/lib/*/gconv/*', '/usr/share/doc/*', '/usr/share/man/*', '/usr/share/perl5/*', '/etc/apt/*'
    $filter = @($left | ForEach-Object { "--path-exclude=$_" }) + '--path-include=/usr/share/doc/*/copyright'
    sh -c 'set -e; in=$1 out=$2; shift 2; mmtarfilter "$@" < "$in" > "$out.part"; rm "$in"; mv "$out.part" "$out"' sh $all $Path @filter
}

function Save-Program([string] $Rid, [string] $Path) {
    # Copied last, so it says that the rest is there, and of which build.
    $mark = "$Path/CloudLab/CloudLab.Cmdlets.dll"
    if ((Get-Item $mark -ErrorAction Ignore).LastWriteTimeUtc -eq (Get-Item $module/CloudLab.Cmdlets.dll).LastWriteTimeUtc) { return }
    Remove-Item $Path -Recurse -Force -ErrorAction Ignore
    dotnet publish (Join-Path $root src/CloudLab.Host) -c Release -p:AheadFor=$Rid -p:SelfContained=true -o "$Path/bin" --nologo -v quiet
    dotnet msbuild (Join-Path $root build.proj) -t:CompileAheadFor -p:Rid=$Rid -p:Into="$Path/CloudLab/lib/$Rid/" -p:Required=true -nologo -v:quiet
    # For one platform, what is compiled ahead of time is enough: it contains the rest.
    Get-ChildItem $module/lib/*.dll | Where-Object { -not (Test-Path "$Path/CloudLab/lib/$Rid/$($_.Name)") } | Copy-Item -Destination "$Path/CloudLab/lib"
    Get-ChildItem $Path -Recurse -Filter *.pdb | Remove-Item
    Get-ChildItem $module -Exclude lib, *.pdb, CloudLab.Cmdlets.dll | Copy-Item -Destination "$Path/CloudLab" -Recurse
    Copy-Item $module/CloudLab.Cmdlets.dll $mark
}

# PowerShell looks for .NET in /usr/share/dotnet. It gets cloudlab's: links to it, and the list that says which of the files there are .NET.
function Save-PowerShell([string] $Rid, [string] $Program, [string] $Path) {
    $net = (Get-Content -Raw "$Program/bin/cloudlab.runtimeconfig.json" | ConvertFrom-Json).runtimeOptions.includedFrameworks[0].version
    $link = "$Path/usr/share/dotnet/host/fxr/$net/libhostfxr.so"
    if ((Get-Item $link -ErrorAction Ignore).LinkType) { return }
    Remove-Item $Path -Recurse -Force -ErrorAction Ignore
    dotnet publish (Join-Path $PSScriptRoot pwsh.csproj) -r $Rid -o "$Path/opt/powershell" --nologo -v quiet
    Remove-Item "$Path/opt/powershell/pwsh.pdb"
    $folders = dotnet msbuild (Join-Path $PSScriptRoot pwsh.csproj) -getProperty:NuGetPackageRoot
    $null = New-Item -ItemType Directory "$Path/opt/cloudlab/bin", "$Path/usr/share/dotnet/shared/Microsoft.NETCore.App", "$Path/usr/share/dotnet/host/fxr/$net"
    Copy-Item "$folders/microsoft.netcore.app.runtime.$Rid/$net/runtimes/$Rid/lib/net10.0/Microsoft.NETCore.App.deps.json" "$Path/opt/cloudlab/bin"
    ln -s /opt/cloudlab/bin "$Path/usr/share/dotnet/shared/Microsoft.NETCore.App/$net"
    ln -s /opt/cloudlab/bin/libhostfxr.so $link
}

if (-not $PSCmdlet.ShouldProcess(($Target | ForEach-Object { "$Repository/${_}:$Version" }) -join ', ', "Build for $($Platform -join ', ')")) { return }
$null = New-Item -ItemType Directory -Force $context
if ($Base) { Remove-Item $context/base -Recurse -Force -ErrorAction Ignore }
foreach ($each in $Platform) {
    $rid = $each -replace '/', '-' -replace 'amd64', 'x64'
    $tar = "$context/base/$each/base.tar"
    if (-not $Base -and ($Refresh -or -not (Test-Path $tar))) { Save-Base ($each -replace 'linux/') $tar }
    Save-Program $rid "$context/cloudlab/$each"
    if ('runbooks' -in $Target) { Save-PowerShell $rid "$context/cloudlab/$each" "$context/powershell/$each" }
}
Remove-Item "$context/runbooks" -Recurse -Force -ErrorAction Ignore
$null = New-Item -ItemType Directory "$context/runbooks"
Copy-Item (Join-Path $root examples/runbooks/*.ps*1) "$context/runbooks"
if ($NoBuild) { return }

$build = @{ Path = $context; Dockerfile = Join-Path $PSScriptRoot Dockerfile; Platform = $Platform; Push = $Push; Confirm = $false }
if ($Base) { $build.BuildArg = @{ BASE = $Base } }
foreach ($each in $Target) {
    Build-LabImage @build -Target $each -Tag "$Repository/${each}:$Version"
}
