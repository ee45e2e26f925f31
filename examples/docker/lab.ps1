#!/usr/bin/env pwsh
# The movie site as containers: layers, ports, credentials, two platforms, commit, exec and compose. It needs a Docker Engine, and for the part
# platforms a registry (docker run -d -p 127.0.0.1:5000:5000 registry:2).
#   ./build.sh; pwsh examples/docker/lab.ps1
[CmdletBinding()]
param(
    # Parts to show: build, ports, credentials, platforms, commit, compose. All if omitted.
    [ValidateSet('build', 'ports', 'credentials', 'platforms', 'commit', 'compose')]
    [string[]] $Step,

    # Registry that the image is pushed to.
    [string] $Registry = '127.0.0.1:5000',

    # Port of this machine that leads to port 8000 of the container.
    [int] $Port = 8001,

    # Leaves everything as it is at the end.
    [switch] $Keep
)
. (Join-Path (Split-Path $PSScriptRoot) Common.ps1)
$examples = Split-Path $PSScriptRoot
$site = Join-Path $examples movies/site
$id = "lab-$([guid]::NewGuid().ToString('n').Substring(0, 8))"
$image = "$Registry/$id/site:1.0"

try {
    # The web server for each platform, where it is not there yet.
    if (-not $IsWindows) { sh (Join-Path $site prepare.sh) }
    $first = Build-LabImage $site -Tag $image
    Add-CleanUp { Get-LabImage "$Registry/$id/*" | Remove-LabImage -Force }

    Show-Part build 'A Dockerfile becomes layers' {
        Get-Content (Join-Path $site Dockerfile) | Where-Object { $_ -match '^[A-Z]' } | Say
        $layers = Get-LabImageLayer $image
        $layers | Select-Object Number, Size, Instruction | Format-Table | Out-String -Width 160 | Say
        $again = Build-LabImage $site -Tag $image
        Say "Built again, every step comes from the cache: $($again.Id -eq $first.Id ? 'the same image' : 'another image')."
        Say "Each instruction that changes files is a layer: $(@($layers).Count). ENV, USER, EXPOSE and CMD are only settings of the image."
        $review = @(Test-LabDockerfile $site)
        Say "The review of the Dockerfile has $($review.Count) findings."
        @{ Layers = @($layers).Count; Instructions = $layers.Instruction; Rebuilt = $again.Id -ne $first.Id; Severe = @($review | Where-Object Severity -GE High).Count }
    }

    Show-Part ports "Port $Port of this machine, port 8000 of the container" {
        # The image's program, and before it a line that says where it listens, as most servers write one.
        $serve = 'port=8000; echo "listening on port $port"; exec httpd -f -vv -p $port -h /site'
        $script:web = Start-LabContainer $image -Name "$id-web" -Publish "127.0.0.1:${Port}:8000" -Command sh, -c, $serve
        Add-CleanUp { $web | Remove-LabContainer -Force }
        $null = $web | Wait-LabContainer -Port 8000 -Timeout 30
        $movies = (Invoke-RestMethod "http://127.0.0.1:$Port/data/movies.json").Count
        $inside = Invoke-LabContainer "$id-web" -Command sh, -c, 'echo $TITLE; ls /site/data'
        $log = @($web | Get-LabContainerLog).Text
        # Asked from inside, which the program's own tools do.
        $ports = [ordered] @{}
        foreach ($try in 8000, $Port) {
            $ports["$try"] = (Invoke-LabContainer "$id-web" -Command busybox, wget, -q, -O, /dev/null, "http://127.0.0.1:$try/" -AsObject).ExitCode -eq 0
        }
        Say "http://127.0.0.1:$Port/data/movies.json has $movies movies. The log of the container that answered:"
        $log | Select-Object -First 2 | ForEach-Object { Say "  $_" }
        Say "The program listens on 8000 and knows no other port: the engine passes on what comes to $Port. So a log, an EXPOSE or a health check says 8000."
        Say "From inside the container, port 8000 $($ports['8000'] ? 'answers' : 'does not answer') and port $Port $($ports["$Port"] ? 'answers' : 'does not answer')."
        Say "exec runs another program in the same container: $($inside -join ', ')."
        @{ Movies = $movies; Answers = $ports; Inside = $inside; Log = $log; Published = $Port }
    }

    Show-Part credentials 'Credentials: by environment, and not in the image' {
        $wrong = 'FROM scratch', 'ENV AWS_SECRET_ACCESS_KEY=not-a-secret-but-readable', 'COPY index.html /'
        $found = @(Test-LabDockerfile -Content $wrong | Where-Object { "$($_.Rule) $($_.Message)" -match 'secret|credential' })
        Say "ENV AWS_SECRET_ACCESS_KEY=… in a Dockerfile: the review finds $($found.Count), $($found[0].Rule): $($found[0].Message)"
        $null = Build-LabImage $site -DockerfileText $wrong -Tag "$Registry/$id/leak:1" -WarningAction SilentlyContinue
        $history = (Get-LabImageLayer "$Registry/$id/leak:1" -All).Instruction -match 'AWS_SECRET'
        Say "Whoever has the image reads it, without running it: $($history[0])"
        $container = Start-LabContainer $image -Name "$id-key" -Environment @{ SESSION_KEY = 'only-for-this-run' }
        try { $seen = Invoke-LabContainer "$id-key" -Command sh, -c, 'echo $SESSION_KEY' } finally { $container | Remove-LabContainer -Force }
        $inImage = @(Get-LabImageLayer $image -All | Where-Object Instruction -Match SESSION_KEY).Count
        Say "Given at the start, the program has it ('$seen') and the image has not."
        @{ Rules = $found.Rule; InHistory = $history; Seen = $seen; InImage = $inImage }
    }

    Show-Part platforms 'Two platforms: build, push, pull, and run the other one' {
        try { $null = Invoke-WebRequest "http://$Registry/v2/" -TimeoutSec 3 } catch { Skip-Part "there is no registry at $Registry" }
        $null = Build-LabImage $site -Tag $image -Platform linux/amd64, linux/arm64 -Push
        Add-CleanUp { Remove-LabImageTag $image -Force }
        $remote = Get-LabImage $image -Registry
        Say "One name, an image for each platform: $(($remote.Platforms ?? $remote.Platform) -join ', '). Nothing was emulated to build them: no instruction runs a program."
        $other = [Runtime.InteropServices.RuntimeInformation]::OSArchitecture -eq 'Arm64' ? 'linux/amd64' : 'linux/arm64'
        Get-LabImage $image | Remove-LabImage -Force
        $null = Receive-LabImage $image -Platform $other
        $facts = @{ Remote = "$($remote.Platforms ?? $remote.Platform)"; Other = $other; Machine = $null; Reason = $null }
        Say "Removed here, and pulled again for $other only."
        try {
            $container = Start-LabContainer $image -Name "$id-other" -Platform $other -Publish "127.0.0.1:0:8000"
            try {
                $null = $container | Wait-LabContainer -Port 8000 -Timeout 60
                $facts.Machine = Invoke-LabContainer "$id-other" -Command busybox, uname, -m
                Say "It runs under emulation: its programs believe that the machine is $($facts.Machine)."
            }
            finally { $container | Remove-LabContainer -Force }
        }
        catch {
            $facts.Reason = "$_"
            Say "It does not run here: $_"
        }
        Get-LabImage $image | Remove-LabImage -Force
        $null = Build-LabImage $site -Tag $image
        $facts
    }

    Show-Part commit 'commit: a container becomes an image, and why a Dockerfile is better' {
        $container = Start-LabContainer $image -Name "$id-edit" -User 0
        try {
            $null = Invoke-LabContainer "$id-edit" -Command sh, -c, 'echo changed > /site/note.txt' -User 0
            $changes = $container | Get-LabContainerChange | Where-Object Path -EQ /site/note.txt
            $null = ConvertTo-LabImage "$id-edit" "$Registry/$id/edited:1" -Message 'a note'
        }
        finally { $container | Remove-LabContainer -Force }
        $before, $after = (Get-LabImageLayer $image), (Get-LabImageLayer "$Registry/$id/edited:1")
        Say "The container's change ($($changes.Change) $($changes.Path)) is a layer on top: $(@($after).Count) in place of $(@($before).Count). Nothing says how it came about: next time, nobody can build it again."
        @{ Change = "$($changes.Change)"; Path = $changes.Path; Before = @($before).Count; After = @($after).Count; Files = @(@($after)[-1].Files.Path) }
    }

    Show-Part compose 'Compose: several containers, in the right order' {
        $file = Join-Path $examples containers/compose.yaml
        $old = $env:SITE_IMAGE
        $env:SITE_IMAGE = $image
        try {
            $problems = (Test-LabCompose $file).Problems
            try {
                Start-LabCompose $file -ProjectName $id -Wait -Timeout 90 | Say
                $prepare = @(Get-LabComposeLog $file -ProjectName $id | Where-Object Text -Match 'found /site/data').Text
                Say "prepare ran before the site started, and $($prepare -join '; ')."
                $movies = (Invoke-RestMethod http://127.0.0.1:8002/data/movies.json).Count
                Say "The site answers on port 8002 with $movies movies."
            }
            finally { Stop-LabCompose $file -ProjectName $id -Remove -Volume -Force -Timeout 1 }
        }
        finally { $env:SITE_IMAGE = $old }
        @{ Problems = @($problems).Count; Prepare = $prepare; Movies = $movies }
    }
}
finally { Clear-Lab }
$parts
