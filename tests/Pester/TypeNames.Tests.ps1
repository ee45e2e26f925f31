#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# The module's types by their short names: there while the module is, gone with it. Each in a process of its own, since the names are the process's.

Describe 'Short type names' -Tag Module {
    BeforeAll {
        $module = Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1'
        $pwsh = $env:PWSH ? $env:PWSH : (Get-Process -Id $PID).Path
        function Run([string] $Script) { & $pwsh -NoProfile -NonInteractive -Command "Import-Module '$module'; $Script" 2>&1 | ForEach-Object { "$_" } }
    }

    It 'name exceptions and objects' {
        Run @'
try { Get-LabObject bucket -EndpointUrl http://127.0.0.1:1 -Region a -Credential ([pscredential]::new('a', (ConvertTo-SecureString b -AsPlainText))) }
catch [LabException] { "caught $($_.Exception.Kind)" }
$null = Start-LabEmulator
$null = New-LabBucket bucket
Set-LabObjectContent bucket k -Value v
(Get-LabObject bucket) -is [LabObject]
try { Get-LabObject nobucket -ErrorAction Stop } catch [LabException] { "caught $($_.Exception.Code)" }
(New-LabPolicyDocument -Bucket bucket) -is [PolicyDocument]
'@ | Should -Be 'caught ConnectionFailed', 'True', 'caught NoSuchBucket', 'True'
    }

    It 'are gone after Remove-Module, and come again' {
        Run @'
[LabObject].Name
Remove-Module CloudLab
# PowerShell keeps what it has resolved, so one that was not asked for before.
try { & ([scriptblock]::Create('[LabBucket]')) } catch { $_.FullyQualifiedErrorId }
$accelerators = [psobject].Assembly.GetType('System.Management.Automation.TypeAccelerators')
@($accelerators::Get.Keys -like 'Lab*').Count
Import-Module CloudLab
& ([scriptblock]::Create('[LabObject].Name'))
'@.Replace('Import-Module CloudLab', "Import-Module '$module'") | Should -Be 'LabObject', 'TypeNotFound', '0', 'LabObject'
    }

    It 'stay while another session of the process has the module' {
        Run @'
$other = [powershell]::Create()
$null = $other.AddScript("Import-Module '$((Get-Module CloudLab).Path)'").Invoke()
Remove-Module CloudLab
$other.AddScript('[LabObject].Name').Invoke()
$null = $other.AddScript('Remove-Module CloudLab').Invoke()
@([psobject].Assembly.GetType('System.Management.Automation.TypeAccelerators')::Get.Keys -like 'Lab*').Count
'@ | Should -Be 'LabObject', '0'
    }

    It 'leave somebody else''s names alone' {
        & $pwsh -NoProfile -NonInteractive -Command @"
`$accelerators = [psobject].Assembly.GetType('System.Management.Automation.TypeAccelerators')
`$accelerators::Add('LabObject', [version])
Import-Module '$module'
[LabObject].Name; [LabException].Name
Remove-Module CloudLab
[LabObject].Name
"@ | Should -Be 'Version', 'LabException', 'Version'
    }

    It 'are there for all that cmdlets write' {
        Run @'
(Get-Command -Module CloudLab).OutputType.Type | Where-Object { $_.Namespace -like 'CloudLab.Core*' } | Sort-Object -Unique FullName |
    Where-Object { ($_.Name -as [type]) -ne $_ } | ForEach-Object Name
'@ | Should -BeNullOrEmpty
    }
}
