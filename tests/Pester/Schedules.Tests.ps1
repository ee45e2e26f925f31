#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# The cmdlets for schedules in the real engine.

BeforeAll {
    $root = Split-Path (Split-Path $PSScriptRoot)
    Import-Module (Join-Path $root 'out/CloudLab/CloudLab.psd1')
    function Complete([string] $Line) { @((TabExpansion2 $Line $Line.Length).CompletionMatches.CompletionText) }
    $manifest = @'
apiVersion: batch/v1
kind: CronJob
metadata: { name: report }
spec:
  schedule: "0 9 * * 1-5"
  timeZone: Europe/London
'@
}

Describe 'Get-LabSchedule' -Tag Autoscaling {
    It 'gives times with their offset, the wait, the zone and the meaning' {
        $run = Get-LabSchedule '0 9 * * 1-5' -TimeZone Europe/London -From '2026-07-03T12:00:00Z' -Count 1
        $run.Time | Should -BeOfType ([DateTimeOffset])
        "$run" | Should -Be '2026-07-06 08:00:00Z'
        $run.LocalTime.Offset | Should -Be ([TimeSpan]::FromHours(1))
        $run.Wait | Should -Be ([TimeSpan]::FromHours(68))
        $run.TimeZone | Should -Be Europe/London
        $run.Description | Should -Be 'At 09:00, on Monday to Friday.'
    }

    It 'gives five runs, or all until a time' {
        Get-LabSchedule '* * * * *' | Should -HaveCount 5
        Get-LabSchedule '* * * * *' -From '2026-03-01 08:00' -Until '2026-03-01 09:00' | Should -HaveCount 60
        Get-LabSchedule '* * * * *' -From '2026-03-01 08:00' -Until '2026-03-01 09:00' -Count 3 | Should -HaveCount 3
    }

    It 'takes a time without an offset as UTC' {
        (Get-LabSchedule '0 * * * *' -From '2026-03-01 08:00' -Count 1).Time | Should -Be ([DateTimeOffset] '2026-03-01T09:00:00Z')
        (Get-LabSchedule '0 * * * *' -From '2026-03-01T08:00:00+05:30' -Count 1).Time | Should -Be ([DateTimeOffset] '2026-03-01T03:00:00Z')
        { Get-LabSchedule '0 * * * *' -From tomorrow } | Should -Throw '*is not a time*'
    }

    It 'takes text, objects, hashtables, manifests, files and paths from the pipeline' {
        $file = Join-Path $TestDrive 'report job.yaml'
        Set-Content $file $manifest
        $inputs = '0 9 * * 1-5', [pscustomobject] @{ Schedule = '0 9 * * 1-5'; Name = 'row' }, @{ Schedule = '0 9 * * 1-5' },
            @{ kind = 'CronJob'; metadata = @{ name = 'h' }; spec = @{ schedule = '0 9 * * 1-5' } }, $manifest, (Get-Item $file), $file
        ($inputs | Get-LabSchedule -Count 1 -From 2026-01-05 -ErrorAction Stop).Name | Should -Be $null, 'row', $null, 'h', 'report', 'report', 'report'
        (Get-Content $file | Get-LabSchedule -Count 1).Name | Should -Be report
        (Get-LabSchedule -Manifest (Join-Path $TestDrive '*.yaml') -Count 1).TimeZone | Should -Be Europe/London
        (Get-LabSchedule -LiteralPath $file -Count 1).Schedule | Should -Be '0 9 * * 1-5'
    }

    It 'takes CronJobs of a cluster' {
        $null = Start-LabEmulator
        try {
            # Every day: with an irregular schedule the controller may find no run.
            $null = $manifest -replace '\* \* 1-5', '* * *' -replace 'timeZone: Europe/London', "jobTemplate: { spec: { template: { spec: { restartPolicy: Never, containers: [{ name: a, image: a }] } } } }" | Deploy-LabManifest
            $job = Get-LabResource cronjobs
            ($job | Get-LabSchedule -Count 1 -TimeZone Asia/Tokyo).TimeZone | Should -Be Asia/Tokyo
            ($job | Get-LabSchedule -Count 1).Name | Should -Be report
            $missed = $job | Get-LabSchedule -Missed -Now ([DateTimeOffset]::UtcNow.AddDays(21))
            $missed.StartsJob | Should -BeTrue
            $missed.JobName | Should -Match '^report-\d+$'
        }
        finally { Get-LabEmulator | Stop-LabEmulator }
    }

    It 'reports <Text> as <Id> and goes on' -ForEach @(
        @{ Text = '60 * * * *'; Id = 'ScheduleInvalid' }, @{ Text = "0`t25 * * *"; Id = 'ScheduleInvalid' }, @{ Text = ''; Id = 'ScheduleInvalid' }, @{ Text = '０ 0 * * *'; Id = 'ScheduleInvalid' }
        @{ Text = '*/0 * * * *'; Id = 'ScheduleInvalid' }, @{ Text = '*/-1 * * * *'; Id = 'ScheduleInvalid' }, @{ Text = '99999999999999999999 * * * *'; Id = 'ScheduleInvalid' }
        @{ Text = 'no-such-file.yaml'; Id = 'ManifestUnreadable' }
    ) {
        $runs = $Text, '0 0 * * *' | Get-LabSchedule -Count 1 -ErrorVariable problems -ErrorAction SilentlyContinue
        $runs | Should -HaveCount 1
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -BeLike "$Id,*"
        $problems[0].Exception.Message | Should -Not -Match "`n|`t"
    }

    It 'does not mix runs and missed runs' {
        { Get-LabSchedule '0 0 * * *' -Missed -Count 3 } | Should -Throw -ErrorId 'AmbiguousParameterSet,*'
        { Get-LabSchedule '0 0 * * *' -Now 2026-01-01 -Until 2026-01-02 } | Should -Throw -ErrorId 'AmbiguousParameterSet,*'
    }

    It 'completes zones, also by city, and schedules with their meaning' {
        Complete 'Get-LabSchedule "0 9 * * *" -TimeZone Europe/Lon' | Should -Be Europe/London
        Complete 'Get-LabSchedule "0 9 * * *" -TimeZone tok' | Should -Be Asia/Tokyo
        Complete "Get-LabSchedule '@da" | Should -Be "'@daily'"
        Complete 'Test-LabSchedule ' | Should -Contain "'*/5 * * * *'"
    }

    It 'shows a table' {
        $table = Get-LabSchedule '30 2 * * *' -TimeZone Europe/Berlin -From 2026-03-01 -Count 1 | Out-String -Width 80
        $table | Should -Match 'Time\s+Wait\s+LocalTime\s+Schedule'
        $table | Should -Match '2026-03-01 01:30:00Z\s+0\.01:30:00 2026-03-01 02:30:00\+01:00 30 2 \* \* \*'
    }

    It 'runs from a text that a CSV file gives' {
        "Name,Schedule,TimeZone`na,0 0 * * *,`nb,0 0 * * *,Asia/Tokyo" | ConvertFrom-Csv | Get-LabSchedule -From 2026-01-01 -Count 1 |
            ForEach-Object TimeZone | Should -Be UTC, Asia/Tokyo
    }
}

Describe 'Test-LabSchedule' -Tag Autoscaling {
    It 'says what is wrong, where, and the right form' {
        $test = Test-LabSchedule '0 24 * * 7'
        $test.Valid | Should -BeFalse
        $test.Column | Should -Be 3
        $test.Problem | Should -Be "Column 3, hour: '24' is outside the hour, which takes 0 to 23."
        $test.Correction | Should -Be '0 0 * * 0'
        $test.ApiMessage | Should -Be 'spec.schedule: Invalid value: "0 24 * * 7": end of range (24) above maximum (23): 24'
        $test.Reason | Should -Be $test.Problem
    }

    It 'is true or false with -Quiet' {
        '0 9 * * *', '0 9 * *', '' | Test-LabSchedule -Quiet | Should -Be $true, $false, $false
        Test-LabSchedule '0 9 * * *' -TimeZone Mars/Phobos -Quiet | Should -BeFalse
        Test-LabSchedule '0 9 * * *' -TimeZone '' -Quiet | Should -BeFalse
    }

    It 'names what a change of clocks does, and what never fires' {
        $test = Test-LabSchedule '30 2 * * *' -TimeZone America/New_York -From 2026-01-01
        $test.SkippedTime[0] | Should -Be '2026-03-08 02:30'
        (Test-LabSchedule '30 1 * * *' -TimeZone America/New_York -From 2026-01-01).RepeatedTime[0] | Should -Be '2026-11-01 01:30'
        (Test-LabSchedule '0 0 31 2 *').NeverFires | Should -BeTrue
        (Test-LabSchedule '0 0 1 * *').NeverFires | Should -BeFalse
    }

    It 'shows a table' {
        $table = '0 24 * * *', '0 0 13 * 5' | Test-LabSchedule | Out-String -Width 120
        $table | Should -Match 'Valid\s+Column\s+Schedule\s+Correction\s+Reason'
        $table | Should -Match 'False\s+3 0 24 \* \* \*\s+0 0 \* \* \*'
    }
}

Describe 'Show-LabScheduleCalendar' -Tag Autoscaling {
    It 'counts collisions and the herd at the full hour, and spreads it' {
        $calendar = '0 * * * *', '@hourly', '@daily' | Show-LabScheduleCalendar -From 2026-03-01 -Days 1
        $calendar.RunCount | Should -Be 49
        $calendar.PeakRunCount | Should -Be 3
        $calendar.PeakTime | Should -Be ([DateTimeOffset] '2026-03-01T00:00:00Z')
        $calendar.FullHourShare | Should -Be 1
        $calendar.CollisionCount | Should -Be 24
        $calendar.SpreadPeakRunCount | Should -Be 1
        ($calendar.Spread | ForEach-Object { Test-LabSchedule $_.Proposal -Quiet }) | Should -Not -Contain $false
        $calendar.RunsByHour[0] | Should -Be 3
    }

    It 'shows the day, whole, in 80 columns' {
        $text = '0 * * * *', '@hourly', '*/5 3 * * *' | Show-LabScheduleCalendar -From 2026-03-01 -Days 1 | Out-String -Width 80
        $text | Should -Match 'UTC\s+:00\s+:05'
        $text | Should -Match '(?m)^\s*03\s+3\s+1\s+1'
        ($text -split '\r?\n' | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual 80
    }

    It 'reports a bad schedule and counts the others; none at all is an error' {
        $calendar = '0 * * * *', '0 0 *' | Show-LabScheduleCalendar -ErrorVariable problems -ErrorAction SilentlyContinue
        $calendar.ScheduleCount | Should -Be 1
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'ScheduleInvalid,*'
        $calendar = 'x' | Show-LabScheduleCalendar -ErrorVariable problems -ErrorAction SilentlyContinue
        $calendar | Should -BeNullOrEmpty
        $problems | Should -HaveCount 2
    }
}
