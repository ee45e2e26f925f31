#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# Many calls in one session leave nothing behind: a new PowerShell measures itself after it is warm and after 2,000 more calls of cheap
# cmdlets of each system, those that fail and those that are stopped among them. benchmarks/memory.ps1 tells how much a call leaves.

Describe 'Memory over many calls' -Tag Module {
    BeforeAll {
        $cloudLab = Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'out/CloudLab/CloudLab.psd1'
        Import-Module $cloudLab
        $emulator = Start-LabEmulator
        $null = New-LabBucket memory
        1..10 | ForEach-Object { Set-LabObjectContent memory "key-$_" 'a little content' }
        # More than a connection holds, so that a reader that stops early leaves some of it there.
        Set-LabObjectContent memory large (, ('a line of some length' * 4) * 12000)
        $null = New-LabRole memory -Service ec2.amazonaws.com
        $settings = foreach ($one in $emulator.GetEnvironment().GetEnumerator()) { "`$env:$($one.Key) = '$($one.Value)';" }
    }

    AfterAll {
        Stop-LabEmulator
    }

    It 'grows neither in objects nor in threads nor in handles: <Name>' -ForEach @(
        @{ Name = 'storage'; Calls = 'Get-LabObject memory; Get-LabObject memory | Select-Object -First 1; Get-LabObjectContent memory large | Select-Object -First 1; try { Get-LabObject there-is-none -ErrorAction Stop } catch { $_ }' }
        @{ Name = 'identity'; Calls = 'Get-LabRole memory; Get-LabCallerIdentity; try { Get-LabRole there-is-none -ErrorAction Stop } catch { $_ }; Test-LabSchedule "*/5 * * * *"' }
        @{ Name = 'kubernetes'; Calls = 'Get-LabResource Namespace; Get-LabResource Namespace | Select-Object -First 1; Get-LabResource Namespace default; try { Get-LabResource ConfigMap there-is-none -ErrorAction Stop } catch { $_ }' }
        @{ Name = 'containers'; Calls = 'try { Get-LabContainer -DockerHost tcp://127.0.0.1:1 -ErrorAction Stop } catch { $_ }; Test-LabSchedule "99 * * * *"' }
    ) {
        $rounds = 2000 / @($Calls -split '; ').Count
        $lines = & ($env:PWSH ? $env:PWSH : (Get-Process -Id $PID).Path) -NoProfile -NonInteractive -Command "
            `$ErrorActionPreference = 'Stop'
            $settings
            Import-Module '$cloudLab'
            function Measure-Self {
                # An error stays in this list.
                `$global:error.Clear()
                1..3 | ForEach-Object { [GC]::Collect(); [GC]::WaitForPendingFinalizers() }
                `$self = [Diagnostics.Process]::GetCurrentProcess()
                [GC]::GetTotalMemory(`$true); `$self.Threads.Count; `$self.HandleCount
            }
            foreach (`$round in 1..100) { `$null = & { $Calls } }
            Measure-Self
            foreach (`$round in 1..$rounds) { `$null = & { $Calls } }
            Measure-Self"
        $LASTEXITCODE | Should -Be 0
        $figures = [long[]] $lines
        $figures | Should -HaveCount 6
        # A call that keeps its answer, its error or its connection keeps more than 1 KiB. PowerShell's pool brings a few threads by itself.
        ($figures[3] - $figures[0]) | Should -BeLessThan (2000 * 1KB) -Because 'no call may keep its objects'
        ($figures[4] - $figures[1]) | Should -BeLessThan 20 -Because 'no call may keep a thread'
        ($figures[5] - $figures[2]) | Should -BeLessThan 40 -Because 'no call may keep a socket or a file'
    }
}
