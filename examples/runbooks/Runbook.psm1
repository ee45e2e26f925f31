# What the runbooks share: one run at a time, a log, steps with their durations, findings, a time limit, a summary and an exit code.
# A runbook gives its work to Invoke-Runbook as a script block; the cmdlets of CloudLab are called there and not here,
# so that a test of the runbook can mock them.
#
#   exit code 0   fine
#             1   findings, or a part could not be done: the findings say what to do
#             2   could not run: nothing was changed
#             3   another run is in progress: nothing was done
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$current = $null

function Invoke-Runbook {
    <#
    .SYNOPSIS
    Runs the work of a runbook, and gives its summary.
    .DESCRIPTION
    Takes the lock, calls -Body with the run as its argument, and writes the summary: Status, ExitCode, Result, Findings, Steps. The body
    fills $Run.Result; it reports with Add-RunbookFinding, Write-RunbookLog and Invoke-RunbookStep. What the body throws makes the run
    Failed, or Incomplete if a step that makes changes had begun.
    .PARAMETER Name
    Name of the runbook.
    .PARAMETER Body
    The work.
    .PARAMETER Key
    What the run is about, such as the bucket: runs of one runbook about different things may overlap.
    .PARAMETER LogPath
    File to which the log is appended as JSON lines. The same lines go to the console as text.
    .PARAMETER StatePath
    Folder of the locks.
    .PARAMETER TimeLimit
    After this time the run ends at the next step or item.
    .PARAMETER Preview
    Marks the run as one with -WhatIf.
    .EXAMPLE
    $summary = Invoke-Runbook -Name Measure-Movies -Body { param($Run) $Run.Result.Objects = @(Get-LabObject movies).Count }
    #>
    [CmdletBinding()]
    [OutputType('CloudLab.Runbook.Summary')]
    param(
        [Parameter(Mandatory)] [string] $Name,
        [Parameter(Mandatory)] [scriptblock] $Body,
        [string] $Key,
        [string] $LogPath,
        [string] $StatePath,
        [TimeSpan] $TimeLimit = '1.00:00:00',
        [switch] $Preview
    )
    $started = [DateTimeOffset]::UtcNow
    $run = [pscustomobject] @{
        Runbook = $Name
        RunId = '{0:yyyyMMddTHHmmss}Z-{1:x4}' -f $started.UtcDateTime, (Get-Random -Maximum 0x10000)
        Started = $started
        Deadline = $started + $TimeLimit
        TimeLimit = $TimeLimit
        WhatIf = [bool] $Preview
        LogPath = $LogPath ? $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($LogPath) : $null
        Result = [ordered] @{}
        Findings = [Collections.Generic.List[object]]::new()
        Steps = [Collections.Generic.List[object]]::new()
        Secrets = [Collections.Generic.List[string]]::new()
        Step = $null
        HasChanged = $false
        LogFailure = $null
    }
    $outer, $script:current = $script:current, $run
    $status = 'Succeeded'
    $failure = $lock = $null
    try {
        if ($run.LogPath) {
            try {
                $null = [IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($run.LogPath))
                [IO.File]::Open($run.LogPath, 'Append', 'Write', 'ReadWrite, Delete').Dispose()
            }
            catch { Stop-Runbook "The log '$($run.LogPath)' cannot be written: $($_.Exception.InnerException.Message ?? $_.Exception.Message)" -Code LogUnwritable -Action 'Name another file with -LogPath, or see to its permissions.' }
        }
        try { $lock = Enter-RunbookLock -Run $run -Key $Key -StatePath $StatePath }
        catch { Stop-Runbook "The lock of this run cannot be written: $($_.Exception.InnerException.Message ?? $_.Exception.Message)" -Code LockUnwritable -Action 'Name another folder with -StatePath, or see to its permissions and its disk.' }
        if ($lock.Holder) {
            $status = 'AlreadyRunning'
            $failure = [pscustomobject] @{ Code = 'AlreadyRunning'; Message = $lock.Holder; Action = "Wait for it, or end it. The lock is '$($lock.Path)'." }
            Write-RunbookLog $lock.Holder -Level Error
        }
        else {
            Write-RunbookLog ("run $($run.RunId) started" + ($Preview ? ', as a preview: nothing is changed' : '')) -Data @{ host = [Environment]::MachineName; pid = $PID; whatIf = $run.WhatIf }
            Import-CloudLab
            $null = & $Body $run
            if ($run.Findings.Count) { $status = 'Findings' }
        }
    }
    catch {
        $failure = Get-RunbookFailure $_
        $status = $failure.Code -eq 'RunbookTimeLimit' ? 'TimedOut' : $run.HasChanged ? 'Incomplete' : 'Failed'
        if ($failure.Code -eq 'LogUnwritable') { $run.LogPath = $null }
        Write-RunbookLog $failure.Message -Level Error -Data @{ code = $failure.Code; action = $failure.Action; at = "$($_.InvocationInfo.ScriptName):$($_.InvocationInfo.ScriptLineNumber)" }
    }
    finally {
        Exit-RunbookLock $lock
        $script:current = $outer
    }

    if ($run.LogFailure) {
        $script:current = $run
        Add-RunbookFinding $run.LogFailure -Code LogIncomplete -Action 'Make room on its disk, or see to its permissions. What is missing in it was written to the console.' -Severity Error
        $script:current = $outer
        if ($status -eq 'Succeeded') { $status = 'Findings' }
    }
    $finished = [DateTimeOffset]::UtcNow
    $code = switch ($status) { Succeeded { 0 } Failed { 2 } AlreadyRunning { 3 } default { 1 } }
    $summary = [pscustomobject] @{
        PSTypeName = 'CloudLab.Runbook.Summary'
        Runbook = $Name
        Status = $status
        ExitCode = $code
        RunId = $run.RunId
        WhatIf = $run.WhatIf
        Started = $started
        Duration = $finished - $started
        Result = [pscustomobject] $run.Result
        Findings = $run.Findings.ToArray()
        Error = $failure
        Steps = $run.Steps.ToArray()
        LogPath = $run.LogPath
    }
    $script:current = $run
    Write-RunbookLog "$status, exit code $code, $($run.Findings.Count) findings" -Milliseconds $summary.Duration.TotalMilliseconds -Data @{ status = $status; exitCode = $code; result = $run.Result }
    $script:current = $outer
    $summary
}

function Invoke-RunbookStep {
    <#
    .SYNOPSIS
    Runs a step of the current runbook, and logs how long it took.
    .PARAMETER Name
    Name of the step.
    .PARAMETER Body
    The step. What it writes is the output.
    .PARAMETER Changes
    The step changes something: what fails from here on leaves the run Incomplete, not Failed.
    .EXAMPLE
    $objects = Invoke-RunbookStep List { Get-LabObject movies }
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0)] [string] $Name,
        [Parameter(Mandatory, Position = 1)] [scriptblock] $Body,
        [switch] $Changes
    )
    $run = $script:current
    $outer, $run.Step = $run.Step, $Name
    $watch = [Diagnostics.Stopwatch]::StartNew()
    $status = 'Failed'
    try {
        Assert-RunbookTime
        if ($Changes -and -not $run.WhatIf) { $run.HasChanged = $true }
        & $Body
        $status = 'Succeeded'
    }
    finally {
        $run.Steps.Add([pscustomobject] @{ Name = $Name; Status = $status; Duration = $watch.Elapsed })
        Write-RunbookLog "step $($status.ToLowerInvariant())" -Milliseconds $watch.Elapsed.TotalMilliseconds -Level ($status -eq 'Failed' ? 'Warning' : 'Info')
        $run.Step = $outer
    }
}

function Stop-Runbook {
    <#
    .SYNOPSIS
    Ends the current run with an error that says what to do.
    .PARAMETER Message
    What is wrong.
    .PARAMETER Code
    Name of the error.
    .PARAMETER Action
    What to do.
    .EXAMPLE
    Stop-Runbook 'The folder is empty.' -Code FolderEmpty -Action 'Name another folder.'
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0)] [string] $Message,
        [Parameter(Mandatory)] [string] $Code,
        [Parameter(Mandatory)] [string] $Action
    )
    $record = [Management.Automation.ErrorRecord]::new([InvalidOperationException]::new($Message), $Code, 'InvalidOperation', $script:current.Runbook)
    $record.ErrorDetails = [Management.Automation.ErrorDetails]::new($Message)
    $record.ErrorDetails.RecommendedAction = $Action
    throw $record
}

function Assert-RunbookTime {
    <#
    .SYNOPSIS
    Ends the current run if its time is up. Call it in loops and pipelines.
    .EXAMPLE
    Get-LabObject movies | ForEach-Object { Assert-RunbookTime; $_ }
    #>
    [CmdletBinding()]
    param()
    if ([DateTimeOffset]::UtcNow -gt $script:current.Deadline) {
        Stop-Runbook "The time limit of $($script:current.TimeLimit) is over." -Code RunbookTimeLimit -Action 'See in the log which step took so long, and run again with a longer -TimeLimit.'
    }
}

function Add-RunbookFinding {
    <#
    .SYNOPSIS
    Reports something that somebody should look at: the exit code becomes 1.
    .PARAMETER Message
    What is wrong.
    .PARAMETER Target
    What it is about.
    .PARAMETER Action
    What to do.
    .PARAMETER Code
    Name of the kind of finding.
    .PARAMETER ErrorRecord
    Error to report, instead of -Message, -Action and -Code.
    .PARAMETER Severity
    Warning, or Error for what could not be done.
    .EXAMPLE
    Add-RunbookFinding 'The copy differs.' -Target s3://copy/a -Code CopyDiffers -Action 'Run the backup again.' -Severity Error
    #>
    [CmdletBinding(DefaultParameterSetName = 'Message')]
    param(
        [Parameter(Mandatory, Position = 0, ParameterSetName = 'Message')] [string] $Message,
        [Parameter(Mandatory, ParameterSetName = 'Message')] [string] $Code,
        [Parameter(Mandatory, ParameterSetName = 'Message')] [string] $Action,
        [Parameter(Mandatory, ParameterSetName = 'Error')] [Management.Automation.ErrorRecord] $ErrorRecord,
        [string] $Target,
        [ValidateSet('Warning', 'Error')] [string] $Severity = $ErrorRecord ? 'Error' : 'Warning'
    )
    if ($ErrorRecord) {
        $failure = Get-RunbookFailure $ErrorRecord
        $Message, $Code, $Action = $failure.Message, $failure.Code, $failure.Action
    }
    $finding = [pscustomobject] @{
        PSTypeName = 'CloudLab.Runbook.Finding'
        Severity = $Severity; Code = $Code; Target = $Target; Message = Hide-RunbookSecret $Message; Action = Hide-RunbookSecret $Action
    }
    $script:current.Findings.Add($finding)
    $text = ($Target -and -not $Message.Contains($Target) ? "${Target}: " : '') + $Message + ($Action ? ($Message -match '[.!?]$' ? ' ' : '. ') + $Action : '')
    Write-RunbookLog $text -Level $Severity -Data @{ code = $Code; target = $Target; action = $Action }
}

function Add-RunbookSecret {
    <#
    .SYNOPSIS
    Makes the log and the summary show *** in place of a text.
    .PARAMETER Value
    The text.
    .EXAMPLE
    Add-RunbookSecret $key.Credential.GetNetworkCredential().Password
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0)] [string] $Value)
    $script:current.Secrets.Add($Value)
}

function Write-RunbookLog {
    <#
    .SYNOPSIS
    Writes a line to the log of the current run.
    .DESCRIPTION
    As JSON to the log file; as text to the console: information to the host, warnings and errors to their streams, so that a scheduler
    which throws standard output away still shows errors.
    .PARAMETER Message
    The text.
    .PARAMETER Level
    Info, Warning or Error.
    .PARAMETER Data
    More fields for the JSON line.
    .PARAMETER Milliseconds
    How long something took.
    .EXAMPLE
    Write-RunbookLog 'copied' -Data @{ objects = 3 }
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0)] [string] $Message,
        [ValidateSet('Info', 'Warning', 'Error')] [string] $Level = 'Info',
        [Collections.IDictionary] $Data,
        [double] $Milliseconds = -1
    )
    $run = $script:current
    $now = [DateTimeOffset]::UtcNow
    $Message = (Hide-RunbookSecret $Message) -replace '\s*[\r\n]+\s*', ' '
    $took = $Milliseconds -ge 0 ? " ($([Math]::Round($Milliseconds / 1000, 1).ToString([cultureinfo]::InvariantCulture)) s)" : ''
    $text = "$($now.ToString('HH:mm:ss'))Z $($run.Runbook)$($run.Step ? "/$($run.Step)" : ''): $Message$took"
    switch ($Level) {
        Info { Write-Host $text }
        Warning { Write-Warning $text -WarningAction Continue }
        Error { Write-Error $text -ErrorId RunbookError -TargetObject $run.Runbook -ErrorAction Continue }
    }
    if ($run.LogPath) {
        $record = [ordered] @{ time = $now.ToString('yyyy-MM-dd\THH:mm:ss.fff\Z'); level = $Level.ToLowerInvariant(); runbook = $run.Runbook; run = $run.RunId; step = $run.Step; message = $Message }
        if ($Milliseconds -ge 0) { $record.ms = [long] $Milliseconds }
        if ($Data) { $record.data = Hide-RunbookSecret $Data }
        # One write a line, beside which another run may append its own.
        $bytes = [Text.Encoding]::UTF8.GetBytes(($record | ConvertTo-Json -Compress -Depth 8) + "`n")
        # A disk that has become full does not stop the work half-way; it is a finding at the end.
        try {
            $file = [IO.FileStream]::new($run.LogPath, 'Append', 'Write', 'ReadWrite, Delete')
            try { $file.Write($bytes, 0, $bytes.Length) } finally { $file.Dispose() }
        }
        catch {
            if (-not $run.LogFailure) {
                $run.LogFailure = "The log '$($run.LogPath)' cannot be written: $($_.Exception.InnerException.Message ?? $_.Exception.Message)"
                Write-Warning $run.LogFailure -WarningAction Continue
            }
        }
    }
}

function Format-RunbookTime {
    <#
    .SYNOPSIS
    Writes a time for people: 2026-11-29 02:00Z, or never.
    .PARAMETER Time
    The time.
    .EXAMPLE
    Format-RunbookTime $key.LastUsed
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory, Position = 0)] [AllowNull()] [Nullable[DateTimeOffset]] $Time)
    if ($null -eq $Time) { 'never' } else { $Time.ToUniversalTime().ToString('yyyy-MM-dd HH:mm\Z', [cultureinfo]::InvariantCulture) }
}

function Save-RunbookReport {
    <#
    .SYNOPSIS
    Writes objects to a report: JSON, or Markdown if the file is named *.md.
    .PARAMETER Path
    The file. It appears when it is complete.
    .PARAMETER InputObject
    The rows.
    .PARAMETER Title
    Title of the Markdown page.
    .PARAMETER Property
    Columns of the Markdown table.
    .EXAMPLE
    Save-RunbookReport report.md $rows -Title Images -Property Image, Size
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0)] [string] $Path,
        [Parameter(Mandatory, Position = 1)] [AllowEmptyCollection()] [object[]] $InputObject,
        [Parameter(Mandatory)] [string] $Title,
        [Parameter(Mandatory)] [string[]] $Property
    )
    $file = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path)
    $null = [IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($file))
    $text = if ([IO.Path]::GetExtension($file) -eq '.md') {
        "# $Title"
        ''
        "Run $($script:current.RunId), $($InputObject.Count) rows."
        if ($InputObject) {
            ''
            "| $($Property -join ' | ') |"
            '|' + ('---|' * $Property.Count)
            foreach ($row in $InputObject) {
                $cells = foreach ($name in $Property) {
                    $values = foreach ($value in $row.$name) { $value -is [DateTimeOffset] ? (Format-RunbookTime $value) : $value }
                    (Hide-RunbookSecret ($values -join ', ')).Replace('\', '\\').Replace('|', '\|') -replace '\s*[\r\n]+\s*', '<br>'
                }
                "| $($cells -join ' | ') |"
            }
        }
    }
    else { ConvertTo-Json -InputObject @($InputObject) -Depth 8 }
    $part = "$file.$PID.part"
    [IO.File]::WriteAllText($part, (@($text) -join "`n") + "`n")
    [IO.File]::Move($part, $file, $true)
    Write-RunbookLog "report written to '$file'" -Data @{ rows = $InputObject.Count }
}

# Of the machine that the script is on: the build beside it, or the module that is installed.
function Import-CloudLab {
    if (-not (Get-Module CloudLab)) {
        $built = Join-Path $PSScriptRoot '../../out/CloudLab/CloudLab.psd1'
        Import-Module ((Test-Path $built) ? $built : 'CloudLab') -Global
    }
}

function Get-RunbookFailure([Management.Automation.ErrorRecord] $ErrorRecord) {
    # What "throw" makes of a text has the text as its id.
    $code = ($ErrorRecord.FullyQualifiedErrorId -split ',')[0]
    [pscustomobject] @{
        Code = $code -match '^[\w.]+$' ? $code : $ErrorRecord.Exception.GetType().Name
        Message = Hide-RunbookSecret $ErrorRecord.Exception.Message
        Action = Hide-RunbookSecret ($ErrorRecord.ErrorDetails ? $ErrorRecord.ErrorDetails.RecommendedAction : "")
    }
}

function Hide-RunbookSecret([object] $Value) {
    if ($null -eq $Value -or $Value -is [ValueType]) { return $Value }
    if ($Value -is [pscredential] -or $Value -is [securestring]) { return '***' }
    if ($Value -is [Collections.IDictionary]) {
        $copy = [ordered] @{}
        foreach ($name in $Value.Keys) { $copy["$name"] = Hide-RunbookSecret $Value[$name] }
        return $copy
    }
    if ($Value -is [Collections.IEnumerable] -and $Value -isnot [string]) {
        return , @(foreach ($item in $Value) { Hide-RunbookSecret $item })
    }
    $text = "$Value"
    foreach ($secret in $script:current.Secrets) { $text = $text.Replace($secret, '***') }
    $text
}

# The lock is a file that is kept open without sharing: the operating system lets it go when the process ends, however it ends.
# Beside it is who holds it, by process id and the time at which that process was started (ids are used again): for the message, and
# to decide by where the file system does not lock, or where the holder is another machine that shares the folder.
function Enter-RunbookLock([object] $Run, [string] $Key, [string] $StatePath) {
    $folder = if ($StatePath) { $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($StatePath) }
    elseif ($env:CLOUDLAB_RUNBOOK_STATE) { [IO.Path]::GetFullPath($env:CLOUDLAB_RUNBOOK_STATE) }
    else {
        $own = [Environment]::GetFolderPath('LocalApplicationData')
        Join-Path ($own ? $own : [IO.Path]::GetTempPath()) cloudlab-runbooks
    }
    $null = [IO.Directory]::CreateDirectory($folder)
    $hash = [Convert]::ToHexStringLower([Security.Cryptography.SHA256]::HashData([Text.Encoding]::UTF8.GetBytes($Key))).Substring(0, 12)
    $lock = [pscustomobject] @{ Path = Join-Path $folder "$($Run.Runbook)-$hash.lock"; Owner = Join-Path $folder "$($Run.Runbook)-$hash.owner"; Stream = $null; Holder = $null }
    try { $lock.Stream = [IO.FileStream]::new($lock.Path, 'OpenOrCreate', 'ReadWrite', 'None') }
    catch [IO.IOException] { if (-not [IO.File]::Exists($lock.Path)) { throw } }

    $owner = $null
    # Half-written or gone in this moment counts as none: then only the operating system's word holds.
    try { $owner = [IO.File]::ReadAllText($lock.Owner) | ConvertFrom-Json } catch { $owner = $null }
    $isFree = $lock.Stream -and (-not $owner -or ($owner.host -eq [Environment]::MachineName -and (Test-RunbookLocking $lock.Path)) -or -not (Test-RunbookOwner $owner))
    if ($isFree) {
        if ($owner) { Write-RunbookLog "the run $($owner.run) ended without releasing its lock; this run takes it" -Level Warning }
        $me = Get-Process -Id $PID
        $entry = [ordered] @{
            pid = $PID; started = $me.StartTime.ToUniversalTime().ToString('o'); host = [Environment]::MachineName; run = $Run.RunId
            since = $Run.Started.ToString('o'); until = $Run.Deadline.AddMinutes(10).ToString('o')
        }
        try { [IO.File]::WriteAllText($lock.Owner, ($entry | ConvertTo-Json -Compress)) }
        catch { $lock.Stream.Dispose(); throw }
        return $lock
    }
    if ($lock.Stream) { $lock.Stream.Dispose(); $lock.Stream = $null }
    $lock.Holder = $owner ? "another run is in progress: $($owner.run), process $($owner.pid) on $($owner.host)" : 'another run is in progress'
    $lock
}

# Whether the file system locks: what this process holds cannot be opened again.
function Test-RunbookLocking([string] $Path) {
    try {
        [IO.FileStream]::new($Path, 'Open', 'ReadWrite', 'None').Dispose()
        $false
    }
    catch { $true }
}

function Test-RunbookOwner([object] $Owner) {
    try {
        if ($Owner.host -ne [Environment]::MachineName) { return [DateTimeOffset] $Owner.until -gt [DateTimeOffset]::UtcNow }
        $process = Get-Process -Id $Owner.pid -ErrorAction Ignore
        if (-not $process) { return $false }
        # Read twice, a time of start may differ by a little.
        return [Math]::Abs((([DateTimeOffset] $process.StartTime) - [DateTimeOffset] $Owner.started).TotalSeconds) -lt 2
    }
    # A process of another user may not be looked at: it is there.
    catch { return $true }
}

# The file itself stays: if it were removed, one run could hold the old file and another a new one.
function Exit-RunbookLock([object] $Lock) {
    if ($Lock -and $Lock.Stream) {
        [IO.File]::Delete($Lock.Owner)
        $Lock.Stream.Dispose()
    }
}

Export-ModuleMember -Function Invoke-Runbook, Invoke-RunbookStep, Stop-Runbook, Assert-RunbookTime, Add-RunbookFinding, Add-RunbookSecret, Write-RunbookLog, Format-RunbookTime, Save-RunbookReport
