#!/usr/bin/env pwsh
# Storage side by side with the tools that people use: the same work on the same server in the same run, the tools alternating.
# Writes, for each, the medians of wall time, of the client's own CPU time and of its peak memory, and ratios to s5cmd.
#   ./build.sh; pwsh benchmarks/storage.ps1                                    everything, which takes an hour
#   pwsh benchmarks/storage.ps1 -Server null -LargeMiB 256 -Files 1000 -Keys 10000 -Tool CloudLab*, s5cmd -Runs 1
# Servers: radosgw, or whatever CLOUDLAB_TEST_S3, CLOUDLAB_TEST_S3_ACCESS_KEY and CLOUDLAB_TEST_S3_SECRET_KEY name (tests/services/ceph-up.sh),
# and the null server beside this script, which costs next to nothing and so shows what the clients themselves take.
# CloudLab runs four times: in this session, warmed up; in a new pwsh; in one, timed from after the import; and as cloudlab. Needs Linux, bash 5 and GNU time.
param(
    [ValidateSet('radosgw', 'null')] [string[]] $Server = ('radosgw', 'null'),
    [string[]] $Tool = '*',
    [ValidateSet('Up', 'Down', 'UpMany', 'DownMany', 'List', 'SyncUnchanged', 'SyncChanged', 'Delete')]
    [string[]] $Row = ('Up', 'Down', 'UpMany', 'DownMany', 'List', 'SyncUnchanged', 'SyncChanged', 'Delete'),
    [int] $LargeMiB = 1024, [int] $Files = 10000, [int] $FileKiB = 16, [int] $Keys = 100000, [int] $Changed = 100, [int] $Runs = 3,
    [string] $Markdown)
$ErrorActionPreference = 'Stop'
if ('radosgw' -in $Server) {
    foreach ($name in 'CLOUDLAB_TEST_S3', 'CLOUDLAB_TEST_S3_ACCESS_KEY', 'CLOUDLAB_TEST_S3_SECRET_KEY') {
        if (-not [Environment]::GetEnvironmentVariable($name)) { throw "$name is not set: start the servers with tests/services, or use -Server null." }
    }
}

$root = Split-Path $PSScriptRoot
$module = Join-Path $root 'out/CloudLab/CloudLab.psd1'
$cloudlab = Join-Path $root 'out/bin/cloudlab'
# A PowerShell that is a .NET tool runs in a process of dotnet: PWSH names the one to start.
$pwsh = $env:PWSH ? $env:PWSH : (Get-Process -Id $PID).Path
$run = "benchmark-$PID"
$work = (New-Item -ItemType Directory (Join-Path ([IO.Path]::GetTempPath()) $run)).FullName
Import-Module $module

# What each tool is called with. {0}: bucket, {1}: local file or folder, {2}: key, or prefix with its slash.
# Objects stay in the pipeline: what pwsh takes to print strings is not the module's (of a listing it prints the first).
$inPwsh = @{
    Up = "Send-LabObject {0} -LiteralPath '{1}' -Key '{2}'"
    Down = "Receive-LabObject {0} '{2}' -OutFile '{1}' -Force"
    UpMany = "Send-LabObject {0} -LiteralPath '{1}' -Prefix '{2}' | Out-Null"
    DownMany = "Receive-LabObject {0} -Prefix '{2}' -Destination '{1}' -Force | Out-Null"
    List = "Get-LabObject {0} -Prefix '{2}' | ForEach-Object {{ if (-not \`$n++) {{ \`$_.Key }} }}"
    Sync = "Sync-LabObject '{1}' 's3://{0}/{2}' | Out-Null"
    Delete = "Remove-LabObject {0} -Prefix '{2}' -Force | Out-Null"
}
# A process of its own, and the same timed in it from after the import, so that PowerShell's own start does not count.
$whole, $imported = @{}, @{}
foreach ($do in $inPwsh.Keys) {
    $start = "'$pwsh' -NoProfile -NonInteractive -c `"\`$ErrorActionPreference = 'Stop'; Import-Module '$module';"
    $whole[$do] = "$start $($inPwsh[$do])`""
    $imported[$do] = "$start \`$clock = [Diagnostics.Stopwatch]::StartNew(); $($inPwsh[$do]); [IO.File]::WriteAllText('$work/clock', \`$clock.Elapsed.TotalSeconds)`""
}
$s3cmd = 's3cmd --access_key=$AWS_ACCESS_KEY_ID --secret_key=$AWS_SECRET_ACCESS_KEY --host=${{AWS_ENDPOINT_URL#*//}} --host-bucket=${{AWS_ENDPOINT_URL#*//}} --no-ssl -q'
$aws = 'aws --endpoint-url $AWS_ENDPOINT_URL s3'   # aws before 2.13 does not know the variable
$tools = [ordered]@{
    'CloudLab (session)' = @{
        Up = { Send-LabObject $args[0] -LiteralPath $args[1] -Key $args[2] }
        Down = { Receive-LabObject $args[0] $args[2] -OutFile $args[1] -Force }
        UpMany = { Send-LabObject $args[0] -LiteralPath $args[1] -Prefix $args[2] }
        DownMany = { Receive-LabObject $args[0] -Prefix $args[2] -Destination $args[1] -Force }
        List = { Get-LabObject $args[0] -Prefix $args[2] }
        Sync = { Sync-LabObject $args[1] "s3://$($args[0])/$($args[2])" }
        Delete = { Remove-LabObject $args[0] -Prefix $args[2] -Force }
    }
    'CloudLab (pwsh)' = $whole
    'CloudLab (pwsh, imported)' = $imported
    'cloudlab' = @{
        Up = "$cloudlab Send-LabObject {0} -LiteralPath '{1}' -Key '{2}'"
        Down = "$cloudlab Receive-LabObject {0} '{2}' -OutFile '{1}' -Force"
        UpMany = "$cloudlab Send-LabObject {0} -LiteralPath '{1}' -Prefix '{2}'"
        DownMany = "$cloudlab Receive-LabObject {0} -Prefix '{2}' -Destination '{1}' -Force"
        List = "$cloudlab Get-LabObject {0} -Prefix '{2}'"
        Sync = "$cloudlab Sync-LabObject '{1}' 's3://{0}/{2}'"
        Delete = "$cloudlab Remove-LabObject {0} -Prefix '{2}' -Force"
    }
    's5cmd' = @{
        Up = "s5cmd cp '{1}' 's3://{0}/{2}'"; Down = "s5cmd cp 's3://{0}/{2}' '{1}'"
        UpMany = "s5cmd cp '{1}/' 's3://{0}/{2}'"; DownMany = "s5cmd cp 's3://{0}/{2}*' '{1}/'"
        List = "s5cmd ls 's3://{0}/{2}*'"
        Sync = "s5cmd sync '{1}/' 's3://{0}/{2}'"
        Delete = "s5cmd rm 's3://{0}/{2}*'"
    }
    'aws s3' = @{
        Up = "$aws cp --only-show-errors '{1}' 's3://{0}/{2}'"; Down = "$aws cp --only-show-errors 's3://{0}/{2}' '{1}'"
        UpMany = "$aws cp --only-show-errors --recursive '{1}' 's3://{0}/{2}'"; DownMany = "$aws cp --only-show-errors --recursive 's3://{0}/{2}' '{1}'"
        List = "$aws ls --recursive 's3://{0}/{2}'"
        Sync = "$aws sync --only-show-errors '{1}' 's3://{0}/{2}'"
        Delete = "$aws rm --only-show-errors --recursive 's3://{0}/{2}'"
    }
    # Without --ignore-times rclone sends nothing that is there already.
    'rclone' = @{
        Up = "rclone copyto --ignore-times '{1}' 'bench:{0}/{2}'"; Down = "rclone copyto --ignore-times 'bench:{0}/{2}' '{1}'"
        UpMany = "rclone copy --ignore-times '{1}' 'bench:{0}/{2}'"; DownMany = "rclone copy --ignore-times 'bench:{0}/{2}' '{1}'"
        List = "rclone lsf -R --files-only 'bench:{0}/{2}'"
        Sync = "rclone sync '{1}' 'bench:{0}/{2}'"
        Delete = "rclone delete 'bench:{0}/{2}'"
    }
    'boto3' = @{
        Up = "python3 '$work/boto.py' up {0} '{1}' '{2}'"; Down = "python3 '$work/boto.py' down {0} '{1}' '{2}'"
        UpMany = "python3 '$work/boto.py' up-many {0} '{1}' '{2}'"; DownMany = "python3 '$work/boto.py' down-many {0} '{1}' '{2}'"
        List = "python3 '$work/boto.py' list {0} '{1}' '{2}'"
        Delete = "python3 '$work/boto.py' delete {0} '{1}' '{2}'"
    }
    's3cmd' = @{
        Up = "$s3cmd put '{1}' 's3://{0}/{2}'"; Down = "$s3cmd get --force 's3://{0}/{2}' '{1}'"
        UpMany = "$s3cmd put --recursive '{1}/' 's3://{0}/{2}'"; DownMany = "$s3cmd get --force --recursive 's3://{0}/{2}' '{1}/'"
        List = "$s3cmd ls --recursive 's3://{0}/{2}'"
        Sync = "$s3cmd sync '{1}/' 's3://{0}/{2}'"
        Delete = "$s3cmd del --recursive --force 's3://{0}/{2}'"
    }
}
foreach ($name in @($tools.Keys)) {
    $here = if ($name -like 'CloudLab*') { $true }
    elseif ($name -eq 'boto3') { $null = bash -c 'python3 -c "import boto3" 2>&1'; $LASTEXITCODE -eq 0 }
    else { [bool] (Get-Command ($name -split ' ')[0] -CommandType Application -ErrorAction Ignore) }
    if (-not $here -or -not ($Tool | Where-Object { $name -like $_ })) { $tools.Remove($name) }
}

Set-Content "$work/boto.py" @'
# boto3 with the defaults of its transfer manager.
import os, sys, boto3
from s3transfer.manager import TransferManager

work, bucket, local, key = sys.argv[1:]
s3 = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])

def keys():
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key):
        yield from (item["Key"] for item in page.get("Contents", []))

if work == "up":
    s3.upload_file(local, bucket, key)
elif work == "down":
    s3.download_file(bucket, key, local)
elif work == "list":
    for name in keys():
        print(name)
elif work == "delete":
    batch = []
    for name in keys():
        batch.append({"Key": name})
        if len(batch) == 1000:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
            batch = []
    if batch:
        s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
else:
    with TransferManager(s3) as manager:
        if work == "up-many":
            done = [manager.upload(entry.path, bucket, key + entry.name) for entry in os.scandir(local)]
        else:
            done = [manager.download(bucket, name, os.path.join(local, name[len(key):])) for name in keys()]
        for one in done:
            one.result()
'@

function Measure-Child([string] $Command) {
    # Time and memory are those of the child and of its own children. Its output is read, as a user's next command would.
    $said = @(bash -c "set -o pipefail; echo `$EPOCHREALTIME; /usr/bin/time -o '$work/time' -f '%e %U %S %M' $Command 2> '$work/errors' | { IFS= read -r _; echo `$EPOCHREALTIME; cat > /dev/null; }")
    if ($LASTEXITCODE) { throw ((Get-Content "$work/errors" -TotalCount 3) -join ' ') }
    $numbers = -split (Get-Content "$work/time" -Tail 1) | ForEach-Object { [double]::Parse($_, [cultureinfo]::InvariantCulture) }
    $wall = $numbers[0]
    if (Test-Path "$work/clock") {
        $wall = [double]::Parse((Get-Content "$work/clock"), [cultureinfo]::InvariantCulture)
        Remove-Item "$work/clock"
    }
    [pscustomobject]@{
        Wall = $wall; Cpu = $numbers[1] + $numbers[2]; Peak = $numbers[3] / 1024
        First = [decimal]::Parse($said[1], [cultureinfo]::InvariantCulture) - [decimal]::Parse($said[0], [cultureinfo]::InvariantCulture)
    }
}

function Measure-Session([scriptblock] $Command, [object[]] $Arguments) {
    [GC]::Collect()
    bash -c "echo 5 > /proc/$PID/clear_refs"   # begins a new peak
    $process = Get-Process -Id $PID
    $before, $clock, $first = $process.TotalProcessorTime, [Diagnostics.Stopwatch]::StartNew(), $null
    & $Command @Arguments | ForEach-Object { $first ??= $clock.Elapsed }
    $wall = $clock.Elapsed
    $process.Refresh()
    [pscustomobject]@{
        Wall = $wall.TotalSeconds; Cpu = ($process.TotalProcessorTime - $before).TotalSeconds
        Peak = [int] (Select-String '^VmHWM:\s+(\d+)' /proc/self/status).Matches.Groups[1].Value / 1024   # with all that pwsh itself takes
        First = $first.TotalSeconds
    }
}

function Measure-Tool([string] $Name, [string] $Do, [string] $Bucket, [string] $Local, [string] $Key) {
    $command = $tools[$Name][$Do]
    if ($command -is [scriptblock]) { Measure-Session $command ($Bucket, $Local, $Key) }
    else { Measure-Child ($command -f $Bucket, $Local, $Key) }
}

function Write-Noise([string] $Path, [long] $Length) {
    $buffer = [byte[]]::new([Math]::Min($Length, 1MB))
    $stream = [IO.File]::Create($Path)
    try {
        for (; $Length -gt 0; $Length -= $buffer.Length) {
            [Random]::Shared.NextBytes($buffer)
            $stream.Write($buffer, 0, [Math]::Min($Length, $buffer.Length))
        }
    }
    finally { $stream.Dispose() }
}

function Start-NullServer {
    $project = Join-Path $PSScriptRoot 'NullServer'
    dotnet build $project -c Release -v quiet --nologo | Out-Null
    if ($LASTEXITCODE) { throw "dotnet build $project failed." }
    $start = [Diagnostics.ProcessStartInfo]::new('dotnet', [string[]] (Join-Path $project 'bin/Release/net10.0/NullServer.dll'))
    $start.RedirectStandardInput = $start.RedirectStandardOutput = $true
    [Diagnostics.Process]::Start($start)
}

function Get-Median([object[]] $Values) { ($Values | Sort-Object)[[Math]::Floor(($Values.Count - 1) / 2)] }

$results = [Collections.Generic.List[object]]::new()

# One row on one server. Each: what comes before the tools' turns in a round; Before: what comes before each turn; After: its proof.
function Invoke-Row([string] $On, [string] $Title, [string] $Do, [string] $Bucket, [string] $Local, [string] $Key,
    [scriptblock] $Each = {}, [scriptblock] $Before = {}, [scriptblock] $After = {}) {
    $seen = [ordered]@{}
    foreach ($round in 1..$Runs) {
        $null = & $Each
        foreach ($name in $tools.Keys) {
            if (-not $tools[$name].Contains($Do)) { continue }
            # {name} and {round} make a place of the tool's own.
            $place = @($Local, $Key) -replace '\{name\}', ($name -replace '\W') -replace '\{round\}', $round
            try {
                $null = & $Before $name @place
                sync   # what an earlier turn left to be written is not this one's
                $seen[$name] += @(Measure-Tool $name $Do $Bucket @place)
                $null = & $After $name @place
            }
            catch {
                Write-Warning "$($On): $($Title): $($name): $_"
                $seen.Remove($name)
            }
        }
    }

    $rows = foreach ($name in $seen.Keys) {
        [pscustomobject]@{
            Server = $On; Work = $Title; Tool = $name
            WallSeconds = [Math]::Round((Get-Median $seen[$name].Wall), 2); CpuSeconds = [Math]::Round((Get-Median $seen[$name].Cpu), 2)
            PeakMiB = [int] (Get-Median $seen[$name].Peak); FirstSeconds = if ($Do -eq 'List') { [Math]::Round((Get-Median $seen[$name].First), 2) }
            WallRatio = $null; CpuRatio = $null
        }
    }
    $yardstick = $rows | Where-Object Tool -eq s5cmd
    foreach ($one in $rows) {
        if ($yardstick) {
            $one.WallRatio = [Math]::Round($one.WallSeconds / $yardstick.WallSeconds, 2)
            $one.CpuRatio = [Math]::Round($one.CpuSeconds / $yardstick.CpuSeconds, 2)
        }
        $results.Add($one)
        $one
    }
}

$large, $many, $empty = "$work/large.bin", "$work/many", "$work/empty"
$null = New-Item -ItemType Directory $many, $empty, "$work/warm"
try {
    Write-Noise $large ($LargeMiB * 1MB)
    1..$Files | ForEach-Object { Write-Noise "$many/$_" ($FileKiB * 1KB) }
    1..300 | ForEach-Object { Write-Noise "$work/warm/$_" ($FileKiB * 1KB) }
    Write-Noise "$work/warm/large" 32MB
    $syncs = $Row -like 'Sync*' -and (Get-Command Sync-LabObject -ErrorAction Ignore)
    if (-not $syncs -and $Row -like 'Sync*') { Write-Warning 'This module has no Sync-LabObject: the rows of sync are left out.' }

    foreach ($on in $Server) {
        $null_server = if ($on -eq 'null') { Start-NullServer }
        if ($null_server) { $endpoint, $access, $secret = $null_server.StandardOutput.ReadLine(), 'benchmark', 'benchmark-secret' }
        else { $endpoint, $access, $secret = $env:CLOUDLAB_TEST_S3, $env:CLOUDLAB_TEST_S3_ACCESS_KEY, $env:CLOUDLAB_TEST_S3_SECRET_KEY }
        $env:AWS_ENDPOINT_URL = $env:S3_ENDPOINT_URL = $env:RCLONE_CONFIG_BENCH_ENDPOINT = $endpoint
        $env:AWS_ACCESS_KEY_ID, $env:AWS_SECRET_ACCESS_KEY, $env:AWS_REGION, $env:AWS_DEFAULT_REGION = $access, $secret, 'us-east-1', 'us-east-1'
        $env:AWS_CA_BUNDLE = $null
        $env:RCLONE_CONFIG_BENCH_TYPE, $env:RCLONE_CONFIG_BENCH_PROVIDER, $env:RCLONE_CONFIG_BENCH_ENV_AUTH = 's3', 'Other', 'true'
        $env:RCLONE_CONFIG = (New-Item "$work/rclone.conf" -Force).FullName

        $bucket = $run
        try {
            $null = New-LabBucket $bucket
            # The session warms up: everything once, on little.
            $null = Send-LabObject $bucket -LiteralPath "$work/warm" -Prefix warm/
            $null = Get-LabObject $bucket -Prefix warm/
            $null = Receive-LabObject $bucket -Prefix warm/ -Destination "$work/warm-back" -Force
            $null = Remove-LabObject $bucket -Prefix warm/ -Force

            # A folder that is refilled soon after it was emptied costs ext4 seconds: each download goes to a new one, and all go at the end.
            $fresh = { $null = New-Item -ItemType Directory $args[1] }
            if ('Up' -in $Row -or 'Down' -in $Row) {
                if ('Up' -in $Row) { Invoke-Row $on "upload $LargeMiB MiB" Up $bucket $large large.bin }
                else { $null = Send-LabObject $bucket -LiteralPath $large -Key large.bin }
            }
            if ('Down' -in $Row) {
                Invoke-Row $on "download $LargeMiB MiB" Down $bucket "$work/back.bin" large.bin -Before { Remove-Item "$work/back.bin" -ErrorAction Ignore } -After {
                    if ((Get-Item "$work/back.bin").Length -ne $LargeMiB * 1MB) { throw 'The download has another size.' }
                    if ($on -ne 'null' -and (Get-FileHash "$work/back.bin").Hash -ne (Get-FileHash $large).Hash) { throw 'The download is not what was uploaded.' }
                }
            }
            if ('UpMany' -in $Row) { Invoke-Row $on "upload $Files x $FileKiB KiB" UpMany $bucket $many many/ }
            elseif ('DownMany' -in $Row) { $null = Send-LabObject $bucket -LiteralPath $many -Prefix many/ }
            if ('DownMany' -in $Row) {
                Invoke-Row $on "download $Files x $FileKiB KiB" DownMany $bucket "$work/back-$on-{name}-{round}" many/ -Before $fresh -After {
                    if (@(Get-ChildItem $args[1] -File -Recurse).Count -ne $Files) { throw 'Files are missing.' }
                }
            }
            if ('List' -in $Row) {
                if ($on -eq 'null') { $listed, $prefix = "keys-$Keys", 'data/' }   # a bucket that the server makes up
                else {
                    $listed, $prefix = $bucket, 'keys/'
                    1..$Keys | ForEach-Object { [IO.File]::Create("$empty/$_").Dispose() }
                    $null = Send-LabObject $bucket -LiteralPath $empty -Prefix keys/ -ThrottleLimit 32
                }
                Invoke-Row $on "list $Keys keys" List $listed '' $prefix
            }
            if ($syncs) {
                # Each tool has a place of its own, which it has filled itself: they tell changes by different signs.
                $place = 'sync-{name}/'
                foreach ($name in $tools.Keys) {
                    if ($tools[$name].Contains('Sync')) { $null = Measure-Tool $name Sync $bucket $many ($place -replace '\{name\}', ($name -replace '\W')) }
                }
                if ('SyncUnchanged' -in $Row) { Invoke-Row $on "sync $Files unchanged files" Sync $bucket $many $place }
                if ('SyncChanged' -in $Row) {
                    $script:size = $FileKiB * 1KB
                    Invoke-Row $on "sync with $Changed of $Files changed" Sync $bucket $many $place -Each {
                        $script:size++
                        1..$Changed | ForEach-Object { Write-Noise "$many/$_" $script:size }
                    } -After {
                        if (@(Get-LabObject $bucket -Prefix $args[2] | Where-Object Size -eq $script:size).Count -ne $Changed) { throw 'It did not send what had changed.' }
                    }
                }
            }
            if ('Delete' -in $Row) {
                Invoke-Row $on "delete $Files" Delete $bucket '' gone/ -Before {
                    $null = Send-LabObject $bucket -LiteralPath $many -Prefix gone/ -ThrottleLimit 32
                } -After {
                    if (Get-LabObject $bucket -Prefix gone/ | Select-Object -First 1) { throw 'Something is still there.' }
                }
            }
        }
        finally {
            Remove-LabBucket $bucket -Force -ErrorAction Continue
            if ($null_server) {
                $null_server.StandardInput.Close()
                $null_server.WaitForExit()
            }
        }
    }
    if ($Markdown) {
        $lines = @('| Server | Work | Tool | Wall s | CPU s | Peak MiB | First s | Wall / s5cmd | CPU / s5cmd |', '|---|---|---|--:|--:|--:|--:|--:|--:|')
        Set-Content $Markdown ($lines + ($results | ForEach-Object {
            '| {0} |' -f (($_.Server, $_.Work, $_.Tool, $_.WallSeconds, $_.CpuSeconds, $_.PeakMiB, $_.FirstSeconds, $_.WallRatio, $_.CpuRatio) -join ' | ')
        }))
    }
}
finally {
    Remove-Item $work -Recurse -Force
}
