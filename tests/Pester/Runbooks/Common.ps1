# What the tests of the runbooks share; dot-sourced in BeforeAll.
$root = Split-Path (Split-Path (Split-Path $PSScriptRoot))
Import-Module (Join-Path $root 'out/CloudLab/CloudLab.psd1')
$runbooks = Join-Path $root 'examples/runbooks'
$pwsh = $env:PWSH ? $env:PWSH : (Get-Process -Id $PID).Path

# The cmdlets behind the mocks, which stand for their full names too.
$real = @{}
foreach ($cmdlet in Get-Command -Module CloudLab -CommandType Cmdlet) { $real[$cmdlet.Name] = $cmdlet }

# Runs a runbook as a script would. $said has what it wrote to the console, $log its log.
function Invoke-Script([string] $Name, [hashtable] $Options) {
    $file = Join-Path $TestDrive "$([guid]::NewGuid()).jsonl"
    $places = @{ StatePath = Join-Path $TestDrive state; LogPath = $file }
    $output = & (Join-Path $runbooks "$Name.ps1") @places @Options *>&1
    $script:said = ($output | Where-Object { $_.PSTypeNames[0] -ne 'CloudLab.Runbook.Summary' } | Out-String -Width 500)
    $script:log = @(if (Test-Path $file) { Get-Content $file | ConvertFrom-Json })
    $output | Where-Object { $_.PSTypeNames[0] -eq 'CloudLab.Runbook.Summary' }
}

# An error as the cmdlets write it.
function New-Problem([string] $Code, [string] $Message) {
    [Management.Automation.ErrorRecord]::new([InvalidOperationException]::new($Message), $Code, 'NotSpecified', $null)
}
