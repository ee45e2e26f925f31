#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# The help as Get-Help shows it, and every example in it, run as it stands against the emulator.

BeforeDiscovery {
    $root = Split-Path (Split-Path $PSScriptRoot)
    Import-Module (Join-Path $root 'out/CloudLab/CloudLab.psd1')
    $cmdlets = @(Get-Command -Module CloudLab -CommandType Cmdlet | ForEach-Object { @{ Name = $_.Name } })
    $pages = @('README.md', 'docs/README.md', 'docs/cloudlab.md' | ForEach-Object { @{ Name = $_ } }
        Get-ChildItem (Join-Path $root docs/from-*.md), (Join-Path $root module/en-US/about_*.help.txt) |
            ForEach-Object { @{ Name = [IO.Path]::GetRelativePath($root, $_.FullName) } })
    $examples = @(foreach ($cmdlet in $cmdlets) {
            $number = 0
            foreach ($example in (Get-Help $cmdlet.Name -Full).examples.example) {
                $number++
                # It would take the terminal that the tests run on; ContainerTerminalTests has one of its own.
                if ($example.code -match '^(Invoke-Lab(Container|Pod)|Start-LabPod) .*-Interactive') { continue }
                # It asks for a password.
                if ($example.code -match '^Connect-LabRegistry .*-Credential ann$') { continue }
                @{
                    Name = $cmdlet.Name; Number = $number; Code = $example.code
                    Docker = "$($cmdlet.Name) $($example.code)" -match '-Lab(Image|Container|Build|Docker|Compose|Registry)|-Compose '
                    # Mounts and namespaces are for root on Linux.
                    Kernel = "$($cmdlet.Name) $($example.code)" -match '-Lab(Overlay|LinuxNamespace)'
                    # The emulator has no EC2.
                    Moto   = "$($cmdlet.Name) $($example.code)" -match '-LabInstance\b'
                }
            }
        })
}

Describe 'Help' -Tag Module {
    BeforeAll {
        $root = Split-Path (Split-Path $PSScriptRoot)
        Import-Module (Join-Path $root 'out/CloudLab/CloudLab.psd1')
        $common = [System.Management.Automation.PSCmdlet]::CommonParameters

        # A parameter that is not shown has no page: -InputObject of the storage cmdlets is for the pipeline alone.
        function Test-Hidden($Command, $Parameter) {
            $Command.Parameters[$Parameter].Attributes.Where({ $_ -is [System.Management.Automation.ParameterAttribute] }).DontShow -contains $true
        }

        # Whether a command has a parameter, as PowerShell binds it: in full, by alias, or by an unambiguous beginning.
        function Test-Parameter([System.Management.Automation.CommandInfo] $Command, [string] $Parameter) {
            if ($Command.CommandType -notin 'Cmdlet', 'Function') { return $true }
            $names = @($Command.Parameters.Values | ForEach-Object { $_.Name; $_.Aliases }) + $common + [System.Management.Automation.PSCmdlet]::OptionalCommonParameters
            $Parameter -in $names -or @($names -like "$Parameter*" | Sort-Object -Unique).Count -eq 1 -or
                # A provider adds parameters to these.
                ($Command.Name -in 'Get-Content', 'Set-Content' -and $Parameter -in 'Raw', 'Encoding', 'AsByteStream', 'NoNewline')
        }

        # Cmdlets and parameters that a paragraph names and that do not exist. A parameter belongs to the cmdlet before it, else to one that the
        # paragraph names, else to the cmdlet whose help it is.
        function Get-WrongName {
            param([Parameter(ValueFromPipeline)] [string] $Text, [string] $Cmdlet)
            process {
                # A guide is about them all, and about the drive.
                $found = @(if ($Cmdlet) { Get-Command $Cmdlet } else { Get-Command -Module CloudLab -CommandType Cmdlet; Get-Command New-PSDrive, Get-ChildItem, Copy-Item, Rename-Item })
                foreach ($match in [regex]::Matches($Text, '(?<![\w/.-])[A-Z][a-z]+-(?:Lab|Hpa|Vpa)[A-Za-z]*\b|(?<![\w/.-])[A-Z][A-Za-z]+-(?:Object|Item|ChildItem|Content|Module|Json|Csv)\b')) {
                    $command = Get-Command $match.Value -ErrorAction Ignore
                    if ($command) { $found += $command } else { $match.Value }
                }
                foreach ($match in [regex]::Matches($Text, '(?:(?<![\w/.-])([A-Z][A-Za-z]+-[A-Z][A-Za-z]+)\s+)?(?<![\w<>./-])-([A-Z][A-Za-z]*[a-z0-9])\b')) {
                    $owner = if ($match.Groups[1].Success) { Get-Command $match.Groups[1].Value -ErrorAction Ignore }
                    $owners = if ($match.Groups[1].Success) { @($owner) } else { $found }
                    if ($match.Groups[1].Success -and -not $owner) { continue }
                    if (-not ($owners | Where-Object { Test-Parameter $_ $match.Groups[2].Value })) {
                        ($match.Groups[1].Value + " -$($match.Groups[2].Value)").Trim()
                    }
                }
            }
        }

        function Get-WrongNameInCode {
            param([Parameter(ValueFromPipeline)] [string] $Code)
            process {
                $errors = $null
                $tree = [System.Management.Automation.Language.Parser]::ParseInput($Code, [ref] $null, [ref] $errors)
                $errors | ForEach-Object { $_.Message }
                foreach ($ast in $tree.FindAll({ $args[0] -is [System.Management.Automation.Language.CommandAst] }, $true)) {
                    $called = $ast.GetCommandName()
                    if (-not $called) { continue }
                    $command = Get-Command $called -ErrorAction Ignore
                    if ($command -is [System.Management.Automation.AliasInfo]) { $command = $command.ResolvedCommand }
                    if (-not $command) {
                        # Other programs are their own affair.
                        if ($called -match '^[A-Z][a-z]+-') { $called }
                        continue
                    }
                    foreach ($parameter in $ast.CommandElements.Where({ $_ -is [System.Management.Automation.Language.CommandParameterAst] })) {
                        if (-not (Test-Parameter $command $parameter.ParameterName)) { "$($command.Name) -$($parameter.ParameterName)" }
                    }
                }
            }
        }
    }

    It '<Name> has a synopsis, a description and two examples' -ForEach $cmdlets {
        $help = Get-Help $Name -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        $help.Synopsis | Should -Not -BeLike "*$Name*<CommonParameters>*"
        $help.description.Text | Should -Not -BeNullOrEmpty
        @($help.examples.example).Count | Should -BeGreaterOrEqual 2
    }

    It '<Name> has text for every parameter' -ForEach $cmdlets {
        $documented = @{}
        foreach ($parameter in (Get-Help $Name -Parameter * -ErrorAction SilentlyContinue)) {
            $documented[$parameter.name] = "$($parameter.description.Text)".Trim()
        }
        $command = Get-Command $Name
        foreach ($parameter in $command.Parameters.Keys | Where-Object { $_ -notin $common -and -not (Test-Hidden $command $_) }) {
            $documented[$parameter] | Should -Not -BeNullOrEmpty -Because "-$parameter of $Name needs its text"
        }
    }

    It '<Name> shows the syntax that PowerShell binds' -ForEach $cmdlets {
        $command = Get-Command $Name
        $bound = $command.ParameterSets | ForEach-Object {
            ($_.Parameters | Where-Object { $_.Name -notin $common -and -not (Test-Hidden $command $_.Name) } | ForEach-Object {
                $position = if ($_.Position -ge 0) { $_.Position } else { 'named' }
                "$($_.Name) $position $($_.IsMandatory)"
            } | Sort-Object) -join ', '
        } | Sort-Object
        $shown = (Get-Help $Name).syntax.syntaxItem | ForEach-Object {
            ($_.parameter | ForEach-Object { "$($_.name) $($_.position) $($_.required)" } | Sort-Object) -join ', '
        } | Sort-Object
        $shown | Should -Be $bound
    }

    It '<Name> names only cmdlets and parameters that there are' -ForEach $cmdlets {
        $help = Get-Help $Name -Full
        $prose = @($help.Synopsis) + @($help.description.Text) + @($help.parameters.parameter.description.Text) + @($help.examples.example.remarks.Text) +
            @($help.examples.example.introduction.Text) + @($help.inputTypes.inputType.type.name) + @($help.inputTypes.inputType.description.Text)
        @($prose | Get-WrongName -Cmdlet $Name) + @($help.examples.example.code | Get-WrongNameInCode) | Should -BeNullOrEmpty
    }

    It '<Name> names only cmdlets and parameters that there are' -ForEach $pages {
        # Code first: what is left is prose.
        $text = Get-Content -Raw (Join-Path $root $Name)
        $code = [regex]::Matches($text, '(?ms)^```powershell\r?\n(.*?)^```').ForEach({ $_.Groups[1].Value })
        $prose = $text -replace '(?ms)^```.*?^```', '' -split '(?:\r?\n){2,}|(?m)^\s*[-*|] '
        @($prose | Get-WrongName) + @($code | Get-WrongNameInCode) | Should -BeNullOrEmpty
    }

    It 'tells a name that there is not from one that there is' {
        'See Connect-Lab -PassThru.' | Get-WrongName | Should -Be 'Connect-Lab -PassThru'
        'See Conect-Lab and Get-LabNothing.' | Get-WrongName | Should -Be 'Conect-Lab', 'Get-LabNothing'
        'With -Buckets it goes on.' | Get-WrongName -Cmdlet Get-LabObject | Should -Be '-Buckets'
        'With -Buckets it goes on, with -Bucket and -Recurse too.' | Get-WrongName | Should -Be '-Buckets'
        'Give -Bucket, or use Select-Object -First 5 and Connect-Lab -Credential or -ProfileName.' | Get-WrongName -Cmdlet Get-LabObject | Should -BeNullOrEmpty
        'Get-LabObject movies -Prefixx a | Select-Object -Frist 1; Get-LabNothing' | Get-WrongNameInCode |
            Should -Be 'Get-LabObject -Prefixx', 'Select-Object -Frist', 'Get-LabNothing'
        '$x = @{ Bucket = "b" }; Get-LabObject @x -Ex *.json | ForEach-Object { "$_" }' | Get-WrongNameInCode | Should -BeNullOrEmpty
    }

    It 'has topics about the module' {
        "$(Get-Help about_CloudLab)" | Should -BeLike '*Start-LabEmulator*'
        foreach ($topic in 'Sessions', 'Waiting', 'Errors', 'Emulator') {
            "$(Get-Help about_CloudLab)" | Should -BeLike "*about_CloudLab_$topic*"
            "$(Get-Help "about_CloudLab_$topic")" | Should -BeLike '*KEYWORDS*'
        }
    }

    It 'links only to pages, and names only files, that there are' {
        # The pages of cmdlets are made, and their links with them.
        $pages = Get-ChildItem $root/*.md, $root/docs/*.md, $root/benchmarks/*.md -Exclude *-Lab*.md, *-Hpa*.md, *-Vpa*.md
        foreach ($page in @($pages; Get-ChildItem $root/examples -Recurse -Filter README*.md)) {
            $text = Get-Content -Raw $page
            foreach ($link in [regex]::Matches($text, '\]\(([^):#]+)(#[^)]*)?\)')) {
                Join-Path $page.DirectoryName $link.Groups[1].Value | Should -Exist -Because "$($page.Name) links to it"
            }
            foreach ($name in [regex]::Matches($text, '`((?:docs|examples|benchmarks|tests|src|module)/[\w./-]+)`')) {
                Join-Path $root $name.Groups[1].Value | Should -Exist -Because "$($page.Name) names it"
            }
        }
    }

    It 'lists every cmdlet in the index' {
        $index = Get-Content -Raw (Join-Path $root docs/README.md)
        (Get-Command -Module CloudLab -CommandType Cmdlet).Name | Where-Object { -not $index.Contains("($_.md)") } | Should -BeNullOrEmpty
    }

    It 'has topics that fit a window of 80 columns' {
        foreach ($page in Get-ChildItem (Join-Path $root module/en-US/about_*.help.txt)) {
            Get-Content $page | Where-Object Length -GT 80 | Should -BeNullOrEmpty -Because $page.Name
        }
    }

    It 'has twenty lines at the beginning of README.md that run, with the four systems' {
        $lines = [regex]::Match((Get-Content -Raw (Join-Path $root README.md)), '(?ms)^```powershell\r?\n(.*?)^```').Groups[1].Value
        ($lines -split '\n').Count | Should -BeLessOrEqual 21
        Push-Location $root
        try {
            # Stopping at the first error, also in a script block of the module's own.
            $ErrorActionPreference = 'Stop'
            $types = & ([scriptblock]::Create($lines)) | ForEach-Object { $_.PSObject.TypeNames[0] -replace '^CloudLab\.Core\.' }
            foreach ($area in 'Sessions', 'Storage', 'Identity', 'Kubernetes') { $types -like "$area.*" | Should -Not -BeNullOrEmpty -Because $area }
            $lines | Should -Match '-Lab(Dockerfile|Container) '
        }
        finally {
            Get-LabEmulator | Stop-LabEmulator
            Pop-Location
        }
    }

    It 'has no approved verb missing and no cmdlet that PowerShell warns of' {
        Import-Module (Join-Path $root 'out/CloudLab/CloudLab.psd1') -Force -WarningVariable warnings -WarningAction SilentlyContinue
        $warnings | Should -BeNullOrEmpty
    }
}

Describe 'Examples' -Tag Module {
    BeforeAll {
        $root = Split-Path (Split-Path $PSScriptRoot)
        Import-Module (Join-Path $root 'out/CloudLab/CloudLab.psd1')
        $kept = @{}
        foreach ($name in 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_CONFIG_FILE', 'AWS_PROFILE', 'KUBECONFIG', 'DOCKER_HOST') {
            $kept[$name] = [Environment]::GetEnvironmentVariable($name)
        }
        $hasDocker = $null -ne $env:CLOUDLAB_TEST_DOCKER

        # What an example about containers may presume: the image of a site, and containers, a network and a volume that it does not make itself.
        function MakeContainers([string] $Code) {
            $engine = @{ DockerHost = $env:CLOUDLAB_TEST_DOCKER }
            RemoveContainers
            MakeImage
            foreach ($kind in 'Network', 'Volume') {
                if ($Code -notmatch "New-LabDocker$kind") { $null = & "New-LabDocker$kind" movies @engine }
            }
            $common = @{ Label = @{ team = 'movies' }; HealthCommand = 'true'; HealthInterval = 1; Init = $true }
            foreach ($name in 'web', 'backup') {
                if ($Code -notmatch "-Name $name") { $null = Start-LabContainer movies/site:1.0 -Name $name @common @engine }
            }
            if ($Code -match 'game') { $null = Start-LabContainer movies/site:1.0 -Name game -Interactive -Command cat @engine }
            if ($Code -match 'Disconnect-LabDockerNetwork') { Connect-LabDockerNetwork movies -Container web, backup @engine }
        }

        # Built for the first example; the last removes it.
        function MakeImage {
            $engine = @{ DockerHost = $env:CLOUDLAB_TEST_DOCKER }
            if (-not (Get-LabImage movies/site:1.0 @engine -ErrorAction Ignore)) {
                $folder = (New-Item -ItemType Directory (Join-Path $work 'image')).FullName
                $processor = if ([Runtime.InteropServices.RuntimeInformation]::OSArchitecture -eq 'Arm64') { 'arm64' } else { 'amd64' }
                Copy-Item (Join-Path $env:CLOUDLAB_TEST_BUSYBOX "linux/$processor/busybox") $folder
                Set-Content (Join-Path $folder Dockerfile) @(
                    'FROM scratch', 'COPY busybox /bin/busybox', 'RUN ["/bin/busybox","--install","-s","/bin"]'
                    'RUN mkdir -p /srv/site /tmp && echo movies > /srv/site/index.html'
                    'CMD httpd -p 8000 -h /srv/site; while true; do echo up; sleep 0.2; done')
                $null = Build-LabImage $folder -Tag movies/site:1.0 @engine
            }
        }

        # What an example about a registry may presume: the image of a site is in it.
        function MakePushed {
            MakeImage
            $cli, $name = @('--host', $env:CLOUDLAB_TEST_DOCKER), '127.0.0.1:5000/movies/site:1.0'
            docker @cli tag movies/site:1.0 $name
            docker @cli push --quiet $name | Out-Null
            if ($LASTEXITCODE) { throw "$name cannot be pushed." }
            docker @cli image rm $name | Out-Null
        }

        # What an example about compose may presume: a project of two files, which runs already where the example does not start it.
        function MakeProject([string] $Code) {
            MakeImage
            $null = New-Item -ItemType Directory shop
            Set-Content shop/compose.yaml 'services:', '  web: { image: "movies/site:1.0", stop_grace_period: 0s, environment: { MODE: "${MODE:-plain}" } }'
            Set-Content shop/compose.debug.yaml 'services:', '  trace: { image: "movies/site:1.0", stop_grace_period: 0s, profiles: [debug] }'
            Set-Content shop/test.env 'MODE=test'
            if ($Code -match '(Get|Stop)-LabCompose') { $null = Start-LabCompose shop }
        }

        # What an example about a range of keys may presume: a job whose workers have not begun, and its plan.
        function MakeTransfer {
            $null = New-LabBucket copies
            $null = New-LabManifest Secret s3-keys -Data @{ AWS_ACCESS_KEY_ID = 'any'; AWS_SECRET_ACCESS_KEY = 'any' } | Deploy-LabManifest
            $null = Copy-LabObject movies -Prefix data/ -DestinationBucket copies -OnCluster -CredentialSecret s3-keys -JobName copy-movies-x2b9d -NoWait
            (Get-LabResource configmap copy-movies-x2b9d).Data['plan.json'] | Set-Content plan.json
        }

        # What an example about manifests may presume: a folder of them, and one of definitions.
        function MakeManifests {
            $null = New-Item -ItemType Directory deploy, crds
            Copy-Item manifest.yaml deploy
            Set-Content crds/film.yaml @(
                'apiVersion: apiextensions.k8s.io/v1', 'kind: CustomResourceDefinition', 'metadata: { name: films.example.com }'
                'spec:', '  group: example.com', '  scope: Namespaced', '  names: { kind: Film, plural: films, singular: film, listKind: FilmList }'
                '  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }]')
        }

        # What an example about pods and workloads may presume in the namespace default, where it does not deploy them itself; those of the movie site run.
        function MakeWorkloads([string] $Code) {
            $null = Wait-LabRollout deploy/movies -Namespace movies -Timeout 60
            if ($Code -match 'Deploy-LabManifest') { return }
            @'
apiVersion: apps/v1
kind: Deployment
metadata: { name: movies, labels: { app: movies } }
spec:
  replicas: 3
  selector: { matchLabels: { app: movies } }
  template:
    metadata: { labels: { app: movies }, annotations: { emulator.cloudlab/cpu: 250m, emulator.cloudlab/memory: 100Mi } }
    spec: { containers: [{ name: web, image: 'movies:1' }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web }, annotations: { emulator.cloudlab/cpu: 250m, emulator.cloudlab/memory: 100Mi } }
    spec: { containers: [{ name: web, image: 'web:1', ports: [{ name: http, containerPort: 8080 }, { containerPort: 9090 }] }] }
---
apiVersion: v1
kind: Pod
metadata: { name: web-0 }
spec: { containers: [{ name: web, image: 'web:1' }] }
---
apiVersion: v1
kind: Pod
metadata: { name: game }
spec: { containers: [{ name: game, image: 'game:1', stdin: true }] }
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: backup }
spec:
  schedule: 0 3 1 1 *
  jobTemplate: { spec: { template: { spec: { restartPolicy: Never, containers: [{ name: backup, image: 'backup:1' }] } } } }
'@ | Deploy-LabManifest -Wait -Timeout 60 | Out-Null
            if ($Code -match 'Revision') { $null = Set-LabWorkloadImage deploy/movies -Image web=movies:2 -Wait -Timeout 60 }
        }

        # What an example about layers may presume: their folders, an overlay that it does not mount itself, and the root folder of a small system.
        function MakeLayers([string] $Code) {
            $null = New-Item -ItemType Directory app, base, changes, merged, rootfs/bin, rootfs/proc
            Set-Content base/readme.txt 'A layer.'
            if ($Code -match '\./merged' -and $Code -notmatch '\bMount-LabOverlay') {
                $null = Mount-LabOverlay -LowerPath ./base -UpperPath ./changes -Path ./merged
            }
            if ($Code -match 'rootfs') {
                $processor = if ([Runtime.InteropServices.RuntimeInformation]::OSArchitecture -eq 'Arm64') { 'arm64' } else { 'amd64' }
                Copy-Item (Join-Path $env:CLOUDLAB_TEST_BUSYBOX "linux/$processor/busybox") rootfs/bin
                foreach ($tool in 'sh', 'hostname', 'ps') { $null = New-Item -ItemType SymbolicLink rootfs/bin/$tool -Target busybox }
            }
        }

        function RemoveContainers {
            $cli = '--host', $env:CLOUDLAB_TEST_DOCKER
            $ids = @(docker @cli ps -aq --filter ancestor=movies/site:1.0) + @(docker @cli ps -aq --filter label=team=movies)
            docker @cli rm -fv web backup game @ids 2>&1 | Out-Null
            docker @cli network rm movies movies-db 2>&1 | Out-Null
            docker @cli volume rm movies movies-data movies-cache 2>&1 | Out-Null
        }
    }

    AfterAll {
        if ($hasDocker) { docker --host $env:CLOUDLAB_TEST_DOCKER image rm --force movies/site:1.0 2>&1 | Out-Null }
    }

    BeforeEach {
        # What an example may presume: the emulator with the movie site in it, and the site's files around, and those of an autoscaler.
        $work = Join-Path ([IO.Path]::GetTempPath()) "cloudlab-example-$([guid]::NewGuid())"
        Copy-Item (Join-Path $root 'examples/movies') $work -Recurse
        Copy-Item (Join-Path $root 'examples/autoscaling/*') $work
        Push-Location $work
        if ($hasDocker) { $env:DOCKER_HOST = $env:CLOUDLAB_TEST_DOCKER }
        $env:REGISTRY_TOKEN = 'any token'
        $env:AWS_SHARED_CREDENTIALS_FILE = Join-Path $work 'credentials'
        $env:AWS_CONFIG_FILE = Join-Path $work 'config'
        $emulator = Start-LabEmulator
        $null = New-LabBucket -Bucket movies
        $null = Send-LabObject -Bucket movies -Path data/users.json, data/movies.json -Prefix data/
        $null = Deploy-LabManifest -Path manifest.yaml
    }

    AfterEach {
        Get-LabEmulator | Stop-LabEmulator
        Disconnect-Lab
        if ($hasDocker) { Disconnect-LabRegistry 127.0.0.1:5000 -ErrorAction Ignore }
        $env:REGISTRY_TOKEN = $null
        Pop-Location
        Remove-Item $work -Recurse -Force
        foreach ($name in $kept.Keys) {
            [Environment]::SetEnvironmentVariable($name, $kept[$name])
        }
    }

    It '<Name>, example <Number>: <Code>' -ForEach $examples {
        if ($Docker -and -not $hasDocker) {
            Set-ItResult -Skipped -Because 'CLOUDLAB_TEST_DOCKER is not set'
            return
        }
        if ($Kernel -and -not ($IsLinux -and [Environment]::IsPrivilegedProcess)) {
            Set-ItResult -Skipped -Because 'mounts and namespaces need root on Linux'
            return
        }
        if ($Code -match 'rootfs' -and -not $env:CLOUDLAB_TEST_BUSYBOX) {
            Set-ItResult -Skipped -Because 'CLOUDLAB_TEST_BUSYBOX is not set'
            return
        }
        if ($Code -match 'Wait-LabTransferJob') {
            Set-ItResult -Skipped -Because 'no pod of the emulator transfers objects'
            return
        }
        if ($Moto) {
            if (-not $env:CLOUDLAB_TEST_MOTO) {
                Set-ItResult -Skipped -Because 'CLOUDLAB_TEST_MOTO is not set'
                return
            }
            $anybody = [pscredential]::new('test', (ConvertTo-SecureString 'test' -AsPlainText -Force))
            $null = Connect-Lab -EndpointUrl $env:CLOUDLAB_TEST_MOTO -Credential $anybody -Region eu-west-3
        }
        if ($Docker -and $Code -match '-Lab(Container|Docker(Network|Volume))') { MakeContainers $Code }
        if ($Docker -and $Name -eq 'Disconnect-LabRegistry') {
            $null = Connect-LabRegistry 127.0.0.1:5000 -Credential ([pscredential]::new('ann', (ConvertTo-SecureString pw -AsPlainText -Force)))
        }
        if ($Docker -and $Code -match '127\.0\.0\.1:5000/movies/site') { MakePushed }
        $project = $Docker -and $Code -match '-LabCompose|-Compose '
        if ($project) { MakeProject $Code }
        if ("$Name $Code" -match '-Lab(Pod(Log|Item)?|PortForward|Job|Rollout(History)?|Scale|Resource)\b') { MakeWorkloads $Code }
        if ($Code -match 'copy-movies|plan\.json') { MakeTransfer }
        if ($Name -eq 'Test-LabManifest') { MakeManifests }
        if ($Kernel) { MakeLayers $Code }
        $shell = [powershell]::Create([System.Management.Automation.RunspaceMode]::CurrentRunspace)
        try {
            $null = $shell.AddScript("`$ErrorActionPreference = 'Stop'; `$ConfirmPreference = 'None'`n$Code", $true)
            $null = $shell.Invoke()
            $shell.Streams.Error | Should -BeNullOrEmpty
        }
        finally {
            $shell.Dispose()
            if ($Kernel) { Get-LabOverlay "$work/*" | Dismount-LabOverlay }
            if ($project) { $null = Get-LabCompose -All | Where-Object Project -EQ shop | Stop-LabCompose -Remove -Volume -Force }
            if ($Docker -and $Code -match '-Lab(Container|Docker(Network|Volume))') { RemoveContainers }
            if ($Docker -and $Code -match 'Build-LabImage') {
                # The engine was given to the tests.
                docker --host $env:CLOUDLAB_TEST_DOCKER image rm --force ([regex]::Matches($Code, '(?<=-Tag )\S+').Value) 2>&1 | Out-Null
            }
        }
    }
}
