# What the tests of the labs share; dot-sourced in BeforeAll.
$root = Split-Path (Split-Path (Split-Path $PSScriptRoot))
Import-Module (Join-Path $root 'out/CloudLab/CloudLab.psd1')

# Runs a lab. $said has what it told, $warned its warnings; its parts come back by their names.
function Invoke-Lab([string] $Name, [hashtable] $Options = @{}) {
    $output = & (Join-Path $root "examples/$Name/lab.ps1") @Options 3>&1 6>&1
    $script:said = @($output | Where-Object { $_ -is [Management.Automation.InformationRecord] } | ForEach-Object { "$_" }) -join "`n"
    $script:warned = @($output | Where-Object { $_ -is [Management.Automation.WarningRecord] } | ForEach-Object { "$_" })
    $parts = @{}
    $output | Where-Object { $_.PSTypeNames[0] -eq 'CloudLab.LabPart' } | ForEach-Object { $parts[$_.Part] = $_.Facts; $_.Facts | Add-Member State $_.State }
    $parts
}

# Sets variables of the environment (to nothing for $null); the result sets them back.
function Set-Environment([hashtable] $Variables) {
    $before = @{}
    foreach ($name in $Variables.Keys) {
        $before[$name] = [Environment]::GetEnvironmentVariable($name)
        [Environment]::SetEnvironmentVariable($name, $Variables[$name])
    }
    $before
}
