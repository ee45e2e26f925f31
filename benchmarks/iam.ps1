#!/usr/bin/env pwsh
# Users with their groups and access keys: CloudLab (in this session, both forms) beside `aws iam` in a loop, in the same run on the
# same server. The loop starts one process for each call, as a script of the AWS CLI does, so it runs over a sample of the users, and
# its time is given for all of them; with -Sample equal to -Count nothing is extrapolated.
#   ./build.sh; CLOUDLAB_TEST_AWSCLI=... CLOUDLAB_TEST_MOTO=http://127.0.0.1:5000 pwsh benchmarks/iam.ps1 -Count 500 -Sample 25
param(
    [int] $Count = 500,
    [int] $Sample = 25,
    [int] $Runs = 3,
    [string[]] $Server = @('emulator') + @($env:CLOUDLAB_TEST_MOTO ? 'moto' : @()),
    [string] $Aws = $env:CLOUDLAB_TEST_AWSCLI ? $env:CLOUDLAB_TEST_AWSCLI : 'aws',
    [string] $Build = (Join-Path (Split-Path $PSScriptRoot) 'out')
)
$ErrorActionPreference = 'Stop'
Import-Module (Join-Path $Build 'CloudLab/CloudLab.psd1')
$kept = @{}
foreach ($name in 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_DEFAULT_REGION', 'AWS_PAGER', 'AWS_PROFILE') {
    $kept[$name] = [Environment]::GetEnvironmentVariable($name)
}
function Measure-Median([scriptblock] $Work) {
    $times = foreach ($run in 0..$Runs) {
        $time = (Measure-Command { $script:result = @(& $Work) }).TotalSeconds
        # The first run warms everything up.
        if ($run -gt 0) { $time }
    }
    @($times | Sort-Object)[[Math]::Floor($times.Count / 2)]
}
try {
    foreach ($where in $Server) {
        $emulator = $null
        if ($where -eq 'emulator') {
            $emulator = Start-LabEmulator
            $url = $emulator.EndpointUrl
            $keys = $emulator.GetEnvironment()
        }
        else {
            $url = $env:CLOUDLAB_TEST_MOTO
            $keys = @{ AWS_ACCESS_KEY_ID = 'testing'; AWS_SECRET_ACCESS_KEY = 'testing' }
        }
        $env:AWS_ACCESS_KEY_ID = $keys['AWS_ACCESS_KEY_ID']; $env:AWS_SECRET_ACCESS_KEY = $keys['AWS_SECRET_ACCESS_KEY']
        $env:AWS_DEFAULT_REGION = 'us-east-1'; $env:AWS_PAGER = ''; $env:AWS_PROFILE = $null; $env:AWS_SESSION_TOKEN = $null
        $session = @{ EndpointUrl = $url; Credential = [pscredential]::new($keys['AWS_ACCESS_KEY_ID'], (ConvertTo-SecureString $keys['AWS_SECRET_ACCESS_KEY'] -AsPlainText)) }
        $lab = Get-LabSession @session
        $names = foreach ($number in 1..$Count) { "bench-$PID-{0:0000}" -f $number }
        $groups = "bench-$PID-a", "bench-$PID-b"
        try {
            $null = New-LabGroup $groups -Session $lab
            $null = New-LabUser $names -Group $groups -Path "/bench-$PID/" -Session $lab
            foreach ($name in $names) { $null = New-LabAccessKey $name -Session $lab }

            $include = Measure-Median { Get-LabUser -PathPrefix "/bench-$PID/" -IncludeGroup -IncludeKey -Session $lab }
            if ($result.Count -ne $Count -or @($result | Where-Object { $_.Groups.Count -ne 2 -or $_.AccessKeys.Count -ne 1 })) { throw 'Users, groups or keys are missing.' }
            $first = (Measure-Command { Get-LabUser -PathPrefix "/bench-$PID/" -IncludeGroup -IncludeKey -Session $lab | Select-Object -First 1 }).TotalSeconds
            $pipe = Measure-Median {
                $users = Get-LabUser -PathPrefix "/bench-$PID/" -Session $lab
                $users | Get-LabAccessKey -Session $lab
                $users | Get-LabGroupMember -Session $lab
            }
            if ($result.Count -ne 3 * $Count) { throw 'Groups or keys are missing in the pipeline.' }
            $loop = (Measure-Command {
                    $all = & $Aws --endpoint-url $url iam list-users --path-prefix "/bench-$PID/" --query 'Users[].UserName' --output text
                    foreach ($name in @($all -split '\s+')[0..($Sample - 1)]) {
                        $null = & $Aws --endpoint-url $url iam list-groups-for-user --user-name $name
                        $null = & $Aws --endpoint-url $url iam list-access-keys --user-name $name
                        if ($LASTEXITCODE) { throw "aws failed for $name." }
                    }
                }).TotalSeconds
            $scaled = $loop * $Count / $Sample
            [pscustomobject]@{
                Server           = $where
                Users            = $Count
                'Get-LabUser s'  = [Math]::Round($include, 2)
                'First s'        = [Math]::Round($first, 2)
                'Pipeline s'     = [Math]::Round($pipe, 2)
                "aws, $Sample s" = [Math]::Round($loop, 1)
                'aws, all s'     = [Math]::Round($scaled, 1)
                'aws / Lab'      = [Math]::Round($scaled / $include, 1)
                'aws / pipeline' = [Math]::Round($scaled / $pipe, 1)
            }
        }
        finally {
            Get-LabUser "bench-$PID-*" -Session $lab | Remove-LabUser -Force -Session $lab
            Get-LabGroup "bench-$PID-*" -Session $lab | Remove-LabGroup -Force -Session $lab
            if ($emulator) { $emulator | Stop-LabEmulator }
        }
    }
}
finally {
    foreach ($name in $kept.Keys) { [Environment]::SetEnvironmentVariable($name, $kept[$name]) }
}
