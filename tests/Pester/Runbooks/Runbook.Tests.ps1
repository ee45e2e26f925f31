#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# What the runbooks share: lock, log, findings, time limit, summary, exit code; and what README.md and cronjob.yaml say about them.

BeforeDiscovery {
    $folder = Join-Path (Split-Path (Split-Path (Split-Path $PSScriptRoot))) 'examples/runbooks'
    $scripts = @(Get-ChildItem $folder -Filter *.ps1 | ForEach-Object { @{ Name = $_.BaseName; File = $_.FullName } })
    $functions = @(Import-Module (Join-Path $folder Runbook.psm1) -PassThru | ForEach-Object { $_.ExportedFunctions.Keys } | ForEach-Object { @{ Name = $_ } })
}

BeforeAll {
    . (Join-Path $PSScriptRoot Common.ps1)
    Import-Module (Join-Path $runbooks Runbook.psm1)
    $here = @{ StatePath = Join-Path $TestDrive state }

    # A runbook in a process of its own; it says its exit code.
    function Invoke-Process([string] $Body, [string[]] $Arguments) {
        $file = Join-Path $TestDrive 'own runbook.ps1'
        Set-Content $file @"
Import-Module '$(Join-Path $runbooks Runbook.psm1)'
`$summary = Invoke-Runbook -Name Own -StatePath '$($here.StatePath)' -Body { $Body }
`$summary
exit `$summary.ExitCode
"@
        $null = & $pwsh -NoProfile -NonInteractive -File $file @Arguments 2>&1
        $LASTEXITCODE
    }
}

Describe 'A runbook' -Tag Module {
    It 'gives a summary with its result, its steps and their durations' {
        $summary = Invoke-Runbook -Name A @here -Body { param($Run) $Run.Result.Objects = Invoke-RunbookStep Count { 3 }; 'this is not output' } 6>$null
        $summary | Should -HaveCount 1
        $summary.Status | Should -Be Succeeded
        $summary.ExitCode | Should -Be 0
        $summary.Result.Objects | Should -Be 3
        $summary.Steps.Name | Should -Be Count
        $summary.Steps[0].Duration | Should -BeOfType timespan
    }

    It 'has findings with what to do' {
        $summary = Invoke-Runbook -Name A @here -Body { Add-RunbookFinding 'It is old.' -Target x -Code Old -Action 'Replace it.' } 6>$null 3>$null
        $summary.Status | Should -Be Findings
        $summary.ExitCode | Should -Be 1
        $summary.Findings[0].Action | Should -Be 'Replace it.'
    }

    It 'fails before it changes something, and is incomplete after' {
        $failed = Invoke-Runbook -Name A @here -Body { Invoke-RunbookStep Read { throw 'no' } } *>&1 | Select-Object -Last 1
        $failed.Status, $failed.ExitCode, $failed.Error.Message | Should -Be Failed, 2, no
        $begun = Invoke-Runbook -Name A @here -Body { Invoke-RunbookStep Write -Changes { throw 'no' } } *>&1 | Select-Object -Last 1
        $begun.Status, $begun.ExitCode | Should -Be Incomplete, 1
        $preview = Invoke-Runbook -Name A @here -Preview -Body { Invoke-RunbookStep Write -Changes { throw 'no' } } *>&1 | Select-Object -Last 1
        $preview.Status | Should -Be Failed
    }

    It 'says what to do about an error of a cmdlet' {
        $summary = Invoke-Runbook -Name A @here -Body { Get-LabSchedule '0 24 * * *' -ErrorAction Stop } *>&1 | Select-Object -Last 1
        $summary.Error.Code | Should -Be ScheduleInvalid
        $none = Invoke-Runbook -Name A @here -Body { Stop-Runbook 'No.' -Code None -Action 'Try that.' } *>&1 | Select-Object -Last 1
        $none.Error.Action | Should -Be 'Try that.'
    }

    It 'ends when its time is up' {
        $summary = Invoke-Runbook -Name A @here -TimeLimit '00:00:00.001' -Body { while ($true) { Assert-RunbookTime } } *>&1 | Select-Object -Last 1
        $summary.Status, $summary.ExitCode, $summary.Error.Code | Should -Be TimedOut, 1, RunbookTimeLimit
        $summary.Error.Action | Should -Match 'TimeLimit'
    }

    It 'ends with exit code <Code> where <Status>' -ForEach @(
        @{ Status = 'it succeeds'; Body = ''; Code = 0 }
        @{ Status = 'there are findings'; Body = 'Add-RunbookFinding a -Code b -Action c'; Code = 1 }
        @{ Status = 'it cannot run'; Body = 'throw 1'; Code = 2 }
    ) {
        Invoke-Process $Body | Should -Be $Code
    }
}

Describe 'The log' -Tag Module {
    It 'is JSON lines in a file and text on the console' {
        $file = Join-Path $TestDrive 'logs/a.jsonl'
        $text = Invoke-Runbook -Name A @here -LogPath $file -Body {
            Invoke-RunbookStep Copy { Write-RunbookLog "two`nlines" -Data @{ objects = 3 } }
            Write-RunbookLog bad -Level Error
        } *>&1 | Out-String -Width 200
        $lines = Get-Content $file | ConvertFrom-Json
        ($lines.run | Sort-Object -Unique) | Should -HaveCount 1
        $line = $lines | Where-Object message -EQ 'two lines'
        $line.step, $line.level, $line.runbook, $line.data.objects | Should -Be Copy, info, A, 3
        ($lines | Where-Object message -EQ 'step succeeded').ms | Should -BeGreaterOrEqual 0
        $lines[-1].data.status | Should -Be Succeeded
        $text | Should -Match 'A/Copy: two lines'
        $text | Should -Match 'A: bad'
    }

    It 'sends errors to the error stream, so that a scheduler that drops the rest shows them' {
        $file = Join-Path $TestDrive stream.ps1
        Set-Content $file "Import-Module '$(Join-Path $runbooks Runbook.psm1)'; `$null = Invoke-Runbook -Name A -StatePath '$($here.StatePath)' -Body { Write-RunbookLog fine; Write-RunbookLog broken -Level Error }"
        $errors = & $pwsh -NoProfile -NonInteractive -File $file 2>&1 | Where-Object { $_ -is [Management.Automation.ErrorRecord] } | Out-String
        $errors | Should -Match 'A: broken'
        $errors | Should -Not -Match 'A: fine'
    }

    It 'shows no secret, wherever it appears' {
        $file = Join-Path $TestDrive secret.jsonl
        $credential = [pscredential]::new('ann', (ConvertTo-SecureString 'pass/Word+1' -AsPlainText))
        $output = Invoke-Runbook -Name A @here -LogPath $file -Body {
            param($Run)
            Add-RunbookSecret $credential.GetNetworkCredential().Password
            Write-RunbookLog 'it is pass/Word+1' -Data @{ a = 'xpass/Word+1x'; b = @{ c = @('pass/Word+1', 7) }; d = $credential; e = $credential.Password }
            Add-RunbookFinding 'pass/Word+1 is old' -Code a -Action 'drop pass/Word+1'
            Save-RunbookReport (Join-Path $TestDrive secret.md) @([pscustomobject] @{ A = 'pass/Word+1' }) -Title T -Property A
            throw 'wrong: pass/Word+1'
        } *>&1
        ($output | Out-String -Width 500) + ($output[-1] | ConvertTo-Json -Depth 5) + (Get-Content -Raw $file) + (Get-Content -Raw (Join-Path $TestDrive secret.md)) | Should -Not -Match 'pass/Word'
        $line = Get-Content $file | ConvertFrom-Json | Where-Object message -EQ 'it is ***'
        $line.data.a, $line.data.b.c[1], $line.data.d, $line.data.e | Should -Be 'x***x', 7, '***', '***'
    }

    It 'that can no longer be written does not stop the work, and is told as one finding' {
        $file = Join-Path $TestDrive full.jsonl
        $summary = Invoke-Runbook -Name A @here -LogPath $file -Body {
            param($Run)
            Remove-Item $file
            $null = New-Item -ItemType Directory $file
            Write-RunbookLog one
            $Run.Result.Done = $true
        } *>&1 | Select-Object -Last 1
        $summary.Status, $summary.ExitCode, $summary.Result.Done | Should -Be Findings, 1, $true
        $summary.Findings.Code | Should -Be LogIncomplete
        $summary.Findings.Message | Should -BeLike "*$file*"
    }

    It 'that cannot be written keeps the runbook from starting' {
        $file = New-Item -ItemType File (Join-Path $TestDrive 'a file')
        $summary = Invoke-Runbook -Name A @here -LogPath (Join-Path $file log.jsonl) -Body { throw 'it ran' } *>&1 | Select-Object -Last 1
        $summary.ExitCode, $summary.Error.Code | Should -Be 2, LogUnwritable
    }
}

Describe 'A report' -Tag Module {
    It 'is Markdown whose cells cannot break the table, or JSON that is a list' {
        $null = Invoke-Runbook -Name A @here -Body {
            Save-RunbookReport (Join-Path $TestDrive r.md) @([pscustomobject] @{ Name = "a|b`nc"; Time = [DateTimeOffset] '2026-01-02T03:04:05Z' }) -Title Things -Property Name, Time
            Save-RunbookReport (Join-Path $TestDrive r.json) @([pscustomobject] @{ Name = 'a' }) -Title Things -Property Name
            Save-RunbookReport (Join-Path $TestDrive none.json) @() -Title Things -Property Name
        } 6>$null
        Get-Content (Join-Path $TestDrive r.md) | Should -Contain '| a\|b<br>c | 2026-01-02 03:04Z |'
        Get-Content -Raw (Join-Path $TestDrive r.json) | Should -Match '^\['
        (Get-Content -Raw (Join-Path $TestDrive none.json)).Trim() | Should -Be '[]'
    }
}

Describe 'The lock' -Tag Module {
    It 'keeps a second run out, which says who is there' {
        $summary = Invoke-Runbook -Name Lock @here -Body {
            param($Run)
            $Run.Result.First = $Run.RunId
            $Run.Result.Second = Invoke-Runbook -Name Lock @here -Body { throw 'it ran' } 2>$null
            $Run.Result.Other = Invoke-Runbook -Name Lock @here -Key other -Body { }
        } 6>$null
        $summary.Result.Second.Status, $summary.Result.Second.ExitCode | Should -Be AlreadyRunning, 3
        $summary.Result.Second.Error.Message | Should -Match $summary.Result.First
        $summary.Result.Second.Error.Message | Should -Match "process $PID"
        $summary.Result.Other.ExitCode | Should -Be 0
        (Invoke-Runbook -Name Lock @here -Body { } 6>$null).ExitCode | Should -Be 0
    }

    It 'that cannot be written keeps the runbook from starting' {
        $file = New-Item -ItemType File (Join-Path $TestDrive 'no folder')
        $summary = Invoke-Runbook -Name A -StatePath (Join-Path $file state) -Body { throw 'it ran' } *>&1 | Select-Object -Last 1
        $summary.ExitCode, $summary.Error.Code | Should -Be 2, LockUnwritable
        $summary.Error.Action | Should -Match '-StatePath'
    }

    It 'is given back after an error' {
        (Invoke-Runbook -Name Lock @here -Body { throw 'no' } *>&1 | Select-Object -Last 1).ExitCode | Should -Be 2
        (Invoke-Runbook -Name Lock @here -Body { } 6>$null).ExitCode | Should -Be 0
    }

    It 'keeps another process out, and is free when that process is killed' {
        $flag = Join-Path $TestDrive 'it runs'
        $file = Join-Path $TestDrive holder.ps1
        Set-Content $file "Import-Module '$(Join-Path $runbooks Runbook.psm1)'; Invoke-Runbook -Name Own -StatePath '$($here.StatePath)' -Body { Set-Content '$flag' x; [Threading.Thread]::Sleep(-1) }"
        $holder = Start-Process $pwsh -ArgumentList '-NoProfile', '-NonInteractive', '-File', "`"$file`"" -PassThru -RedirectStandardOutput (Join-Path $TestDrive out.txt)
        try {
            $until = [DateTime]::UtcNow.AddSeconds(60)
            while (-not (Test-Path $flag) -and [DateTime]::UtcNow -lt $until) { Start-Sleep -Milliseconds 50 }
            Test-Path $flag | Should -BeTrue
            Invoke-Process 'throw 1' | Should -Be 3
        }
        finally {
            # What was started may be a script that starts PowerShell.
            $process = Get-Process -Id (Get-Content (Join-Path $here.StatePath Own-*.owner) | ConvertFrom-Json).pid
            $process.Kill()
            $process.WaitForExit()
            $holder.WaitForExit()
        }
        $log = Join-Path $TestDrive taken.jsonl
        (Invoke-Runbook -Name Own @here -LogPath $log -Body { } 6>$null 3>$null).ExitCode | Should -Be 0
        (Get-Content $log | ConvertFrom-Json)[0].message | Should -Match 'ended without releasing its lock'
    }

    Context 'of a file system that does not lock' {
        BeforeEach {
            Mock -ModuleName Runbook Test-RunbookLocking { $false }
            $null = Invoke-Runbook -Name Plain @here -Body { } 6>$null
            $owner = (Get-ChildItem $here.StatePath -Filter Plain-*.lock)[0].FullName -replace 'lock$', 'owner'
            $entry = @{ pid = $PID; host = [Environment]::MachineName; run = 'R'; started = (Get-Process -Id $PID).StartTime.ToUniversalTime().ToString('o'); until = [DateTimeOffset]::UtcNow.AddHours(1).ToString('o') }
        }

        AfterEach { Remove-Item $owner -ErrorAction Ignore }

        It 'is held by a process with that id and that time of start' {
            Set-Content $owner ($entry | ConvertTo-Json)
            (Invoke-Runbook -Name Plain @here -Body { } 2>$null 6>$null).ExitCode | Should -Be 3
        }

        It 'is not held by another process that has got the id' {
            $entry.started = '2020-01-01T00:00:00Z'
            Set-Content $owner ($entry | ConvertTo-Json)
            (Invoke-Runbook -Name Plain @here -Body { } 3>$null 6>$null).ExitCode | Should -Be 0
        }

        It 'is not held by a process that is gone' {
            $gone = Start-Process $pwsh -ArgumentList '-Version' -PassThru -RedirectStandardOutput (Join-Path $TestDrive v.txt)
            $gone.WaitForExit()
            $entry.pid = $gone.Id
            Set-Content $owner ($entry | ConvertTo-Json)
            (Invoke-Runbook -Name Plain @here -Body { } 3>$null 6>$null).ExitCode | Should -Be 0
        }

        It 'is held by another machine until its time limit is over' {
            $entry.host = 'elsewhere'
            Set-Content $owner ($entry | ConvertTo-Json)
            (Invoke-Runbook -Name Plain @here -Body { } 2>$null 6>$null).ExitCode | Should -Be 3
            $entry.until = [DateTimeOffset]::UtcNow.AddMinutes(-1).ToString('o')
            Set-Content $owner ($entry | ConvertTo-Json)
            (Invoke-Runbook -Name Plain @here -Body { } 3>$null 6>$null).ExitCode | Should -Be 0
        }

        It 'is free if what it says cannot be read' {
            Set-Content $owner '{ "pid": '
            (Invoke-Runbook -Name Plain @here -Body { } 6>$null).ExitCode | Should -Be 0
        }
    }
}

Describe '<Name>' -Tag Module -ForEach $scripts {
    BeforeAll {
        $command = Get-Command $File
        $common = [Management.Automation.PSCmdlet]::CommonParameters + [Management.Automation.PSCmdlet]::OptionalCommonParameters
        $own = @($command.Parameters.Keys | Where-Object { $_ -notin $common })
    }

    It 'has help for each parameter, two examples, and what it gives' {
        $help = Get-Help $File -Full
        $help.Synopsis | Should -Not -Match '\.ps1'
        "$($help.Description.Text)" | Should -Match 'Exit code'
        foreach ($parameter in $own) { "$(($help.parameters.parameter | Where-Object name -EQ $parameter).description.Text)" | Should -Not -BeNullOrEmpty -Because $parameter }
        @($help.examples.example).Count | Should -BeGreaterOrEqual 2
        "$($help.returnValues.returnValue.type.name)" | Should -Match 'CloudLab.Runbook.Summary'
    }

    It 'takes -WhatIf and what all of them take' {
        foreach ($parameter in 'WhatIf', 'LogPath', 'StatePath', 'TimeLimit') { $command.Parameters.Keys | Should -Contain $parameter }
    }

    It 'has examples whose parameters exist' {
        foreach ($example in (Get-Help $File -Full).examples.example) {
            $tokens = $null
            $tree = [Management.Automation.Language.Parser]::ParseInput($example.code, [ref] $tokens, [ref] $null)
            $calls = $tree.FindAll({ param($node) $node -is [Management.Automation.Language.CommandAst] -and "$node" -match [regex]::Escape("$Name.ps1") }, $true)
            $calls | Should -HaveCount 1
            $used = $calls.CommandElements | Where-Object { $_ -is [Management.Automation.Language.CommandParameterAst] } | ForEach-Object ParameterName | Where-Object { $_ -notin 'NoProfile', 'File' }
            foreach ($parameter in $used) { $command.Parameters.Keys | Should -Contain $parameter }
        }
    }

    It 'is in README.md with a line for cron, a CronJob and a scheduled task whose parameters exist' {
        $page = Get-Content -Raw (Join-Path $runbooks README.md)
        $section = [regex]::Match($page, "(?ms)^## $Name\r?\n.*?(?=^## |\z)").Value
        $section | Should -Match '(?m)^[\d*/]+ [\d*/]+ [\d*/]+ [\d*/]+ [\d*/-]+ .*pwsh'
        $section | Should -Match 'schedule:'
        $section | Should -Match 'Register-ScheduledTask'
        foreach ($line in $section -split '\n' | Where-Object { $_ -match "$Name\.ps1" }) {
            $arguments = $line.Substring($line.IndexOf("$Name.ps1"))
            foreach ($match in [regex]::Matches($arguments, "(?<=[\s'`"])-([A-Z][A-Za-z]+)")) {
                $match.Groups[1].Value | Should -BeIn ($own + 'WhatIf', 'Trigger', 'Settings', 'TaskName', 'Argument') -Because $line
            }
        }
    }
}

Describe 'README.md' -Tag Module {
    It 'has PowerShell without errors' {
        $blocks = [regex]::Matches((Get-Content -Raw (Join-Path $runbooks README.md)), '(?s)```powershell\r?\n(.*?)```')
        $blocks.Count | Should -BeGreaterThan 7
        foreach ($block in $blocks) {
            $errors = $null
            $null = [Management.Automation.Language.Parser]::ParseInput($block.Groups[1].Value, [ref] $null, [ref] $errors)
            $errors | Should -BeNullOrEmpty
        }
    }
}

Describe 'Runbook.psm1' -Tag Module {
    It 'has help for <Name>' -ForEach $functions {
        $help = Get-Help $Name -Full
        $help.Synopsis | Should -Not -BeLike "*$Name*"
        foreach ($parameter in $help.parameters.parameter) { "$($parameter.description.Text)" | Should -Not -BeNullOrEmpty -Because $parameter.name }
        $help.examples.example | Should -Not -BeNullOrEmpty
    }
}

Describe 'cronjob.yaml' -Tag Module {
    BeforeAll { $manifest = Join-Path $runbooks cronjob.yaml }

    It 'would be taken by a cluster' {
        $emulator = Start-LabEmulator
        try {
            $null = New-LabKubeNamespace runbooks
            $objects = Deploy-LabManifest $manifest -DryRun -ErrorAction Stop
            $objects.Kind | Should -Contain CronJob
            $objects.Action | ForEach-Object { $_ | Should -BeIn Created, Unchanged }
        }
        finally { $emulator | Stop-LabEmulator }
    }

    It 'runs a runbook that exists with parameters that it has' {
        $job = ConvertFrom-LabManifest $manifest | Where-Object Kind -EQ CronJob
        $container = $job.Spec.jobTemplate.spec.template.spec.containers[0]
        $line = "$($container.command) $($container.args)"
        $command = Get-Command (Join-Path $runbooks ([regex]::Match($line, '[A-Z][\w-]+\.ps1').Value))
        foreach ($word in @($container.args) -match '^-[A-Z]') { $command.Parameters.Keys + 'NoProfile', 'NonInteractive', 'File' | Should -Contain $word.Substring(1) }
        $job | Test-LabSchedule -Quiet | Should -BeTrue
        $job.Spec.concurrencyPolicy | Should -Be Forbid
    }

    It 'writes to its volume alone, and so do the arguments of README.md that go in its place' {
        $job = ConvertFrom-LabManifest $manifest | Where-Object Kind -EQ CronJob
        $container = $job.Spec.jobTemplate.spec.template.spec.containers[0]
        $container.securityContext.readOnlyRootFilesystem | Should -BeTrue
        $volumes = @($container.volumeMounts | Where-Object { -not $_.readOnly } | ForEach-Object { $_.mountPath })
        $variables = @{}
        foreach ($variable in $container.env) { $variables[$variable.name] = $variable.value }
        $options = @($container.args -join ' ') + [regex]::Matches((Get-Content -Raw (Join-Path $runbooks README.md)), '(?m)^args: \[(.*)\]').ForEach({ $_.Groups[1].Value -replace ',' })
        $options.Count | Should -BeGreaterThan 7
        $places = foreach ($line in $options) {
            # The folder of a user is not to be counted on: the lock has its place.
            $line | Should -Match ' -StatePath /'
            [regex]::Matches($line, '(?<= -(StatePath|LogPath|ReportPath|PolicyFolder) )\S+').Value
        }
        # PowerShell's own files (its caches, its sockets) and those of the connections are in these two.
        foreach ($place in @($variables.TMPDIR ?? '/tmp'; $variables.HOME; $places)) {
            $volumes | Where-Object { "$place/".StartsWith("$_/") } | Should -Not -BeNullOrEmpty -Because "$place is written to"
        }
    }
}
