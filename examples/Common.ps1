# What the labs share; each lab.ps1 dot-sources it, and has the parameters $Step and $Keep. What a lab says goes to the information stream, what
# it found out is returned at its end: an object for each part, with State (Shown, LeftOut) and Facts.
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $true
$InformationPreference = 'Continue'
$ProgressPreference = 'SilentlyContinue'
if (-not (Get-Module CloudLab)) { Import-Module (Join-Path $PSScriptRoot '../out/CloudLab/CloudLab.psd1') }
$module = (Get-Module CloudLab).Path
# At the end a line for each part; its facts are for those who ask: (examples/s3/lab.ps1).Facts.
Update-TypeData -TypeName CloudLab.LabPart -DefaultDisplayPropertySet Part, State, Reason -MemberType ScriptProperty -MemberName Reason -Value { $this.Facts.Reason } -Force
$parts = [Collections.Generic.List[object]]::new()
$clean = [Collections.Generic.Stack[scriptblock]]::new()

# Says a sentence, or shows objects as a table.
function Say {
    param([Parameter(ValueFromPipeline)] [AllowEmptyString()] [AllowNull()] $What)
    $all = @($input)
    if (-not $all) { $all = @($What) }
    Write-Information ($all[0] -is [string] ? ($all -join "`n") : ($all | Out-String -Width 160).TrimEnd())
}

# Runs a part of the lab; its script returns a hashtable of facts. Where -Step names other parts, it is not run.
function Show-Part([string] $Name, [string] $Title, [scriptblock] $Script) {
    if ($Step -and $Name -notin $Step) { return }
    Say "`n== $Title"
    $part = [pscustomobject] @{ PSTypeName = 'CloudLab.LabPart'; Part = $Name; State = 'Shown'; Facts = $null }
    try { $part.Facts = [pscustomobject] (& $Script | Select-Object -Last 1) }
    catch {
        if ($_.FullyQualifiedErrorId -ne 'LabPartLeftOut') { throw }
        Say "Left out: $_"
        $part.State, $part.Facts = 'LeftOut', [pscustomobject] @{ Reason = "$_" }
    }
    $parts.Add($part)
}

# Leaves out the rest of a part.
function Skip-Part([string] $Why) { throw [Management.Automation.ErrorRecord]::new([InvalidOperationException]::new($Why), 'LabPartLeftOut', 'NotImplemented', $null) }

# Cleans up what was made, the newest first; one that fails does not keep the others.
function Add-CleanUp([scriptblock] $Script) { $clean.Push($Script) }
function Clear-Lab {
    if ($Keep) { return Say "`nEverything stays (-Keep)." }
    while ($clean.Count) {
        try { $null = & $clean.Pop() }
        catch { Write-Warning "Could not clean up: $_" }
    }
}

# Where the lab runs: on what this session is connected to or the environment names, else on the emulator. True on the emulator.
function Start-Place([ValidateSet('AWS', 'Kubernetes')] [string] $System, [bool] $Emulator) {
    $session = Get-LabSession
    $setting = $System -eq 'AWS' ? $session.Credential : $session.KubeContext
    if ($Emulator -or -not $setting.Value) {
        $script:started = Start-LabEmulator
        Add-CleanUp { $started | Stop-LabEmulator }
        Say 'This lab runs on the emulator.'
        return $true
    }
    Say "This lab runs on $($System -eq 'AWS' ? ($session.S3Endpoint.Value ?? 'AWS') : "the cluster of context $($setting.Value)") ($($setting.Source))."
    $setting.Source -eq 'Start-LabEmulator'
}
