#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# Images in the real engine: binding, tables, errors, completion. What needs no Docker Engine runs without one.

BeforeDiscovery {
    $docker = $null -ne $env:CLOUDLAB_TEST_DOCKER
    $root = $IsLinux -and [Environment]::IsPrivilegedProcess
}

BeforeAll {
    $root = Split-Path (Split-Path $PSScriptRoot)
    Import-Module (Join-Path $root 'out/CloudLab/CloudLab.psd1')
    $none = @{ DockerHost = "unix://$([IO.Path]::GetTempPath())cloudlab-none.sock" }
}

Describe 'Without a Docker Engine' -Tag Containers {
    It 'Get-LabImage ends with one line that names the address and says what to do' {
        { Get-LabImage @none -ErrorAction SilentlyContinue } | Should -Throw -ErrorId 'NoDockerEngine,CloudLab.Cmdlets.Containers.Images.GetLabImageCommand'
        try { Get-LabImage @none } catch { $problem = $_ }
        "$problem" | Should -BeLike "*$($none.DockerHost)*-DockerHost*"
        "$problem" | Should -Not -Match "`n"
        $problem.CategoryInfo.Category | Should -Be ConnectionError
        $problem.ErrorDetails.RecommendedAction | Should -BeLike '*Get-LabSession*'
    }

    It 'Build-LabImage finds a missing Dockerfile first, as an error of that folder alone' {
        $folder = (New-Item -ItemType Directory (Join-Path $TestDrive 'no dockerfile')).FullName
        $built = Get-Item $folder | Build-LabImage @none -ErrorAction SilentlyContinue -ErrorVariable problems
        $built | Should -BeNullOrEmpty
        $problems.Count | Should -Be 1
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'DockerfileNotFound,*'
        $problems[0].TargetObject | Should -BeLike '*no dockerfile*'
    }

    It 'Build-LabImage -WhatIf names image, folder and platforms and starts nothing' {
        $null = New-Item -ItemType Directory (Join-Path $TestDrive site)
        Set-Content (Join-Path $TestDrive site/Dockerfile) 'FROM scratch'
        Push-Location $TestDrive
        try { Build-LabImage site -Tag movies/site:1 -Platform linux/amd64, arm64 -Push -WhatIf @none | Should -BeNullOrEmpty }
        finally { Pop-Location }
    }

    It 'refuses <Text> before anything is sent' -ForEach @(
        @{ Text = 'a platform that is none'; Arguments = @{ Platform = 'linux/foo' }; Id = 'PlatformInvalid' }
        @{ Text = 'an upper-case name'; Arguments = @{ Tag = 'Movies:1' }; Id = 'TagInvalid' }
        @{ Text = 'a push to nowhere'; Arguments = @{ Push = $true }; Id = 'TagMissing' }
    ) {
        $folder = (New-Item -ItemType Directory -Force (Join-Path $TestDrive refused)).FullName
        Set-Content (Join-Path $folder Dockerfile) 'FROM scratch'
        { Build-LabImage $folder @Arguments @none } | Should -Throw -ErrorId "$Id,*"
    }

    It 'completes <Line>' -ForEach @(
        @{ Line = 'Build-LabImage -Platform linux/arm6'; Offer = 'linux/arm64' }
        @{ Line = 'Build-LabImage -Platform linux/amd64, ppc'; Offer = 'linux/ppc64le' }
        @{ Line = 'Get-LabImage -DockerContext def'; Offer = 'default' }
        @{ Line = 'Build-LabImage -Builder def'; Offer = 'default' }
        @{ Line = 'Build-LabImage -Provenance m'; Offer = 'max' }
        @{ Line = 'Start-LabContainer x -RestartPolicy un'; Offer = 'unless-stopped' }
        @{ Line = 'Watch-LabContainer -Action di'; Offer = 'die' }
        @{ Line = 'Start-LabContainer x -Pull N'; Offer = 'Never' }
        @{ Line = 'Get-LabContainer -State ex'; Offer = 'exited' }
    ) {
        (TabExpansion2 $Line $Line.Length).CompletionMatches.CompletionText | Should -Contain $Offer
    }
}

Describe 'Containers without a Docker Engine' -Tag Containers {
    It '<Line> ends with one line that names the address' -ForEach @(
        @{ Line = 'Get-LabContainer' }
        @{ Line = 'Start-LabContainer nosuch' }
        @{ Line = 'Get-LabContainerLog nosuch' }
        @{ Line = 'Invoke-LabContainer nosuch -Command ls' }
        @{ Line = 'Copy-LabContainerItem nosuch:/x .' }
        @{ Line = 'Copy-LabContainerItem volume://nosuch/x .' }
        @{ Line = 'Get-LabDockerNetwork' }
        @{ Line = 'Watch-LabContainer' }
        @{ Line = 'Get-LabCompose -All' }
        @{ Line = 'Get-LabComposeLog -ProjectName nosuch' }
        @{ Line = 'Stop-LabCompose -ProjectName nosuch' }
    ) {
        { Invoke-Expression "$Line @none" } | Should -Throw -ErrorId 'NoDockerEngine,*'
    }

    It 'refuses <Parameter> <Value> before anything is sent' -ForEach @(
        @{ Parameter = 'Publish'; Value = '99999:1'; Id = 'PortInvalid' }
        @{ Parameter = 'Volume'; Value = 'data:here'; Id = 'VolumeInvalid' }
        @{ Parameter = 'Memory'; Value = 'much'; Id = 'SizeInvalid' }
    ) {
        $more = @{ $Parameter = $Value }
        { Start-LabContainer nosuch @more @none } | Should -Throw -ErrorId "$Id,*"
    }

    It 'takes the names of the docker CLI: <Alias>' -ForEach @(
        @{ Cmdlet = 'Start-LabContainer'; Alias = 'p'; Parameter = 'Publish' }
        @{ Cmdlet = 'Start-LabContainer'; Alias = 'e'; Parameter = 'Environment' }
        @{ Cmdlet = 'Start-LabContainer'; Alias = 'rm'; Parameter = 'Remove' }
        @{ Cmdlet = 'Start-LabContainer'; Alias = 'v'; Parameter = 'Volume' }
        @{ Cmdlet = 'Get-LabContainerLog'; Alias = 'f'; Parameter = 'Follow' }
        @{ Cmdlet = 'Get-LabContainer'; Alias = 'a'; Parameter = 'All' }
        @{ Cmdlet = 'Start-LabCompose'; Alias = 'f'; Parameter = 'Path' }
        @{ Cmdlet = 'Start-LabCompose'; Alias = 'p'; Parameter = 'ProjectName' }
        @{ Cmdlet = 'Stop-LabCompose'; Alias = 'v'; Parameter = 'Volume' }
    ) {
        (Get-Command $Cmdlet).Parameters[$Parameter].Aliases | Should -Contain $Alias
    }

    It 'takes how long ago, a date or a Unix time: -Since <Since>' -ForEach @(
        # PowerShell reads 0s as a short number and 2d as a decimal one.
        @{ Since = '0s' }, @{ Since = '2d' }, @{ Since = '10m' }, @{ Since = '1h30m' }, @{ Since = '30' }, @{ Since = '1700000000' }, @{ Since = '2026-01-01' }, @{ Since = '([timespan]"0:1:0")' }
    ) {
        { Invoke-Expression "Get-LabContainerLog nosuch -Since $Since @none" } | Should -Throw -ErrorId 'NoDockerEngine,*'
    }

    It 'needs a terminal for -Interactive, and says so in one line' {
        $said = '' | & ($env:PWSH ? $env:PWSH : (Get-Process -Id $PID).Path) -NoProfile -Command "Import-Module '$root/out/CloudLab/CloudLab.psd1'; try { Invoke-LabContainer web -Interactive -DockerHost $($none.DockerHost) } catch { `$_.FullyQualifiedErrorId; `"`$_`" }"
        $said[0] | Should -BeLike 'TerminalMissing,*'
        $said[1] | Should -BeLike '-Interactive needs a terminal, and standard input is redirected*'
        (Get-Command Invoke-LabContainer -Syntax) | Should -Match '-Interactive'
    }

    It 'completes what a compose file names: <Line>' -ForEach @(
        @{ Line = 'Start-LabCompose {0} -Service w'; Offers = 'web', 'worker' }
        @{ Line = 'Get-LabCompose {0} -Service i'; Offers = @('included') }
        @{ Line = 'Stop-LabCompose {0} -Profile '; Offers = 'debug', 'extra' }
        @{ Line = 'ConvertTo-LabManifest -Compose {0} -Profile d'; Offers = @('debug') }
    ) {
        Set-Content (Join-Path $TestDrive compose.yaml) 'include: [more.yaml]', 'x-common: &common {image: "x:${TAG}", profiles: [debug]}', 'services: {web: {<<: *common}, db: {image: y}}'
        Set-Content (Join-Path $TestDrive compose.override.yaml) 'services: {worker: {image: z, profiles: [extra]}}'
        Set-Content (Join-Path $TestDrive more.yaml) 'services: {included: {image: z}}'
        $text = $Line -f "$TestDrive"
        for ($tries = 0; $tries -lt 60 -and -not $offered; $tries++) { $offered = (TabExpansion2 $text $text.Length).CompletionMatches.CompletionText }
        $offered | Should -Be $Offers
    }

    It 'tells a compose file that does not exist from a service' {
        { Start-LabCompose web @none -ErrorAction Stop } | Should -Throw -ErrorId 'ComposeFileNotFound,*' -ExpectedMessage '*-Service*'
        { Test-LabCompose web @none -ErrorAction Stop } | Should -Throw -ErrorId 'ComposeFileNotFound,*' -ExpectedMessage "*'*web'*"
    }

    It 'writes <Text> so that it stays text' -ForEach @(@{ Text = 'no' }, @{ Text = '2122:22' }, @{ Text = '010' }, @{ Text = "a`nb`n" }) {
        $yaml = @{ apiVersion = 'v1'; kind = 'ConfigMap'; metadata = @{ name = 'x' }; data = @{ a = $Text } } | ConvertTo-LabManifest
        $yaml | Should -BeLike "---`napiVersion: v1`nkind: ConfigMap`nmetadata:`n  name: x`ndata:*"
        $yaml | Should -Match $(if ($Text.Contains("`n")) { '(?m)^  a: \|$' } else { "(?m)^  a: '$Text'`$" })
    }

    It 'says what would be run, with -WhatIf' {
        Start-LabContainer movies/site:1.0 -Name web -Publish 8001:8000 -WhatIf @none | Should -BeNullOrEmpty
    }
}

Describe 'Containers with a Docker Engine (CLOUDLAB_TEST_DOCKER)' -Tag Containers -Skip:(-not $docker) {
    BeforeAll {
        $engine = @{ DockerHost = $env:CLOUDLAB_TEST_DOCKER }
        $mark = [guid]::NewGuid().ToString('N').Substring(0, 8)
        $image = "cloudlab-pester/box:$mark"
        $folder = (New-Item -ItemType Directory (Join-Path $TestDrive box)).FullName
        $processor = if ([Runtime.InteropServices.RuntimeInformation]::OSArchitecture -eq 'Arm64') { 'arm64' } else { 'amd64' }
        Copy-Item (Join-Path $env:CLOUDLAB_TEST_BUSYBOX "linux/$processor/busybox") $folder
        Set-Content (Join-Path $folder Dockerfile) "FROM scratch`
COPY busybox /bin/busybox`
RUN [""/bin/busybox"",""--install"",""-s"",""/bin""]"
        $null = Build-LabImage $folder -Tag $image @engine
        $web = Start-LabContainer $image -Name "web-$mark" -Command sh, -c, 'echo hello; exec sleep 1000' -Label @{ mark = $mark } -Init @engine
    }

    AfterAll {
        Get-LabContainer -All -Label "mark=$mark" @engine | Remove-LabContainer -Force @engine
        docker --host $env:CLOUDLAB_TEST_DOCKER image rm --force $image | Out-Null
    }

    It 'takes containers from the pipeline for a command' {
        Get-LabContainer $web.Name @engine | Invoke-LabContainer -Command echo, hi @engine | Should -Be hi
        $web.Name | Invoke-LabContainer -Command echo, hi @engine | Should -Be hi
    }

    It 'shows times of the log in the calendar of the log, whatever the culture is' {
        $saved = [cultureinfo]::CurrentCulture
        try {
            [cultureinfo]::CurrentCulture = 'ar-SA'
            Get-LabContainerLog $web.Name @engine | Out-String | Should -Match "$([datetime]::UtcNow.Year)-\d\d-\d\dT"
        }
        finally { [cultureinfo]::CurrentCulture = $saved }
    }

    It 'refuses a time below zero' {
        { Stop-LabContainer $web.Name -Timeout -5 @engine } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
    }

    It 'binds its own output in every verb' {
        $web.PSObject.TypeNames | Should -Contain CloudLab.Core.Containers.Containers.LabContainer
        ($web | Get-LabContainer @engine).Id | Should -Be $web.Id
        ($web | Get-LabContainerLog @engine).Text | Should -Be hello
        $web | Invoke-LabContainer -Command echo, hi @engine | Should -Be hi
        'b', 'a' | Invoke-LabContainer $web.Name -Command sort @engine | Should -Be 'a', 'b'
        ($web | Suspend-LabContainer -PassThru @engine | Resume-LabContainer -PassThru @engine).State | Should -Be running
        ($web | Get-LabContainerReport @engine).Cause | Should -Be 'It is running.'
        ($web | Get-LabContainerProcess @engine).Command | Should -Contain 'sleep 1000'
        ($web | Measure-LabContainer @engine).CpuPercent | Should -BeOfType double
        "$web" | Should -Be $web.Name
        ($web | ConvertTo-Json -Depth 3 | ConvertFrom-Json).Name | Should -Be $web.Name
    }

    It 'sets LASTEXITCODE and tells standard error from output' {
        $output = Invoke-LabContainer $web.Name -Command sh, -c, 'echo out; echo err >&2; exit 3' @engine -ErrorAction SilentlyContinue -ErrorVariable problems -InformationVariable info 6> $null
        $output | Should -Be out
        $LASTEXITCODE | Should -Be 3
        "$info" | Should -Be err
        $problems.FullyQualifiedErrorId | Should -BeLike 'ContainerCommandFailed,*'
    }

    It 'copies a file in and out' {
        Set-Content (Join-Path $TestDrive in.txt) text -NoNewline
        $null = Get-Item (Join-Path $TestDrive in.txt) | Copy-LabContainerItem -Destination "$($web.Name):/in.txt" @engine
        $copy = Copy-LabContainerItem "$($web.Name):/in.txt" (Join-Path $TestDrive out.txt) @engine
        Get-Content (Join-Path $TestDrive out.txt) -Raw | Should -Be text
        $copy.Size | Should -Be 4
    }

    It 'shows a table' {
        $web | Format-Table | Out-String -Width 160 | Should -Match 'ShortId +Name +Image +State +Ports'
        $web | Get-LabContainerReport @engine | Format-Table | Out-String -Width 160 | Should -Match 'Name +State +Cause'
    }

    It 'catches its errors by type and id' {
        $caught = try { Get-LabContainer "web-${mark}x" @engine -ErrorAction Stop } catch [LabException] { $_ }
        $caught.FullyQualifiedErrorId | Should -BeLike 'ContainerNotFound,*'
        "$caught" | Should -BeLike "*Similar: 'web-$mark'*"
        $caught.CategoryInfo.Category | Should -Be ObjectNotFound
    }

    It 'removes nothing with -WhatIf' {
        $web | Remove-LabContainer -Force -WhatIf @engine
        (Get-LabContainer $web.Name @engine).State | Should -Be running
    }

    It 'restarts, changes, stops and waits for a container' {
        $own = Start-LabContainer $image -Name "own-$mark" -Command sh, -c, 'trap "exit 3" TERM; sleep 1000 & wait' -Label @{ mark = $mark } @engine
        ($own | Restart-LabContainer -Timeout 5 -PassThru @engine).State | Should -Be running
        $changed = $own | Set-LabContainer -Environment @{ LEVEL = '2' } -PassThru @engine
        $changed.Id | Should -Not -Be $own.Id
        Invoke-LabContainer $own.Name -Command sh, -c, 'echo made > /made; echo $LEVEL' @engine | Should -Be 2
        ($changed | Get-LabContainerChange @engine | Where-Object Path -EQ /made).Change | Should -Be Added
        ($changed | Stop-LabContainer -PassThru @engine).State | Should -Be exited
        ($changed | Wait-LabContainer @engine).ExitCode | Should -Be 3
        { $changed | Measure-LabContainer @engine -ErrorAction Stop } | Should -Throw -ErrorId 'ContainerNotRunning,*'
    }

    It 'has killed a container when Stop-LabContainer -Force is done' {
        $own = Start-LabContainer $image -Name "kill-$mark" -Command sleep, 1000 -Label @{ mark = $mark } @engine
        $own | Stop-LabContainer -Force @engine
        $after = Get-LabContainer $own.Name @engine
        $after.State, $after.ExitCode | Should -Be 'exited', 137
    }

    It 'gives the exit code of a container that it runs to its end' {
        $null = Start-LabContainer $image -Command sh, -c, 'exit 4' -Remove -Wait @engine -ErrorAction SilentlyContinue
        $LASTEXITCODE | Should -Be 4
    }

    It 'sends lines to a container and takes its answers' {
        $null = Start-LabContainer $image -Name "cat-$mark" -Interactive -Command cat -Label @{ mark = $mark } @engine
        'one', 'two' | Connect-LabContainer "cat-$mark" @engine | Should -Be 'one', 'two'
    }

    It 'makes an image of a container' {
        $made = ConvertTo-LabImage $web.Name "cloudlab-pester/made:$mark" -Change 'ENV MADE=yes' @engine
        $made.Image | Should -Be "cloudlab-pester/made:$mark"
        docker --host $env:CLOUDLAB_TEST_DOCKER image rm --force $made.Image | Out-Null
    }

    It 'makes, uses and removes networks' {
        $names = "net-$mark-a", "net-$mark-b"
        try {
            ($names | New-LabDockerNetwork -Label @{ mark = $mark } @engine).Name | Should -Be $names
            $web | Connect-LabDockerNetwork $names[0] @engine
            (Get-LabDockerNetwork $names[0] @engine).Containers | Should -Be $web.Name
            (Clear-LabDockerNetwork -Label "mark=$mark" -Force @engine).Name | Should -Be $names[1]
            Remove-LabDockerNetwork "net-$mark-*" -Force @engine -ErrorAction SilentlyContinue -ErrorVariable problems
            $problems.FullyQualifiedErrorId | Should -BeLike 'NetworkInUse,*'
            $web | Disconnect-LabDockerNetwork $names[0] @engine
            Remove-LabDockerNetwork $names[0] -Force @engine
            Get-LabDockerNetwork "net-$mark-*" @engine | Should -BeNullOrEmpty
        }
        finally { docker --host $env:CLOUDLAB_TEST_DOCKER network rm $names 2>&1 | Out-Null }
    }

    It 'makes, uses and removes volumes, and a volume in use keeps no other one from going' {
        $names = "vol-$mark-a", "vol-$mark-b", "vol-$mark-c"
        try {
            ($names | New-LabDockerVolume -Label @{ mark = $mark } @engine).Name | Should -Be $names
            $user = Start-LabContainer $image -Name "user-$mark" -Volume "$($names[0]):/data" -Command sleep, 1000 -Label @{ mark = $mark } @engine
            (Get-LabDockerVolume $names[0] @engine).Containers | Should -Be $user.Name
            Clear-LabDockerVolume -Label "mark=$mark" -Force @engine | Should -BeNullOrEmpty
            Remove-LabDockerVolume "vol-$mark-*" -Force @engine -ErrorAction SilentlyContinue -ErrorVariable problems
            $problems.FullyQualifiedErrorId | Should -BeLike 'VolumeInUse,*'
            (Get-LabDockerVolume "vol-$mark-*" @engine).Name | Should -Be $names[0]
            $user | Remove-LabContainer -Force @engine
            (Clear-LabDockerVolume -All -Label mark, "mark=$mark" -Force @engine).Name | Should -Be $names[0]
        }
        finally { docker --host $env:CLOUDLAB_TEST_DOCKER volume rm --force $names 2>&1 | Out-Null }
    }

    It 'completes the names of containers' {
        $env:DOCKER_HOST = $env:CLOUDLAB_TEST_DOCKER
        try {
            $line = "Get-LabContainerLog web-$($mark.Substring(0, 5))"
            for ($tries = 0; $tries -lt 60 -and -not $offered; $tries++) { $offered = (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText }
            $offered | Should -Contain $web.Name
        }
        finally { $env:DOCKER_HOST = $null }
    }
}

Describe 'With a Docker Engine (CLOUDLAB_TEST_DOCKER)' -Tag Containers -Skip:(-not $docker) {
    BeforeAll {
        $engine = @{ DockerHost = $env:CLOUDLAB_TEST_DOCKER }
        $repository = "cloudlab-pester/$([guid]::NewGuid().ToString('N'))"
        $folder = (New-Item -ItemType Directory (Join-Path $TestDrive 'a site')).FullName
        Set-Content (Join-Path $folder Dockerfile) "FROM scratch`nCOPY Dockerfile /`nLABEL id=$repository"
        $build = Build-LabImage -Path $folder -Tag "${repository}:1", "${repository}:2" -Platform linux/amd64, linux/arm64 @engine
    }

    AfterAll {
        # The engine was given to the tests.
        docker --host $env:CLOUDLAB_TEST_DOCKER image rm --force "${repository}:1" "${repository}:2" | Out-Null
    }

    It 'builds for two platforms' {
        $build.PSObject.TypeNames | Should -Contain CloudLab.Core.Containers.Builds.LabImageBuild
        $build.Platforms.Platform | Sort-Object | Should -Be 'linux/amd64', 'linux/arm64'
        $build.Duration | Should -BeOfType TimeSpan
    }

    It 'feeds what it wrote to Get-LabImage' {
        $image = $build | Get-LabImage @engine
        $image.Image | Should -Be "${repository}:1"
        $image.Created | Should -BeOfType DateTimeOffset
        $image.Size | Should -BeOfType long
        ($image | Get-LabImage @engine).Id | Should -Be $image.Id
        $image.ShortId | Get-LabImage @engine | Should -HaveCount 2
    }

    It 'stops at the first object that Select-Object -First wants' {
        @(Get-LabImage @engine | Select-Object -First 1).Count | Should -Be 1
    }

    It 'finds by wildcard and platform' {
        (Get-LabImage "$repository*" -Platform */arm64 @engine).Tag | Sort-Object | Should -Be '1', '2'
        Get-LabImage "$repository*" -Platform windows/* @engine | Should -BeNullOrEmpty
    }

    It 'shows a table' {
        $text = Get-LabImage "${repository}:1" @engine | Format-Table | Out-String -Width 160
        $text | Should -Match 'ShortId +Image +Platforms +Size +Created'
        $text | Should -Match ('[0-9a-f]{12} +' + [regex]::Escape("${repository}:1") + ' +linux/amd64; +\d+ \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ')
        $build | Format-Table | Out-String -Width 160 | Should -Match 'Image +Digest +StepCount +CachedSteps +Duration +Pushed'
        $build.Platforms | Format-Table | Out-String -Width 160 | Should -Match 'Platform +Available +Size +Digest'
    }

    It 'reports one image that is not there and goes on' {
        $found = "${repository}:9", "${repository}:2" | Get-LabImage @engine -ErrorAction SilentlyContinue -ErrorVariable problems
        $found.Tag | Should -Be '2'
        $problems.FullyQualifiedErrorId | Should -BeLike 'ImageNotFound,*'
        $problems[0].TargetObject | Should -Be "${repository}:9"
    }

    It 'names the failing step with its line and output' {
        Set-Content (Join-Path $folder Dockerfile) "FROM scratch`nCOPY missing.txt /"
        Build-LabImage $folder @engine -ErrorAction SilentlyContinue -ErrorVariable problems
        $problems.Count | Should -Be 1
        "$($problems[0])" | Should -BeLike "*'COPY missing.txt /' (Dockerfile line 2)*"
    }

    It 'completes the names of images' {
        $env:DOCKER_HOST = $env:CLOUDLAB_TEST_DOCKER
        try {
            $line = "Get-LabImage -Image $($repository.Substring(0, 25))"
            # A completer gives up after half a second, which a busy machine may need for something else.
            for ($tries = 0; $tries -lt 60 -and -not $offered; $tries++) { $offered = (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText }
            $offered | Should -Contain "${repository}:1"
        }
        finally { $env:DOCKER_HOST = $null }
    }
}

Describe 'How a container is made' -Tag Containers {
    It 'is a matter of Linux, and says so' -Skip:$IsLinux {
        { Get-LabLinuxNamespace } | Should -Throw -ErrorId 'LinuxNeeded,*'
        { Mount-LabOverlay a, b c } | Should -Throw -ErrorId 'LinuxNeeded,*'
    }

    It 'lists the namespaces of processes from the pipeline' -Skip:(-not $IsLinux) {
        $mine = Get-Process -Id $PID | Get-LabLinuxNamespace -Type pid, net
        $mine.Type | Should -Be net, pid
        $mine.ProcessId | Should -Be $PID, $PID
        (Get-LabLinuxNamespace -Type pid).Inode | Should -Contain $mine[1].Inode
        $problems = @()
        Get-LabLinuxNamespace ([int]::MaxValue) -ErrorVariable problems -ErrorAction SilentlyContinue
        $problems.FullyQualifiedErrorId | Should -BeLike 'ProcessNotFound,*'
    }

    It 'refuses a host name without a UTS namespace' -Skip:(-not $IsLinux) {
        { Invoke-LabLinuxNamespace -Pid -Hostname x -Command true } | Should -Throw -ErrorId 'HostnameNeedsUts,*'
        { Invoke-LabLinuxNamespace -Uts -Hostname 'a b' -Command true } | Should -Throw -ErrorId 'HostnameInvalid,*'
    }

    It 'refuses a memory limit that no command can start with: <_>' -Skip:(-not $root) -ForEach '0', '4k' {
        { Invoke-LabLinuxNamespace -Memory $_ -Command true } | Should -Throw '*at least 1m*' -ErrorId 'MemoryLimitTooSmall*'
    }

    It 'runs a command in namespaces like any program: output, errors, exit code' -Skip:(-not $root) {
        Invoke-LabLinuxNamespace -Pid -Uts -Hostname made-by-hand -Command sh, -c, 'echo $$ $(uname -n)' | Should -Be '1 made-by-hand'
        $errors = Invoke-LabLinuxNamespace -Uts -Command sh, -c, 'echo bad >&2; exit 3' -ErrorVariable problems -ErrorAction SilentlyContinue 6>&1
        "$errors" | Should -Be bad
        $LASTEXITCODE | Should -Be 3
        $problems.FullyQualifiedErrorId | Should -BeLike 'NamespaceCommandFailed,*'
        Get-Process -Id $PID | Invoke-LabLinuxNamespace -Uts -Command uname, -n | Should -Be ([Net.Dns]::GetHostName())
        Invoke-LabLinuxNamespace -Pid -Command touch, "$TestDrive/made" -WhatIf
        "$TestDrive/made" | Should -Not -Exist
    }

    It 'puts layers together, and shows what a change does' -Skip:(-not $root) {
        Push-Location $TestDrive
        try {
            $null = New-Item -ItemType Directory base
            Set-Content base/old x
            $overlay = Mount-LabOverlay -LowerPath base -UpperPath changes -Path merged
            try {
                (TabExpansion2 "Dismount-LabOverlay $TestDrive" "Dismount-LabOverlay $TestDrive".Length).CompletionMatches.CompletionText | Should -Contain $overlay.Path
                Remove-Item merged/old
                Set-Content merged/new y
                $changes = $overlay | Get-LabOverlayChange
                $changes.Change | Should -Be Added, Deleted
                'base/old' | Should -Exist
                Get-LabOverlay merged | Should -Be "$($overlay.Path)"
            }
            finally { $overlay | Dismount-LabOverlay }
            { Get-LabOverlayChange merged -ErrorAction Stop } | Should -Throw -ErrorId 'OverlayNotFound,*'
        }
        finally { Pop-Location }
    }

    It 'shows a process as it shows a container' -Skip:(-not $root) {
        $table = Get-Process -Id $PID | Get-LabContainerIsolation | Format-Table | Out-String -Width 80
        $table | Should -Match "$PID"
        $table | Should -Not -Match '…'
    }
}
