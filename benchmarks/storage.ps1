#!/usr/bin/env pwsh
# Storage side by side with the tools that people use: the same work on the same server in the same run, each tool as a process of
# its own, the tools alternating. Writes medians of wall time and of the client's own CPU time, and ratios to CloudLab in PowerShell.
# The server is the one that CLOUDLAB_TEST_S3, CLOUDLAB_TEST_S3_ACCESS_KEY and CLOUDLAB_TEST_S3_SECRET_KEY name (tests/services/ceph-up.sh).
#   ./build.sh; pwsh benchmarks/storage.ps1 -LargeMiB 256 -Files 500
param([int] $LargeMiB = 256, [int] $Files = 500, [int] $FileKiB = 16, [int] $Runs = 3)
$ErrorActionPreference = 'Stop'
foreach ($name in 'CLOUDLAB_TEST_S3', 'CLOUDLAB_TEST_S3_ACCESS_KEY', 'CLOUDLAB_TEST_S3_SECRET_KEY') {
    if (-not [Environment]::GetEnvironmentVariable($name)) { throw "$name is not set: start the servers with tests/services." }
}
$env:AWS_ENDPOINT_URL = $env:S3_ENDPOINT_URL = $env:CLOUDLAB_TEST_S3
$env:AWS_ACCESS_KEY_ID = $env:CLOUDLAB_TEST_S3_ACCESS_KEY
$env:AWS_SECRET_ACCESS_KEY = $env:CLOUDLAB_TEST_S3_SECRET_KEY
$env:AWS_REGION = 'us-east-1'
$env:AWS_CA_BUNDLE = $null

$root = Split-Path $PSScriptRoot
$module = Join-Path $root 'out/CloudLab/CloudLab.psd1'
$cloudlab = Join-Path $root 'out/bin/cloudlab'
$pwsh = (Get-Process -Id $PID).Path
$bucket = "benchmark-$PID"
$work = New-Item -ItemType Directory (Join-Path ([IO.Path]::GetTempPath()) $bucket)
Import-Module $module

# {0}: bucket, {1}: local file or folder, {2}: key or prefix.
$authority = ([uri] $env:CLOUDLAB_TEST_S3).Authority
$s3cmd = "s3cmd --access_key=$env:AWS_ACCESS_KEY_ID --secret_key=$env:AWS_SECRET_ACCESS_KEY --host=$authority --host-bucket=$authority --no-ssl -q"
$inPwsh = "$pwsh -NoProfile -NonInteractive -c `"Import-Module '$module';"
$tools = [ordered]@{
    'CloudLab (pwsh)' = @{
        Up = "$inPwsh Send-LabObject {0} -LiteralPath '{1}' -Key '{2}'`""; Down = "$inPwsh Receive-LabObject {0} '{2}' -OutFile '{1}' -Force`""
        UpMany = "$inPwsh Send-LabObject {0} -LiteralPath '{1}' -Prefix '{2}'`""; DownMany = "$inPwsh Receive-LabObject {0} -Prefix '{2}' -Destination '{1}' -Force`""
        List = "$inPwsh Get-LabObject {0} -Prefix '{2}'`""
    }
    'CloudLab (cloudlab)' = @{
        Up = "$cloudlab Send-LabObject {0} -LiteralPath '{1}' -Key '{2}'"; Down = "$cloudlab Receive-LabObject {0} '{2}' -OutFile '{1}' -Force"
        UpMany = "$cloudlab Send-LabObject {0} -LiteralPath '{1}' -Prefix '{2}'"; DownMany = "$cloudlab Receive-LabObject {0} -Prefix '{2}' -Destination '{1}' -Force"
        List = "$cloudlab Get-LabObject {0} -Prefix '{2}'"
    }
    # aws before 2.13 does not know AWS_ENDPOINT_URL.
    'aws s3' = @{
        Up = "aws --endpoint-url '$env:CLOUDLAB_TEST_S3' s3 cp --only-show-errors '{1}' 's3://{0}/{2}'"; Down = "aws --endpoint-url '$env:CLOUDLAB_TEST_S3' s3 cp --only-show-errors 's3://{0}/{2}' '{1}'"
        UpMany = "aws --endpoint-url '$env:CLOUDLAB_TEST_S3' s3 cp --only-show-errors --recursive '{1}' 's3://{0}/{2}'"; DownMany = "aws --endpoint-url '$env:CLOUDLAB_TEST_S3' s3 cp --only-show-errors --recursive 's3://{0}/{2}' '{1}'"
        List = "aws --endpoint-url '$env:CLOUDLAB_TEST_S3' s3 ls --recursive 's3://{0}/{2}'"
    }
    's5cmd' = @{
        Up = "s5cmd cp '{1}' 's3://{0}/{2}'"; Down = "s5cmd cp 's3://{0}/{2}' '{1}'"
        UpMany = "s5cmd cp '{1}/' 's3://{0}/{2}'"; DownMany = "s5cmd cp 's3://{0}/{2}*' '{1}/'"
        List = "s5cmd ls 's3://{0}/{2}*'"
    }
    's3cmd' = @{
        Up = "$s3cmd put '{1}' 's3://{0}/{2}'"; Down = "$s3cmd get --force 's3://{0}/{2}' '{1}'"
        UpMany = "$s3cmd put --recursive '{1}/' 's3://{0}/{2}'"; DownMany = "$s3cmd get --force --recursive 's3://{0}/{2}' '{1}/'"
        List = "$s3cmd ls --recursive 's3://{0}/{2}'"
    }
}
foreach ($name in @($tools.Keys)) {
    if ($name -notlike 'CloudLab*' -and -not (Get-Command ($name -split ' ')[0] -CommandType Application -ErrorAction Ignore)) { $tools.Remove($name) }
}

function Measure-Tool([string] $Command) {
    # bash's own time counts the CPU of the child and of its children.
    $said = bash -c "TIMEFORMAT='%R %U %S'; time { $Command > /dev/null; } 2> '$work/errors'" 2>&1
    if ($LASTEXITCODE) { throw "$Command failed: $(Get-Content "$work/errors" -Raw)" }
    $numbers = -split "$said" | ForEach-Object { [double]::Parse($_, [cultureinfo]::InvariantCulture) }
    [pscustomobject]@{ Wall = $numbers[0]; Cpu = $numbers[1] + $numbers[2] }
}

try {
    $null = New-LabBucket $bucket
    $large = Join-Path $work large.bin
    $buffer = [byte[]]::new(1MB)
    $stream = [IO.File]::Create($large)
    1..$LargeMiB | ForEach-Object { [Random]::Shared.NextBytes($buffer); $stream.Write($buffer) }
    $stream.Dispose()
    $many = New-Item -ItemType Directory (Join-Path $work many)
    $small = [byte[]]::new($FileKiB * 1KB)
    1..$Files | ForEach-Object { [Random]::Shared.NextBytes($small); [IO.File]::WriteAllBytes("$many/$_", $small) }

    $rows = @(
        @{ Work = "upload $LargeMiB MiB"; Do = 'Up'; Local = $large; Key = 'large' }
        @{ Work = "download $LargeMiB MiB"; Do = 'Down'; Local = Join-Path $work back.bin; Key = 'large' }
        @{ Work = "upload $Files x $FileKiB KiB"; Do = 'UpMany'; Local = $many; Key = 'many/' }
        @{ Work = "download $Files x $FileKiB KiB"; Do = 'DownMany'; Local = Join-Path $work back; Key = 'many/' }
        @{ Work = "list $Files keys"; Do = 'List'; Local = ''; Key = 'many/' }
    )
    $null = New-Item -ItemType Directory (Join-Path $work back)
    foreach ($row in $rows) {
        $seen = @{}
        foreach ($run in 1..$Runs) {
            foreach ($name in $tools.Keys) {
                $seen[$name] += @(Measure-Tool ($tools[$name][$row.Do] -f $bucket, $row.Local, $row.Key))
            }
        }
        if ($row.Do -eq 'Down' -and (Get-FileHash $large).Hash -ne (Get-FileHash $row.Local).Hash) { throw 'The download is not what was uploaded.' }
        $median = @{}
        foreach ($name in $tools.Keys) {
            $median[$name] = [pscustomobject]@{
                Wall = ($seen[$name].Wall | Sort-Object)[[Math]::Floor($Runs / 2)]; Cpu = ($seen[$name].Cpu | Sort-Object)[[Math]::Floor($Runs / 2)]
            }
        }
        foreach ($name in $tools.Keys) {
            [pscustomobject]@{
                Work = $row.Work; Tool = $name
                WallSeconds = [Math]::Round($median[$name].Wall, 2); CpuSeconds = [Math]::Round($median[$name].Cpu, 2)
                WallRatio = [Math]::Round($median[$name].Wall / $median['CloudLab (pwsh)'].Wall, 2)
                CpuRatio = [Math]::Round($median[$name].Cpu / $median['CloudLab (pwsh)'].Cpu, 2)
            }
        }
    }
}
finally {
    Remove-LabBucket $bucket -Force -ErrorAction Continue
    Remove-Item $work -Recurse -Force
}
