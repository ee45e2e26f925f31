#!/usr/bin/env pwsh
# The movie site from a bucket: keys, waiting, pages, who may what, a role in place of keys, and a website.
#   ./build.sh; pwsh examples/s3/lab.ps1
[CmdletBinding()]
param(
    # Parts to show: upload, waiters, pages, keys, privilege, instance, website. All if omitted.
    [ValidateSet('upload', 'waiters', 'pages', 'keys', 'privilege', 'instance', 'website')]
    [string[]] $Step,

    # Uses the emulator, whatever is configured. It is used too where nothing is.
    [switch] $Emulator,

    # Image for the instance (ami-…). Without it none is started: an instance costs money.
    [string] $ImageId,

    # Leaves everything as it is at the end.
    [switch] $Keep
)
. (Join-Path (Split-Path $PSScriptRoot) Common.ps1)
$movies = Join-Path (Split-Path $PSScriptRoot) movies
$id = "lab-$([guid]::NewGuid().ToString('n').Substring(0, 8))"
$bucket = "movies-$id"

# What a refused command says, or nothing if it was not refused.
function Get-Refusal([scriptblock] $Script) {
    try { $null = & $Script }
    catch {
        if ($_.FullyQualifiedErrorId -notlike 'AccessDenied,*') { throw }
        $_
    }
}

# Whether a server does not have what was asked of it; the codes are those that servers use for it beside S3's own.
function Test-Unsupported($Problem, [string[]] $Code) { ($Problem.FullyQualifiedErrorId -split ',')[0] -in @('MethodNotAllowed', 'NotImplemented') + $Code }

try {
    $onEmulator = Start-Place AWS $Emulator
    $admin = Get-LabSession
    $null = New-LabBucket $bucket | Wait-LabBucket -Timeout 30
    Add-CleanUp { Remove-LabBucket $bucket -Force -Session $admin }
    $null = Send-LabObject -Bucket $bucket -Path (Join-Path $movies 'data/*.json') -Prefix data/
    $null = Send-LabObject -Bucket $bucket -Path (Join-Path $movies site/index.html)

    Show-Part upload 'Upload: the data and the page' {
        $sent = Get-LabObject $bucket
        $sent | Say
        $read = Get-LabObjectContent $bucket data/users.json -Raw | ConvertFrom-Json
        Say "data/users.json came back from the bucket with $($read.Count) users, the first is $($read[0].name)."
        @{ Keys = $sent.Key; Users = $read.Count; First = $read[0].name }
    }

    Show-Part waiters 'Waiters: for what is not there yet' {
        $late = Start-ThreadJob { Import-Module $using:module; Start-Sleep -Milliseconds 500; $null = Set-LabObjectContent $using:bucket done.txt -Value ready -Session $using:admin }
        $object = Wait-LabObject $bucket done.txt -Timeout 30
        $late | Receive-Job -Wait -AutoRemoveJob
        Say "done.txt was written half a second after the wait had begun, and it was there when the wait ended: $($object.Size) bytes."
        Remove-LabObject $bucket done.txt -Force
        $null = Wait-LabObject $bucket done.txt -NotExists -Timeout 30
        try { $null = Wait-LabObject $bucket never.txt -Timeout 1 } catch { $late = $_ }
        Say "A wait has an end: $late"
        @{ Waited = $object.Key; Timeout = "$($late.FullyQualifiedErrorId)".Split(',')[0] }
    }

    Show-Part pages 'Paginators: a list comes in pages' {
        $folder = (New-Item -ItemType Directory (Join-Path ([IO.Path]::GetTempPath()) $id)).FullName
        try {
            1..25 | ForEach-Object { Set-Content (Join-Path $folder ('page-{0:d2}.txt' -f $_)) $_ }
            $null = Send-LabObject -Bucket $bucket -Path (Join-Path $folder *.txt) -Prefix pages/
        }
        finally { Remove-Item -Recurse $folder }
        # Each request is a line of -Verbose.
        $all = Get-LabObject $bucket -Prefix pages/ -PageSize 10 -Verbose 4>&1
        $some = Get-LabObject $bucket -Prefix pages/ -PageSize 10 -Verbose 4>&1 | Select-Object -First 15
        $requests = { @($args[0] | Where-Object { $_ -is [Management.Automation.VerboseRecord] -and "$_" -match 'list-type' }).Count }
        $facts = @{ Objects = @($all | Where-Object Key).Count; Requests = & $requests $all; RequestsForTheFirst = & $requests $some }
        Say "The $($facts.Objects) objects came in $($facts.Requests) pages of 10, as one stream."
        Say "Who takes only the first ones asks for $($facts.RequestsForTheFirst) pages: the next page is requested when it is needed."
        $facts
    }

    Show-Part keys 'Keys are not folders' {
        $null = Set-LabObjectContent $bucket 'reports/2026/may.txt' -Value may
        $null = Set-LabObjectContent $bucket 'reports/2026' -Value 'an object of the same name as the folder'
        $null = Set-LabObjectContent $bucket 'reports//odd.txt' -Value 'an empty name between two slashes'
        $keys = (Get-LabObject $bucket -Prefix reports).Key
        $shown = Get-LabObject $bucket -Prefix reports/ -Delimiter /
        Say "Three keys, each a name as a whole: $($keys -join ', ')."
        Say 'With a delimiter, the service groups them as if they were in folders:'
        $shown | Say
        $deep = @(Get-LabObject $bucket -Prefix rep).Count
        Say "A prefix is any beginning of a key: 'rep' finds $deep."
        Get-LabObject $bucket -Prefix reports/ | Where-Object Key -EQ 'reports/2026/may.txt' | Remove-LabObject -Force
        $gone = @(Get-LabObject $bucket -Prefix reports/2026/).Count -eq 0
        Say 'The folder reports/2026/ was gone with its last object: nobody had made it, so nobody had to remove it.'
        Say 'To rename a folder is to copy each of its objects and to remove each: Move-LabObject does that.'
        $moved = @(Move-LabObject -Bucket $bucket -Prefix data/ -DestinationPrefix films/)
        $null = Move-LabObject -Bucket $bucket -Prefix films/ -DestinationPrefix data/
        @{ Keys = $keys; Shown = @($shown | ForEach-Object { $_.Key ?? $_.Prefix }); FolderIsGone = $gone; Copied = $moved.Count }
    }

    Show-Part privilege 'Least privilege: what a reader may, and why not more' {
        $wide = New-LabPolicyDocument -Allow 's3:*' -Resource '*'
        $narrow = New-LabPolicyDocument -Bucket $bucket -Prefix data/ -ReadOnly
        $findings = @($wide | Measure-LabPolicy)
        Say "s3:* on * is quickly written. The review says: $($findings[0].Why)"
        Say "What a reader of data/ needs: $((@($narrow.Statement.Action) | Select-Object -Unique) -join ', ')."
        $tests = $narrow | Test-LabPolicy s3:GetObject, s3:PutObject "s3://$bucket/data/users.json"
        $tests | ForEach-Object { Say "- $($_.Reason)" }
        $null = New-LabRole "$id-reader" -Policy $narrow
        Add-CleanUp { Remove-LabRole "$id-reader" -Force -Session $admin }
        $reader = Use-LabRole "$id-reader" -PassThru -SessionName lab
        try {
            $read = (Get-LabObjectContent $bucket data/users.json -Raw -Session $reader | ConvertFrom-Json).Count
            Say "The role reads $read users, with keys that end on $($reader.Expiration.Value)."
            $refusal = Get-Refusal { Set-LabObjectContent $bucket data/users.json -Value '[]' -Session $reader }
        }
        finally { Connect-Lab -Session $admin -SkipCheck | Out-Null }
        $facts = @{ WideFindings = $findings.Count; NarrowFindings = @($narrow | Measure-LabPolicy).Count; Decisions = $tests.Decision; Read = $read; Refused = [bool] $refusal; Action = $null; Suggestion = $null }
        if ($refusal) {
            Say "It may not write: $refusal"
            $why = Resolve-LabAccessDenied $refusal -Action s3:PutObject -Resource "s3://$bucket/data/users.json"
            Say "$($why.Explanation)"
            $facts.Action, $facts.Suggestion = $why.Action, $why.Suggestion
        }
        else { Say 'This server let it write: it does not enforce policies. The same on the emulator, or on AWS, is refused.' }
        $facts
    }

    Show-Part instance 'A role for the instance, in place of keys' {
        try {
            $null = New-LabRole "$id-server" -Service ec2 -Policy (New-LabPolicyDocument -Bucket $bucket -Prefix data/ -ReadOnly)
            Add-CleanUp { Remove-LabRole "$id-server" -Force -Session $admin }
            $ready = New-LabInstanceProfile "$id-server" -Role "$id-server"
        }
        catch {
            if (-not (Test-Unsupported $_ InstanceProfilesMissing, MalformedPolicyDocument, InvalidRequest)) { throw }
            Skip-Part "this server has no instance profiles ($_)"
        }
        Add-CleanUp { Remove-LabInstanceProfile "$id-server" -Force -Session $admin }
        $start = "#!/bin/sh`naws s3 cp --recursive s3://$bucket/data /srv/data"
        Say "The instance profile $($ready.Name) has the role $id-server, which only ec2.amazonaws.com may assume."
        Say "The start script has no key in it; the programs on the instance find the role's own, which change by themselves:`n$start"
        $facts = @{ Profile = $ready.Name; Role = "$id-server"; KeyInScript = $start -match 'AKIA|SECRET'; Instance = $null }
        if ($onEmulator -or -not $ImageId) { Say 'No instance is started: that needs EC2, which the emulator has not, and -ImageId.' }
        else {
            $script:instance = Start-LabInstance -ImageId $ImageId -InstanceType t3.micro -Name $id -InstanceProfile $ready.Name -UserData $start
            Add-CleanUp { $instance | Remove-LabInstance -Force -Session $admin }
            $instance = $instance | Wait-LabInstance -Timeout 300
            Say "$($instance.InstanceId) is $($instance.State), with the profile $($instance.InstanceProfile)."
            $facts.Instance, $facts.InstanceProfile, $facts.InstanceState = $instance.InstanceId, "$($instance.InstanceProfile)", "$($instance.State)"
        }
        $facts
    }

    Show-Part website 'A static website of the bucket' {
        $address = $admin.S3Endpoint.Value
        $open = New-LabPolicyDocument -Bucket $bucket -Access Read -Principal *
        $facts = @{ Blocked = $null; Status = $null; Title = $null; Movies = $null }
        try {
            Set-LabBucketPublicAccessBlock $bucket
            $refusal = Get-Refusal { $open | Set-LabBucketPolicy $bucket }
            $facts.Blocked = [bool] $refusal
            Say ($refusal ? "A bucket is not public by accident: $refusal" : 'This server sets a public policy although the bucket blocks it.')
            Remove-LabBucketPublicAccessBlock $bucket -Force
        }
        catch {
            if (-not (Test-Unsupported $_)) { throw }
            Say "This server does not know how to block public policies: $_"
        }
        try {
            $site = Set-LabBucketWebsite $bucket index.html -PassThru
            $open | Set-LabBucketPolicy $bucket
        }
        catch {
            if ($_.FullyQualifiedErrorId -like 'AccessDenied,*') { Skip-Part "the account blocks public policies, too ($_)" }
            if (-not (Test-Unsupported $_)) { throw }
            Skip-Part "this server has no websites ($_)"
        }
        # At Amazon the website has an address of its own. Elsewhere the objects are fetched without it: its page finds the data beside it.
        $url = $address ? "$("$address".TrimEnd('/'))/$bucket" : "http://$($site.Endpoint)"
        $page = Invoke-WebRequest "$url/index.html"
        $facts.Status, $facts.Title = $page.StatusCode, ($page.Content -match '<title>(.+?)</title>' ? $Matches[1] : '')
        $facts.Movies = (Invoke-RestMethod "$url/data/movies.json").Count
        Say "Without any key, $url/index.html answers $($page.StatusCode): the page '$($facts.Title)', which reads $($facts.Movies) movies."
        $write = Invoke-WebRequest "$url/index.html" -Method Put -Body 'x' -SkipHttpErrorCheck
        $facts.Write = $write.StatusCode
        Say "To write without a key answers $($write.StatusCode)."
        $facts
    }
}
finally { Clear-Lab }
$parts
