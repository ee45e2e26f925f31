#!/usr/bin/env pwsh
# New-LabPolicyDocument -FromTrail over many CloudTrail records, each size in a process of its own: time, records a second, and peak memory,
# which stays flat when the trail grows.
#   ./build.sh; pwsh benchmarks/trail-policy.ps1 -Events 1000, 100000, 500000
param([int[]] $Events = @(1000, 100000), [int] $PerFile = 2000)
$ErrorActionPreference = 'Stop'
$root = Split-Path $PSScriptRoot
$pwsh = $env:PWSH ? $env:PWSH : (Get-Process -Id $PID).Path
$work = New-Item -ItemType Directory -Path (Join-Path ([IO.Path]::GetTempPath()) "cloudlab-trail-$PID")
try {
    foreach ($count in $Events) {
        $folder = New-Item -ItemType Directory -Path (Join-Path $work $count)
        for ($from = 0; $from -lt $count; $from += $PerFile) {
            $writer = [IO.StreamWriter]::new([IO.Compression.GZipStream]::new([IO.File]::Create((Join-Path $folder "$from.json.gz")), [IO.Compression.CompressionLevel]::Fastest))
            $writer.Write('{"Records":[')
            for ($i = $from; $i -lt [Math]::Min($from + $PerFile, $count); $i++) {
                $call = switch ($i % 5) {
                    0 { '"eventSource":"s3.amazonaws.com","eventName":"GetObject","requestParameters":{"bucketName":"movies","Host":"movies.s3.amazonaws.com","key":"logs/2026/' + ($i % 365) + '/part-' + $i + '.gz"}' }
                    1 { '"eventSource":"s3.amazonaws.com","eventName":"ListObjects","requestParameters":{"bucketName":"movies","prefix":"logs/2026/' + ($i % 365) + '/"}' }
                    2 { '"eventSource":"dynamodb.amazonaws.com","eventName":"GetItem","requestParameters":{"tableName":"films' + ($i % 3) + '"}' }
                    3 { '"eventSource":"lambda.amazonaws.com","eventName":"Invoke","requestParameters":{"functionName":"resize","invocationType":"Event"}' }
                    4 { '"eventSource":"ec2.amazonaws.com","eventName":"DescribeInstances","requestParameters":{"instancesSet":{},"filterSet":{}}' }
                }
                $writer.Write(($i -eq $from ? '' : ',') + '{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:s","arn":"arn:aws:sts::123456789012:assumed-role/worker/s","accountId":"123456789012","accessKeyId":"ASIAEXAMPLE","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE","arn":"arn:aws:iam::123456789012:role/worker","accountId":"123456789012","userName":"worker"},"attributes":{"creationDate":"2026-11-28T10:00:00Z","mfaAuthenticated":"false"}}},"eventTime":"2026-11-28T12:00:00Z","awsRegion":"eu-central-1","sourceIPAddress":"192.0.2.7","userAgent":"aws-sdk",' + $call + ',"responseElements":null,"additionalEventData":{"SignatureVersion":"SigV4","bytesTransferredOut":4096},"requestID":"' + $i + '","eventID":"' + [guid]::NewGuid() + '","readOnly":true,"eventType":"AwsApiCall","managementEvent":false,"recipientAccountId":"123456789012","eventCategory":"Data"}')
            }
            $writer.Write(']}')
            $writer.Dispose()
        }

        $result = & $pwsh -NoProfile -NonInteractive -Command "
            Import-Module '$root/out/CloudLab/CloudLab.psd1'
            `$null = Find-LabAction s3:GetObject
            `$before = [Diagnostics.Process]::GetCurrentProcess().PeakWorkingSet64
            `$watch = [Diagnostics.Stopwatch]::StartNew()
            `$document = New-LabPolicyDocument -FromTrail '$folder'
            '{0} {1} {2} {3}' -f `$watch.Elapsed.TotalSeconds, `$before, [Diagnostics.Process]::GetCurrentProcess().PeakWorkingSet64, `$document.Statement.Count"
        $seconds, $before, $after, $statements = -split $result
        [pscustomobject]@{
            Events     = $count
            Seconds    = [Math]::Round([double] $seconds, 2)
            PerSecond  = [int] ($count / [double] $seconds)
            PeakMiB    = [int] ($after / 1MB)
            MoreMiB    = [int] (($after - $before) / 1MB)
            Statements = [int] $statements
        }
    }
} finally {
    Remove-Item -Recurse -Force $work
}
