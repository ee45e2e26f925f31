#!/usr/bin/env pwsh
# How a container is made: namespaces one by one, a limit of memory that kills, another root, layers, and at the end a container made by hand
# beside one of the Docker Engine. Linux, as root; two parts need a Docker Engine on this machine.
#   ./build.sh; sudo pwsh examples/isolation/lab.ps1
[CmdletBinding()]
param(
    # Parts to show: namespaces, memory, root, layers, docker. All if omitted.
    [ValidateSet('namespaces', 'memory', 'root', 'layers', 'docker')]
    [string[]] $Step,

    # Leaves files and containers at the end.
    [switch] $Keep
)
. (Join-Path (Split-Path $PSScriptRoot) Common.ps1)
if (-not $IsLinux -or -not [Environment]::IsPrivilegedProcess) { throw 'This lab needs Linux and root: namespaces are the kernel''s.' }
$site = Join-Path (Split-Path $PSScriptRoot) movies/site
$id = "lab-$([guid]::NewGuid().ToString('n').Substring(0, 8))"
$image = "$id/site:1.0"
$folder = (New-Item -ItemType Directory (Join-Path ([IO.Path]::GetTempPath()) $id)).FullName

# The image of the movie site in the engine; its tools are busybox.
function Start-Web {
    try { $null = Build-LabImage $site -Tag $image } catch { Skip-Part "the image of the site cannot be built: $_" }
    Add-CleanUp { Get-LabImage $image | Remove-LabImage -Force }
    $script:web = Start-LabContainer $image -Name $id -Memory 32m
    Add-CleanUp { $web | Remove-LabContainer -Force }
    $web
}

try {
    Add-CleanUp { Remove-Item -Recurse -Force $folder }
    sh (Join-Path $site prepare.sh)
    $machine = [Runtime.InteropServices.RuntimeInformation]::OSArchitecture -eq 'Arm64' ? 'arm64' : 'amd64'
    $tools = Join-Path $site "bin/linux/$machine"

    Show-Part namespaces 'Namespaces, one by one' {
        $script = 'echo $$ $(uname -n) $(id -u)'
        $none = -split (sh -c $script)
        $withPid = -split (Invoke-LabLinuxNamespace -Pid -Command sh, -c, $script)
        $withUts = -split (Invoke-LabLinuxNamespace -Pid -Uts -Hostname made-by-hand -Command sh, -c, $script)
        $devices = @(Invoke-LabLinuxNamespace -Network -Command cat, /proc/net/dev | Where-Object { $_ -match '^\s*(\S+):' } | ForEach-Object { $Matches[1] })
        $own = [IO.Directory]::ResolveLinkTarget('/proc/self/ns/ipc', $false)?.Name ?? (readlink /proc/self/ns/ipc)
        $ipc = Invoke-LabLinuxNamespace -Ipc -Command readlink, /proc/self/ns/ipc
        Say "As you are:          process $($none[0]) on $($none[1])"
        Say "-Pid:                process $($withPid[0]) on $($withPid[1]): it is the first, and knows no other; the host name is still the host's"
        Say "-Pid -Uts:           process $($withUts[0]) on $($withUts[1])"
        Say "-Network:            the devices $($devices -join ', '): no way out, until somebody makes one"
        Say "-Ipc:                $ipc, and not $own"
        @{ Host = $none[1]; Pid = $withPid[0]; PidHost = $withPid[1]; UtsHost = $withUts[1]; Devices = $devices; OtherIpc = $ipc -ne $own }
    }

    Show-Part memory 'A control group: memory that is not there' {
        $dd = 'dd', 'if=/dev/zero', 'of=/dev/null', 'bs=128M', 'count=1'
        $fits = Invoke-LabLinuxNamespace -Memory 512m -Command $dd -AsObject
        $kills = Invoke-LabLinuxNamespace -Memory 32m -Command $dd -AsObject -WarningAction SilentlyContinue
        try { $message = $null; $null = Invoke-LabLinuxNamespace -Memory 32m -Command $dd } catch { $message = "$_" }
        Say "A program that takes 128 MiB, with 512 MiB allowed: exit code $($fits.ExitCode)."
        Say "With 32 MiB: exit code $($kills.ExitCode), which is 128 + 9. $message"
        @{ Fits = $fits.ExitCode; Killed = $kills.ExitCode; Message = $message }
    }

    Show-Part root 'Another root: a folder becomes the whole file system' {
        if (-not (Test-Path "$tools/busybox")) { Skip-Part 'prepare.sh of the site found no busybox for it' }
        $root = (New-Item -ItemType Directory "$folder/plain/bin").Parent.FullName
        Copy-Item "$tools/busybox" "$root/bin/busybox"
        Set-Content "$root/hello" 'from the folder'
        $inside = Invoke-LabLinuxNamespace -Pid -Mount -Root $root -Command /bin/busybox, ls, /
        $hello = Invoke-LabLinuxNamespace -Pid -Mount -Root $root -Command /bin/busybox, cat, /hello
        Say "With the root ${root}: / has $($inside -join ', '). /hello says '$hello'. One static program is enough for a file system."
        @{ Inside = $inside; Hello = $hello }
    }

    Show-Part layers 'Layers by hand: an overlay' {
        'lower-1', 'lower-2' | ForEach-Object { $null = New-Item -ItemType Directory "$folder/$_" }
        Set-Content "$folder/lower-1/title" 'Movies'; Set-Content "$folder/lower-1/old" 'will be removed'
        Set-Content "$folder/lower-2/title" 'Films'
        # The first of -LowerPath is the top one.
        $overlay = Mount-LabOverlay -LowerPath "$folder/lower-2", "$folder/lower-1" -UpperPath "$folder/upper" -Path "$folder/merged"
        try {
            $seen = Get-Content "$folder/merged/title"
            Remove-Item "$folder/merged/old"
            Set-Content "$folder/merged/new" 'written above'
            $changes = $overlay | Get-LabOverlayChange
        }
        finally { $overlay | Dismount-LabOverlay -Force }
        Say "Two read-only layers have a file 'title': the upper one is seen, '$seen'."
        Say 'What was changed is in the writable layer:'
        $changes | Say
        Say "The removed file is still in its layer: '$(Get-Content "$folder/lower-1/old")'. So what one instruction of a Dockerfile adds, the next cannot make smaller."
        @{ Seen = $seen; Changes = @($changes | ForEach-Object { "$($_.Change) $($_.Path)" }); StillThere = Test-Path "$folder/lower-1/old" }
    }

    Show-Part docker 'A container of the engine, and one made by hand of its layers' {
        $null = Start-Web
        $engine = $web | Get-LabContainerIsolation
        $engine.Layers | Say
        $script:overlay = Mount-LabOverlay -LowerPath ($engine.Layers | Where-Object Kind -NE Writable).Path -UpperPath "$folder/changes" -Path "$folder/root"
        Add-CleanUp { $overlay | Dismount-LabOverlay -Force }
        $made = @{ Pid = $true; Uts = $true; Network = $true; Mount = $true; Ipc = $true; Cgroup = $true; Hostname = 'made-by-hand'; Root = $overlay.Path; Memory = '32m' }
        $script:job = Start-ThreadJob {
            Import-Module $using:module
            $made = $using:made
            Invoke-LabLinuxNamespace @made -Command /bin/sh, -c, 'echo hello > /hello; busybox hostname; exec busybox sleep 1000'
        }
        Add-CleanUp { $job | Stop-Job; $job | Wait-Job | Remove-Job }
        while ($job.State -in 'NotStarted', 'Running' -and -not ($hand = Get-Process busybox, sleep -ErrorAction Ignore | Where-Object { Test-Path "/proc/$($_.Id)/root/hello" })) { Start-Sleep -Milliseconds 100 }
        $name = Receive-Job $job
        $both = $engine, ($hand | Get-LabContainerIsolation)
        $both | Say
        $both | ForEach-Object { $_.Namespaces } | Say
        $changes = $overlay | Get-LabOverlayChange
        Say "The one made by hand calls itself $name, has namespaces of its own as the other, and the same limit ($($both.Cgroup.MemoryLimit -join ' and ') bytes), and its change, $($changes.Path), is in its own layer."
        @{
            Layers = @($engine.Layers).Count; Hostname = $name; Change = @($changes.Path)
            Own = $both | ForEach-Object { ($_.Namespaces | Where-Object Shared -EQ $false).Type -join ' ' }
        }
    }
}
finally { Clear-Lab }
$parts
