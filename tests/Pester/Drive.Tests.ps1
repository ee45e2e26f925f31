#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# The LabS3 drive in the real engine, once on the emulator and once on the server that CLOUDLAB_TEST_S3 names.

$servers = @(
    @{ Server = 'Emulator' }
    if ($env:CLOUDLAB_TEST_S3) { @{ Server = 'Ceph' } }
)

Describe 'LabS3 drive on <Server>' -Tag Storage -ForEach $servers {
    BeforeAll {
        Import-Module (Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1') -Force
        if ($Server -eq 'Emulator') {
            $null = Start-LabEmulator
        }
        else {
            $secret = ConvertTo-SecureString $env:CLOUDLAB_TEST_S3_SECRET_KEY -AsPlainText -Force
            $null = Connect-Lab -EndpointUrl $env:CLOUDLAB_TEST_S3 -SkipCheck -Credential (
                [pscredential]::new($env:CLOUDLAB_TEST_S3_ACCESS_KEY, $secret))
        }
        $bucket = "pester-drive-$([guid]::NewGuid().ToString('N').Substring(0, 8))"
        $null = New-LabBucket $bucket
        function Complete([string] $Line) { (TabExpansion2 $Line $Line.Length).CompletionMatches.CompletionText }
        function Put { foreach ($key in $args) { Set-LabObjectContent $bucket $key -Value "content of $key" } }
        function Keys { (Get-LabObject $bucket).Key }
        # What -WhatIf says goes to the host: only a transcript shows it to a script.
        function Get-WhatIf([string] $Command) {
            $file = Join-Path $TestDrive "$([guid]::NewGuid()).txt"
            $null = Start-Transcript $file
            try { & ([scriptblock]::Create("$Command -WhatIf")) | Out-Null } finally { $null = Stop-Transcript }
            @(Get-Content $file | Where-Object { $_ -like 'What if: *' })
        }
        # What a command asks the service.
        function Requests([scriptblock] $Script) {
            (& $Script -Verbose 4>&1 | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] -and $_.Message -match '^(GET|HEAD|PUT|POST|DELETE) ' }).Message
        }
    }

    AfterAll {
        Remove-LabBucket $bucket -Force
        if ($Server -eq 'Emulator') { Stop-LabEmulator } else { Disconnect-Lab }
    }

    BeforeEach {
        Put data/users.json data/movies.json data/old/2023.json top.txt
        $null = New-PSDrive -PSProvider LabS3 -Name s3 -Root $bucket -Scope Global
        Push-Location s3:/
    }

    AfterEach {
        Pop-Location
        Get-PSDrive -PSProvider LabS3 | Remove-PSDrive
        Remove-LabObject $bucket -Prefix '' -Force
    }

    Context 'drives' {
        It 'takes <Root> as its root' -ForEach @(
            @{ Root = '{0}/data'; Names = 'movies.json', 'old', 'users.json' }
            @{ Root = '{0}/data/'; Names = 'movies.json', 'old', 'users.json' }
            @{ Root = 's3://{0}/data/'; Names = 'movies.json', 'old', 'users.json' }
            @{ Root = 's3://{0}'; Names = 'data', 'top.txt' }
            @{ Root = '{0}/no/such/prefix/yet'; Names = @() }
        ) {
            Set-Location /
            $null = New-PSDrive -PSProvider LabS3 -Name lab -Root ($Root -f $bucket)
            (Get-ChildItem lab:).Name | Sort-Object | Should -Be $Names
            Test-Path lab:/ -PathType Container | Should -BeTrue
        }

        It 'takes a path on the drive where it stands as its root, session and all' {
            $null = New-PSDrive -PSProvider LabS3 -Name lab -Root $bucket -Session (Get-LabSession)
            Set-Location lab:/data
            $null = New-PSDrive -PSProvider LabS3 -Name inner -Root old
            Remove-PSDrive lab -Force
            Set-Location /
            (Get-ChildItem inner:).Key | Should -Be 'data/old/2023.json'
        }

        It 'shows all buckets where the root is empty' {
            Set-Location /
            $null = New-PSDrive -PSProvider LabS3 -Name lab -Root ''
            (Get-ChildItem lab:).Bucket | Should -Contain $bucket
            Get-Content lab:/$bucket/top.txt | Should -Be 'content of top.txt'
            Get-Content lab://$bucket/top.txt | Should -Be 'content of top.txt'
            Set-Location lab:/$bucket/data
            (Get-ChildItem -Name) | Sort-Object | Should -Be 'movies.json', 'old', 'users.json'
            Set-Location ../..
            "$PWD" | Should -BeLike 'lab:?'
        }

        It 'makes and removes buckets at the top level, full ones only with -Force' {
            Set-Location /
            $null = New-PSDrive -PSProvider LabS3 -Name lab -Root ''
            $other = "$bucket-2"
            (New-Item lab:/$other -ItemType Directory).Bucket | Should -Be $other
            Set-Content lab:/$other/a -Value x
            { Remove-Item lab:/$other -Recurse -ErrorAction Stop } | Should -Throw -ErrorId 'FolderNotEmpty,*'
            Test-LabBucket $other | Should -BeTrue
            Remove-Item lab:/$other -Recurse -Force
            Test-LabBucket $other | Should -BeFalse
            { New-Item lab:/$other -ItemType File -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidItemType,*'
        }

        It 'keeps the session it was made with, also in what it wrote' {
            $null = New-PSDrive -PSProvider LabS3 -Name lab -Root $bucket -Session (Get-LabSession)
            $entry = Get-ChildItem lab: | Where-Object Name -EQ top.txt
            $default = Get-LabSession
            try {
                Connect-Lab -EndpointUrl http://127.0.0.1:1 -SkipCheck -Credential ([pscredential]::new('a', (ConvertTo-SecureString b -AsPlainText -Force)))
                Get-Content lab:/top.txt | Should -Be 'content of top.txt'
                $entry | Get-Content | Should -Be 'content of top.txt'
                { Get-Content s3:/top.txt -ErrorAction Stop } | Should -Throw -ErrorId 'ConnectionRefused,*'
            }
            finally {
                Connect-Lab -Session $default -SkipCheck
            }
            Copy-Item lab:/top.txt lab:/copy.txt
            { Copy-Item lab:/top.txt s3:/copy.txt -ErrorAction Stop } | Should -Throw -ErrorId 'OtherService,*'
            Remove-PSDrive lab
            { $entry | Get-Content -ErrorAction Stop } | Should -Throw -ErrorId 'NoSuchDrive,*'
        }

        It 'does not say that nothing is there where the server does not answer' {
            $default = Get-LabSession
            try {
                Connect-Lab -EndpointUrl http://127.0.0.1:1 -SkipCheck -Credential ([pscredential]::new('a', (ConvertTo-SecureString b -AsPlainText -Force)))
                { Test-Path s3:/top.txt -ErrorAction Stop } | Should -Throw -ErrorId 'ConnectionRefused,*'
                { Set-Location s3:/data -ErrorAction Stop } | Should -Throw -ErrorId 'ConnectionRefused,*'
                { Remove-Item s3:/top.txt -ErrorAction Stop } | Should -Throw -ErrorId 'ConnectionRefused,*'
            }
            finally {
                Connect-Lab -Session $default -SkipCheck
            }
        }

        It 'is refused in one line where the bucket or the server is not there' {
            { New-PSDrive -PSProvider LabS3 -Name lab -Root no-such-bucket-here -ErrorAction Stop } | Should -Throw -ErrorId 'NoSuchBucket,*'
            { New-PSDrive -PSProvider LabS3 -Name lab -Root 'Not A Bucket' -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidBucketName,*'
            $problem = { New-PSDrive -PSProvider LabS3 -Name lab -Root no-such-bucket-here/data -ErrorAction Stop } | Should -Throw -ErrorId 'NoSuchBucket,*' -PassThru
            $problem.ErrorDetails.RecommendedAction | Should -BeLike 'Give -Root*'
            { New-PSDrive -PSProvider LabS3 -Name lab -Root "$bucket/data/users.json" -ErrorAction Stop } | Should -Throw '*is an object*' -ErrorId 'NotAFolder,*'
            $keys = [pscredential]::new('a', (ConvertTo-SecureString b -AsPlainText -Force))
            { New-PSDrive -PSProvider LabS3 -Name lab -Root x1 -EndpointUrl http://127.0.0.1:1 -Credential $keys -ErrorAction Stop } |
                Should -Throw -ErrorId 'ConnectionRefused,*'
            Get-PSDrive lab -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        }
    }

    Context 'navigation' {
        It 'goes into folders and back' {
            Set-Location data/old
            "$PWD" | Should -Be (Join-Path s3: data old)
            (Get-ChildItem).Key | Should -Be 'data/old/2023.json'
            Get-Content ../users.json | Should -Be 'content of data/users.json'
            Set-Location ..
            (Get-ChildItem -Name) | Sort-Object | Should -Be 'movies.json', 'old', 'users.json'
            { Set-Location nowhere -ErrorAction Stop } | Should -Throw -ErrorId 'PathNotFound,*'
            { Set-Location users.json -ErrorAction Stop } | Should -Throw -ErrorId 'PathNotFound,*'
        }

        It 'takes both slashes' {
            Get-Content s3:\data\users.json | Should -Be 'content of data/users.json'
            Get-Content s3:/data\users.json | Should -Be 'content of data/users.json'
        }

        It 'does not mistake a folder for the root that it is named like' {
            Put "$bucket/inner.txt" "$bucket-2024/other.txt"
            Set-Location $bucket
            (Get-ChildItem).Key | Should -Be "$bucket/inner.txt"
            Set-Location ../$bucket-2024
            (Get-ChildItem).Key | Should -Be "$bucket-2024/other.txt"
        }

        It 'tells containers from leaves' {
            Test-Path s3:/data -PathType Container | Should -BeTrue
            Test-Path s3:/data -PathType Leaf | Should -BeFalse
            Test-Path s3:/top.txt -PathType Leaf | Should -BeTrue
            Test-Path s3:/top.txt/ | Should -BeFalse
            Test-Path s3:/nothing | Should -BeFalse
            Test-Path s3:/dat | Should -BeFalse
        }

        It 'resolves wildcards' {
            (Resolve-Path s3:/d*/*.json).Path | Split-Path -Leaf | Sort-Object | Should -Be 'movies.json', 'users.json'
            (Get-Item s3:/*.txt).Key | Should -Be 'top.txt'
            (Get-ChildItem s3:/*/m*).Key | Should -Be 'data/movies.json'
            Get-ChildItem s3:/x* | Should -BeNullOrEmpty
        }
    }

    Context 'listing' {
        It 'writes the objects of the cmdlets, which go down the pipeline' {
            $entries = Get-ChildItem s3:/data
            $entries | ForEach-Object { "$($_.Name) $($_.PSIsContainer) $($_.GetType().Name)" } | Sort-Object |
                Should -Be 'movies.json False LabObject', 'old True LabPrefix', 'users.json False LabObject'
            $entries | Where-Object Size | Receive-LabObject -Destination $TestDrive/received | Should -HaveCount 2
            (Get-ChildItem s3:/data | Where-Object PSIsContainer | Get-LabObject).Key | Should -Be 'data/old/2023.json'
        }

        It 'goes down with -Recurse, as deep as -Depth says' {
            (Get-ChildItem s3:/ -Recurse | Where-Object Key).Key | Should -Be 'data/movies.json', 'data/old/2023.json', 'data/users.json', 'top.txt'
            (Get-ChildItem s3:/ -Recurse | Where-Object PSIsContainer).Prefix | Should -Be 'data/', 'data/old/'
            (Get-ChildItem s3:/ -Recurse -Depth 1 | Where-Object Key).Key | Sort-Object | Should -Be 'data/movies.json', 'data/users.json', 'top.txt'
            Get-ChildItem s3:/ -Recurse -Name | Sort-Object | Should -Be (
                'data', 'data/movies.json', 'data/old', 'data/old/2023.json', 'data/users.json', 'top.txt' -replace '/', [IO.Path]::DirectorySeparatorChar)
        }

        It 'takes -Filter, -Include, -Exclude, -File, -Directory and -Name' {
            (Get-ChildItem s3:/ -Recurse -Filter *.json).Name | Should -Be 'movies.json', '2023.json', 'users.json'
            (Get-ChildItem s3:/data -Filter 2*) | Should -BeNullOrEmpty
            (Get-ChildItem s3:/data/old -Filter 2*).Name | Should -Be '2023.json'
            (Get-ChildItem s3:/ -Recurse -Include u*).Key | Should -Be 'data/users.json'
            (Get-ChildItem s3:/data -Exclude u*).Name | Sort-Object | Should -Be 'movies.json', 'old'
            (Get-ChildItem s3:/ -File).Name | Should -Be 'top.txt'
            (Get-ChildItem s3:/ -Directory).Name | Should -Be 'data'
            Get-ChildItem s3:/data -Name | Sort-Object | Should -Be 'movies.json', 'old', 'users.json'
        }

        It 'takes one listing for a whole tree' {
            @(Requests { Get-ChildItem s3:/ -Recurse -Verbose }) | Where-Object { $_ -notmatch 'max-keys=1&|^HEAD' } | Should -HaveCount 1
        }

        It 'looks like a directory' {
            $text = Get-ChildItem s3:/data | Out-String -Width 100
            $text | Should -Match "Folder: $bucket.data"
            $text | Should -Match 'LastModified\s+Size\s+Name'
            $text | Should -Match '(?m)^\s+old/\s*$'
            # The cmdlet's own table stays what it is.
            Get-LabObject $bucket | Out-String -Width 100 | Should -Match "Bucket: $bucket\s+LastModified\s+Size\s+Key"
        }

        It 'stops when the pipeline has seen enough' {
            Get-ChildItem s3:/ -Recurse | Select-Object -First 2 | Should -HaveCount 2
        }

        It 'completes paths one level at a time' {
            $slash = [IO.Path]::DirectorySeparatorChar
            Complete 'Get-Content s3:/da' | Should -Be "s3:${slash}data"
            Complete 'Get-Content s3:/data/u' | Should -Be "s3:${slash}data${slash}users.json"
            Complete 'Get-Content s3:/' | Should -Be "s3:${slash}data", "s3:${slash}top.txt"
            Set-Location data
            Complete 'Get-Content ./m' | Should -Be ".${slash}movies.json"
        }
    }

    Context 'completion of a server that does not answer' {
        It 'offers nothing, soon' {
            $listener = [System.Net.Sockets.TcpListener]::new([ipaddress]::Loopback, 0)
            $listener.Start()
            $shell = [powershell]::Create([System.Management.Automation.RunspaceMode]::NewRunspace)
            try {
                $keys = [pscredential]::new('a', (ConvertTo-SecureString b -AsPlainText -Force))
                $null = $shell.AddScript({
                    param($module, $default, $bucket, $silent)
                    Import-Module $module
                    $null = Connect-Lab -Session $default -SkipCheck
                    $null = New-PSDrive -PSProvider LabS3 -Name s3 -Root $bucket
                    $null = Connect-Lab -Session $silent -SkipCheck
                    (TabExpansion2 'Get-Content s3:/da' 18).CompletionMatches.CompletionText
                }).AddArgument((Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1')).AddArgument((Get-LabSession)).AddArgument($bucket).AddArgument(
                    (Get-LabSession -EndpointUrl "http://127.0.0.1:$($listener.LocalEndpoint.Port)" -Credential $keys))
                $running = $shell.BeginInvoke()
                # Far below what a request to a silent server takes by itself, far above half a second.
                $running.AsyncWaitHandle.WaitOne([timespan]::FromSeconds(25)) | Should -BeTrue
                $shell.EndInvoke($running) | Should -BeNullOrEmpty
            }
            finally {
                $shell.Dispose()
                $listener.Stop()
            }
        }
    }

    Context 'content' {
        It 'reads as Get-Content reads files' {
            Set-LabObjectContent $bucket lines -Value one, two, three, four
            Get-Content s3:/lines | Should -Be 'one', 'two', 'three', 'four'
            Get-Content s3:/lines -TotalCount 2 | Should -Be 'one', 'two'
            (Get-Content s3:/lines -Raw) | Should -BeExactly "one`ntwo`nthree`nfour`n"
            Get-Content s3:/lines -ReadCount 3 | ForEach-Object { $_.Count } | Should -Be 3, 1
            Get-Content s3:/lines -ReadCount 0 | ForEach-Object { $_.Count } | Should -Be 4
            Get-Content s3:/lines -AsByteStream -TotalCount 3 | Should -Be 111, 110, 101
            (Get-Content s3:/lines -AsByteStream -Raw).GetType() | Should -Be ([byte[]])
            Get-Content s3:/lines | Select-Object -First 1 | Should -Be 'one'
            Get-Content s3:/lin*, s3:/top.txt | Should -HaveCount 5
        }

        It 'reads JSON' {
            Set-LabObjectContent $bucket users.json -Value '[{"name":"Maria"}]'
            (Get-Content s3:/users.json | ConvertFrom-Json).name | Should -Be 'Maria'
        }

        It 'writes as Set-Content writes files' {
            Set-Content s3:/new/file.json -Value '{}', 'second'
            (Get-LabObjectContent $bucket new/file.json -Raw) | Should -BeExactly "{}`nsecond`n"
            (Get-Item s3:/new/file.json).ContentType | Should -Be 'application/json'
            1..3 | Set-Content s3:/new/file.json -NoNewline
            Get-Content s3:/new/file.json -Raw | Should -BeExactly '123'
            [byte[]](0, 255, 10) | Set-Content s3:/bytes -AsByteStream
            Get-Content s3:/bytes -AsByteStream | Should -Be 0, 255, 10
            Set-Content s3:/umlaut -Value 'ü' -Encoding unicode
            Get-Content s3:/umlaut -Encoding unicode | Should -Be 'ü'
            Set-Content s3:/data -Value 'beside the folder'
            Get-LabObjectContent $bucket data | Should -Be 'beside the folder'
            Test-Path s3:/data/users.json | Should -BeTrue
        }

        It 'appends to small objects and keeps what they are stored with' {
            Set-LabObjectContent $bucket log.json -Value one -ContentType text/x-log -Metadata @{ author = 'me' }
            Add-Content s3:/log.json -Value two
            'three' | Add-Content s3:/log.json
            Get-Content s3:/log.json | Should -Be 'one', 'two', 'three'
            $stored = Get-Item s3:/log.json
            $stored.ContentType | Should -Be 'text/x-log'
            $stored.Metadata['author'] | Should -Be 'me'
            Add-Content s3:/fresh -Value first
            Get-Content s3:/fresh | Should -Be 'first'
        }

        It 'clears' {
            Clear-Content s3:/top.txt -WhatIf
            (Get-Item s3:/top.txt).Size | Should -BeGreaterThan 0
            Clear-Content s3:/top.txt
            (Get-Item s3:/top.txt).Size | Should -Be 0
        }

        It 'leaves the old object where the pipeline breaks' {
            { 1..3 | ForEach-Object { if ($_ -eq 3) { throw 'broken' } $_ } | Set-Content s3:/top.txt } | Should -Throw 'broken'
            Get-Content s3:/top.txt | Should -Be 'content of top.txt'
            { 1..3 | ForEach-Object { if ($_ -eq 3) { throw 'broken' } $_ } | Add-Content s3:/never.txt } | Should -Throw 'broken'
            Test-Path s3:/never.txt | Should -BeFalse
        }

        It 'leaves the old object, and nothing half-written, after Ctrl+C' {
            $shell = [powershell]::Create([System.Management.Automation.RunspaceMode]::NewRunspace)
            try {
                $null = $shell.AddScript({
                    param($module, $session, $bucket, $ready)
                    Import-Module $module
                    $null = Connect-Lab -Session $session -SkipCheck
                    $null = New-PSDrive -PSProvider LabS3 -Name s3 -Root $bucket
                    & { 'half'; $ready.Set(); while ($true) { Start-Sleep -Milliseconds 20 } } | Set-Content s3:/top.txt
                }).AddParameters(@((Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1'), (Get-LabSession), $bucket))
                $ready = [System.Threading.ManualResetEventSlim]::new()
                $null = $shell.AddArgument($ready)
                $running = $shell.BeginInvoke()
                $ready.Wait([timespan]::FromSeconds(60)) | Should -BeTrue
                $shell.Stop()
                { $shell.EndInvoke($running) } | Should -Throw
            }
            finally {
                $shell.Dispose()
            }
            Get-Content s3:/top.txt | Should -Be 'content of top.txt'
        }

        It 'reports what cannot be read or written, once' {
            Get-Content s3:/none -ErrorAction SilentlyContinue -ErrorVariable problems
            $problems | Should -HaveCount 1
            { Set-Content s3:/data/ -Value x -ErrorAction Stop } | Should -Throw -ErrorId 'NotAnObject,*'
            { Set-Content s3:/bytes -Value x -AsByteStream -ErrorAction Stop } | Should -Throw -ErrorId 'NotBytes,*'
            { Set-Content "s3:/$('k' * 1100)" -Value x -ErrorAction Stop } | Should -Throw -ErrorId 'KeyTooLongError,*'
            { Get-Content s3:/top.txt -Encoding klingon -ErrorAction Stop } | Should -Throw -ErrorId 'UnknownEncoding,*'
        }
    }

    Context 'items' {
        It 'makes objects and folders' {
            (New-Item s3:/a/b.txt -ItemType File -Value hello).Key | Should -Be 'a/b.txt'
            Get-Content s3:/a/b.txt | Should -Be 'hello'
            { New-Item s3:/a/b.txt -ItemType File -ErrorAction Stop } | Should -Throw -ErrorId 'ObjectAlreadyExists,*'
            (New-Item s3:/a/b.txt -ItemType File -Value again -Force).Size | Should -Be 5
            (New-Item s3:/empty -ItemType Directory).Prefix | Should -Be 'empty/'
            Keys | Should -Contain 'empty/'
            Get-ChildItem s3:/empty | Should -BeNullOrEmpty
            Test-Path s3:/empty -PathType Container | Should -BeTrue
            { New-Item s3:/empty -ItemType Directory -ErrorAction Stop } | Should -Throw -ErrorId 'FolderAlreadyExists,*'
            { New-Item s3:/link -ItemType SymbolicLink -Value x -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidItemType,*'
            Remove-Item s3:/empty
            Test-Path s3:/empty | Should -BeFalse
        }

        It 'gives each object of a recursive listing to the other cmdlets once' {
            Put a/top a/b/x a/b/x.key a/b/c/y a/keys/only.key
            (Get-ChildItem s3:/a -Recurse | Copy-LabObject -DestinationPrefix 1/).Key | Sort-Object |
                Should -Be '1/a/b/c/y', '1/a/b/x', '1/a/b/x.key', '1/a/keys/only.key', '1/a/top'
            $warnings = @()
            (Get-ChildItem s3:/a -Recurse -Exclude *.key | Copy-LabObject -DestinationPrefix 2/ -WarningVariable warnings -WarningAction SilentlyContinue).Key | Sort-Object |
                Should -Be '2/a/b/c/y', '2/a/b/x', '2/a/top'
            "$warnings" | Should -BeLike '*a/keys/ is skipped*'
            (Get-ChildItem s3:/a | Receive-LabObject -Destination (Join-Path $TestDrive level)).Key | Sort-Object |
                Should -Be 'a/b/c/y', 'a/b/x', 'a/b/x.key', 'a/keys/only.key', 'a/top'
            Get-Content (Join-Path $TestDrive level/a/b/c/y) | Should -Be 'content of a/b/c/y'
            (Get-Item s3:/a/b | Move-LabObject -DestinationPrefix 3/).Key | Sort-Object | Should -Be '3/a/b/c/y', '3/a/b/x', '3/a/b/x.key'
        }

        It 'removes objects, and folders with -Recurse' {
            Remove-Item s3:/top.txt
            Remove-Item s3:/data/*.json
            Keys | Should -Be 'data/old/2023.json'
            Put data-2/x
            Remove-Item s3:/data -Recurse
            Keys | Should -Be 'data-2/x'
            Remove-Item s3:/nothing -ErrorAction SilentlyContinue -ErrorVariable problems
            $problems[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        }

        It 'honours -Filter, as the file system does: files of any folder by their names' {
            Put data/a.log data/old/b.log data/old/keep.txt data/c.LOG
            Remove-Item s3:/data -Filter *.log -Recurse -WhatIf
            Keys | Should -HaveCount 8
            Copy-Item s3:/data s3:/copy -Filter *.log -Recurse
            Keys | Where-Object { $_ -like 'copy/*' } | Should -Be 'copy/a.log', 'copy/c.LOG', 'copy/old/b.log'
            Move-Item s3:/copy s3:/moved -Filter a*
            Keys | Where-Object { $_ -notlike 'data/*' } | Should -Be 'copy/c.LOG', 'copy/old/b.log', 'moved/a.log', 'top.txt'
            Remove-Item s3:/data -Filter *.log -Recurse
            Keys | Where-Object { $_ -like 'data/*' } | Should -Be 'data/movies.json', 'data/old/2023.json', 'data/old/keep.txt', 'data/users.json'
            Remove-Item s3:/copy/* -Filter *.log
            Keys | Where-Object { $_ -like 'copy/*' } | Should -Be 'copy/old/b.log'
            Remove-Item s3:/data -Filter *.none -Recurse
            Keys | Where-Object { $_ -like 'data/*' } | Should -HaveCount 4
            (Get-Item s3:/data/* -Filter u*).Name | Should -Be 'users.json'
            Get-Content s3:/data/* -Filter u* | Should -Be 'content of data/users.json'
        }

        It 'keeps -Include and -Exclude of the engine' {
            Put data/a.log data/b.log
            Remove-Item s3:/data/* -Include *.log -Exclude b*
            Keys | Should -Be 'data/b.log', 'data/movies.json', 'data/old/2023.json', 'data/users.json', 'top.txt'
            Remove-Item s3:/data/* -Filter *.json -Exclude u*
            Keys | Should -Be 'data/b.log', 'data/old/2023.json', 'data/users.json', 'top.txt'
        }

        It 'names with -Filter and -WhatIf what would really go' {
            Put data/a.log data/old/b.log
            $lines = Get-WhatIf "Remove-Item s3:/data -Filter *.log -Recurse"
            $lines | Should -HaveCount 2
            $lines[0] | Should -BeLike "*Remove object*s3://$bucket/data/a.log*"
            $lines[1] | Should -BeLike "*Remove object*s3://$bucket/data/old/b.log*"
            $lines = Get-WhatIf "Copy-Item s3:/data s3:/copy -Filter a* -Recurse"
            $lines | Should -HaveCount 1
            $lines | Should -BeLike "*Copy*s3://$bucket/data/a.log to s3://$bucket/copy/a.log*"
            Keys | Should -HaveCount 6
        }

        It 'changes nothing with -WhatIf and says the real name' {
            Remove-Item s3:/data -Recurse -WhatIf
            Copy-Item s3:/top.txt s3:/copy.txt -WhatIf
            Move-Item s3:/top.txt s3:/moved.txt -WhatIf
            Set-Content s3:/top.txt -Value x -WhatIf
            New-Item s3:/new.txt -WhatIf
            Keys | Should -Be 'data/movies.json', 'data/old/2023.json', 'data/users.json', 'top.txt'
            Get-Content s3:/top.txt | Should -Be 'content of top.txt'
        }

        It 'removes what -Include picks, and keeps a folder that is not empty' {
            Remove-Item s3:/data/* -Include u*
            Keys | Should -Be 'data/movies.json', 'data/old/2023.json', 'top.txt'
            { Remove-Item s3:/ -Recurse -Force -ErrorAction Stop } | Should -Throw
            Keys | Should -HaveCount 3
        }

        It 'removes more than a thousand objects in batches' {
            1..1100 | ForEach-Object { "many/$_" } | ForEach-Object -Begin { $files = "$TestDrive/many"; $null = mkdir $files } {
                [IO.File]::WriteAllText("$files/$($_.Substring(5))", '')
            }
            $null = Get-ChildItem $files | Send-LabObject $bucket -Prefix many/
            @(Requests { Remove-Item s3:/many -Recurse -Verbose }) -match '^POST' | Should -HaveCount 2
            Test-Path s3:/many | Should -BeFalse
        }

        It 'copies objects and folders' {
            Copy-Item s3:/top.txt s3:/copy.txt
            Get-Content s3:/copy.txt | Should -Be 'content of top.txt'
            Copy-Item s3:/top.txt s3:/data
            Copy-Item s3:/top.txt s3:/fresh/
            Keys | Should -Contain 'data/top.txt'
            Keys | Should -Contain 'fresh/top.txt'
            Copy-Item s3:/data s3:/backup -Recurse
            (Get-LabObject $bucket -Prefix backup/).Key | Should -Be 'backup/movies.json', 'backup/old/2023.json', 'backup/top.txt', 'backup/users.json'
            Copy-Item s3:/data/old s3:/backup -Recurse -PassThru | ForEach-Object Prefix | Should -Be 'backup/old/'
            Get-Content s3:/backup/old/2023.json | Should -Be 'content of data/old/2023.json'
            { Copy-Item s3:/data s3:/other -ErrorAction Stop } | Should -Throw -ErrorId 'FolderWithoutRecurse,*'
        }

        It 'keeps content type and metadata of a copy' {
            Set-LabObjectContent $bucket typed -Value x -ContentType text/x-test -Metadata @{ author = 'me' }
            Copy-Item s3:/typed s3:/typed-2.json
            (Get-Item s3:/typed-2.json).ContentType | Should -Be 'text/x-test'
            (Get-Item s3:/typed-2.json).Metadata['author'] | Should -Be 'me'
        }

        It 'moves and renames' {
            Move-Item s3:/top.txt s3:/data
            Rename-Item s3:/data/top.txt first.txt
            Get-Content s3:/data/first.txt | Should -Be 'content of top.txt'
            Test-Path s3:/top.txt | Should -BeFalse
            Rename-Item s3:/data/old older
            Move-Item s3:/data s3:/moved
            Keys | Should -Be 'moved/first.txt', 'moved/movies.json', 'moved/older/2023.json', 'moved/users.json'
            { Move-Item s3:/moved/first.txt s3:/moved/users.json -ErrorAction Stop } | Should -Throw -ErrorId 'ObjectAlreadyExists,*'
            Get-Content s3:/moved/users.json | Should -Be 'content of data/users.json'
            Move-Item s3:/moved/first.txt s3:/moved/users.json -Force
            Get-Content s3:/moved/users.json | Should -Be 'content of top.txt'
        }

        It 'does not rename a folder into another, and advises what its own cmdlets have' {
            Copy-Item s3:/data s3:/other -Recurse
            $before = Keys
            Rename-Item s3:/data other -ErrorAction SilentlyContinue -ErrorVariable problem
            $problem[0].FullyQualifiedErrorId | Should -BeLike 'FolderAlreadyExists,*'
            Keys | Should -Be $before
            Move-Item s3:/data/users.json s3:/other/users.json -ErrorAction SilentlyContinue -ErrorVariable problem
            "$($problem[0]) $($problem[0].ErrorDetails.RecommendedAction)" | Should -Not -Match 'NoClobber'
            "$($problem[0].ErrorDetails.RecommendedAction)" | Should -Match '-Force'
        }

        It 'loses nothing where a copy would end in itself' {
            { Move-Item s3:/top.txt s3:/top.txt -Force -ErrorAction Stop } | Should -Throw -ErrorId 'IntoItself,*'
            { Move-Item s3:/data s3:/data/sub/ -ErrorAction Stop } | Should -Throw -ErrorId 'IntoItself,*'
            { Copy-Item s3:/data s3:/data -Recurse -ErrorAction Stop } | Should -Throw -ErrorId 'IntoItself,*'
            { Rename-Item s3:/top.txt a/b -ErrorAction Stop } | Should -Throw
            Keys | Should -Be 'data/movies.json', 'data/old/2023.json', 'data/users.json', 'top.txt'
        }

        It 'does not copy to or from the file system' {
            { Copy-Item s3:/top.txt $TestDrive/top.txt -ErrorAction Stop } | Should -Throw -ErrorId 'CopyItemSourceAndDestinationNotSameProvider,*'
        }

        It 'shows metadata as properties, read only' {
            (Get-ItemProperty s3:/top.txt).ContentType | Should -Be 'text/plain'
            (Get-ItemProperty s3:/top.txt -Name Size).Size | Should -Be (Get-Item s3:/top.txt).Size
            { Set-ItemProperty s3:/top.txt -Name ContentType -Value x -ErrorAction Stop } | Should -Throw -ErrorId 'PropertyReadOnly,*'
        }
    }

    Context 'keys that are no paths' {
        BeforeAll {
            $odd = 'a//b', 'a/./c', 'a/../d', '/lead', 'e\f', 'g h ', 'i+j', '%2F', "line`nbreak", "emoji $([char]::ConvertFromUtf32(0x1F600))", 'k[1].txt', 'l*', '.', '..',
                's3:x', '10:00:00', [string] [char] 0x241b, 'data', 'sub//', '~'
        }

        BeforeEach {
            Put @odd
        }

        It 'each have an entry that means them and nothing else' {
            $entries = Get-ChildItem s3:/ -Recurse | Where-Object Key
            $entries.Key | Sort-Object | Should -Be ($odd + 'data/users.json', 'data/movies.json', 'data/old/2023.json', 'top.txt' | Sort-Object)
            foreach ($entry in $entries) {
                (Get-Item -LiteralPath $entry.PSPath).Key | Should -BeExactly $entry.Key
                $entry | Get-Content -Raw | Should -BeExactly "content of $($entry.Key)`n"
                Get-Content -LiteralPath ("s3:" + ($entry.PSPath -replace "^.*?::@.$bucket")) -Raw | Should -BeExactly "content of $($entry.Key)`n"
            }
        }

        It 'go one by one' {
            $left = [System.Collections.Generic.HashSet[string]] @(Keys)
            foreach ($entry in Get-ChildItem s3:/ -Recurse | Where-Object Key) {
                $entry | Remove-Item
                $null = $left.Remove($entry.Key)
                [string[]] @(Keys | Sort-Object) | Should -Be ([string[]] @($left | Sort-Object))
            }
            $left | Should -HaveCount 0
        }

        It 'are not what a path without them means' {
            { Get-Content s3:/a/b -ErrorAction Stop } | Should -Throw -ErrorId 'PathNotFound,*'
            Get-Content s3:/a//b | Should -Be 'content of a//b'
            Test-Path s3:/a/c | Should -BeFalse
            Test-Path s3:/d | Should -BeFalse
            Test-Path s3:/lead | Should -BeFalse
            Test-Path s3:/e/f | Should -BeFalse
            Remove-Item s3:/a// -Recurse
            Keys | Should -Contain 'a/./c'
            Keys | Should -Not -Contain 'a//b'
            Remove-Item s3:/s3:x
            Keys | Should -Not -Contain 's3:x'
            { Get-Item "LabS3::@/$bucket/a/./c" -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidPath,*'
        }

        It 'may be both an object and a folder: the plain name means the folder, content the object' {
            $object = Get-ChildItem s3:/ | Where-Object Key -CEQ data
            $folder = Get-ChildItem s3:/ | Where-Object Prefix -CEQ data/
            $object.PSPath | Should -Not -Be $folder.PSPath
            Test-Path s3:/data -PathType Container | Should -BeTrue
            Get-Content s3:/data | Should -Be 'content of data'
            $object | Remove-Item
            Keys | Should -Contain 'data/users.json'
            Keys | Should -Not -Contain 'data'
            Put data
            $folder | Remove-Item -Recurse
            Keys | Should -Contain 'data'
            Keys | Should -Not -Contain 'data/users.json'
        }

        It 'survive a copy of their folder' {
            Copy-Item s3:/a s3:/copied -Recurse
            (Get-LabObject $bucket -Prefix copied/).Key | Sort-Object | Should -Be 'copied/../d', 'copied/./c', 'copied//b'
        }
    }
}

Describe 'LabS3 drive, shown' -Tag Storage {
    BeforeAll {
        $root = Split-Path (Split-Path $PSScriptRoot)
        Import-Module (Join-Path $root 'out/CloudLab/CloudLab.psd1') -Force
    }

    It 'has a topic about what folders are' {
        Get-Help about_LabS3 | Out-String | Should -Match 'S3 has no folders'
    }

    It 'takes the tour of examples/drive and leaves nothing behind' {
        $text = & (Join-Path $root 'examples/drive/tour.ps1') 6>&1 | Out-String
        $text | Should -Match 'Seen: Metropolis'
        $text | Should -Match 'backup/users.json'
        $text | Should -Match 'one slash too many'
        Get-PSDrive -PSProvider LabS3 | Should -BeNullOrEmpty
        Get-LabEmulator | Should -BeNullOrEmpty
    }
}
