#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . (Join-Path $PSScriptRoot Common.ps1)
    function ConvertTo-Stamp([int] $Minutes) { [DateTimeOffset]::UtcNow.AddMinutes(-$Minutes).ToString('yyyy-MM-dd\THH:mm:ss\Z') }

    function New-CronJob([string] $Name, [hashtable] $Status = @{}, [hashtable] $Spec = @{}) {
        $Spec.schedule ??= '*/10 * * * *'
        [pscustomobject] @{
            Kind = 'CronJob'; Name = $Name; Namespace = 'movies'; CreationTimestamp = [DateTimeOffset]::UtcNow.AddDays(-1)
            Metadata = @{ name = $Name; namespace = 'movies'; uid = "uid-$Name"; creationTimestamp = ConvertTo-Stamp 1440 }; Spec = $Spec; Status = $Status
        }
    }
    function New-Job([string] $Of, [string] $Name, [int] $Minutes, [string] $End) {
        $status = @{ startTime = ConvertTo-Stamp $Minutes }
        if ($End) { $status.conditions = @(@{ type = $End; status = 'True'; reason = 'BackoffLimitExceeded'; message = 'It failed.' }) }
        [pscustomobject] @{ Name = $Name; Namespace = 'movies'; CreationTimestamp = [DateTimeOffset]::UtcNow.AddMinutes(-$Minutes); Status = $status; Metadata = @{ ownerReferences = @(@{ uid = "uid-$Of"; controller = $true }) } }
    }
}

Describe 'Test-CronJobHealth with mocks' -Tag Kubernetes {
    BeforeEach {
        $givenCronJobs = $givenJobs = @()
        Mock Get-LabResource { $givenCronJobs } -ParameterFilter { $Kind -eq 'cronjobs' }
        Mock Get-LabResource { $givenJobs } -ParameterFilter { $Kind -eq 'jobs' }
        Mock Get-LabSchedule { [pscustomobject] @{ MostRecentTime = $null; Reason = '' } } -ParameterFilter { $Missed }
        Mock Get-LabSchedule { [pscustomobject] @{ Time = [DateTimeOffset]::UtcNow.AddMinutes(5) } } -ParameterFilter { -not $Missed }
    }

    It 'is content with one that runs' {
        $givenCronJobs = @(New-CronJob fine @{ lastScheduleTime = ConvertTo-Stamp 8; lastSuccessfulTime = ConvertTo-Stamp 7 })
        $givenJobs = @(New-Job fine fine-1 8 Complete)
        $summary = Invoke-Script Test-CronJobHealth @{ Namespace = 'movies' }
        $summary.Status, $summary.Result.Healthy | Should -Be Succeeded, 1
        $summary.Result.Items[0].Next | Should -BeOfType ([DateTimeOffset])
    }

    It 'finds a run that was missed, and the job that is in its way' {
        Mock Get-LabSchedule { [pscustomobject] @{ MostRecentTime = [DateTimeOffset]::UtcNow.AddMinutes(-30); Reason = 'One run was missed.' } } -ParameterFilter { $Missed }
        $givenCronJobs = @(New-CronJob late @{ })
        $summary = Invoke-Script Test-CronJobHealth @{ }
        $summary.ExitCode, $summary.Findings.Code, $summary.Result.Items[0].Problems | Should -Be 1, MissedRun, MissedRun
        $givenJobs = @(New-Job late late-1 40)
        (Invoke-Script Test-CronJobHealth @{ }).Findings[0].Message | Should -Match 'its job late-1 is still active'
        (Invoke-Script Test-CronJobHealth @{ LateMinutes = 60 }).Findings | Should -BeNullOrEmpty
    }

    It 'counts failures in a row, since the last success' {
        $givenCronJobs = @(New-CronJob bad @{ lastScheduleTime = ConvertTo-Stamp 10 })
        $givenJobs = @(New-Job bad bad-3 10 Failed), (New-Job bad bad-2 20 Failed), (New-Job bad bad-1 30 Complete), (New-Job bad bad-0 40 Failed), (New-Job other other-1 5 Failed)
        $summary = Invoke-Script Test-CronJobHealth @{ }
        $summary.Findings.Code | Should -Be LastRunFailed
        $summary.Findings[0].Message | Should -Match 'failed 2 times in a row, the last time in bad-3: BackoffLimitExceeded'
        $summary.Findings[0].Action | Should -Match 'Get-LabPodLog job/bad-3 -Namespace movies'
    }

    It 'finds a run without success whose job is gone' {
        $givenCronJobs = @(New-CronJob lost @{ lastScheduleTime = ConvertTo-Stamp 20; lastSuccessfulTime = ConvertTo-Stamp 80 })
        (Invoke-Script Test-CronJobHealth @{ }).Findings.Code | Should -Be NoSuccess
    }

    It 'finds a job that runs for too long' {
        $givenCronJobs = @(New-CronJob slow @{ lastScheduleTime = ConvertTo-Stamp 200 })
        $givenJobs = @(New-Job slow slow-1 200)
        (Invoke-Script Test-CronJobHealth @{ MaxRun = '01:00:00' }).Findings.Code | Should -Be RunsLong
        (Invoke-Script Test-CronJobHealth @{ MaxRun = '10:00:00' }).Findings | Should -BeNullOrEmpty
    }

    It 'finds a suspended one, unless it may be' {
        $givenCronJobs = @(New-CronJob off @{ } @{ suspend = $true })
        (Invoke-Script Test-CronJobHealth @{ }).Findings.Code | Should -Be Suspended
        (Invoke-Script Test-CronJobHealth @{ AllowSuspended = 'movies/o*' }).Status | Should -Be Succeeded
    }

    It 'finds a schedule that is not one, and goes on' {
        Mock Get-LabSchedule { Write-Error -ErrorRecord (New-Problem ScheduleInvalid 'Column 1.') } -ParameterFilter { $Missed }
        $givenCronJobs = @(New-CronJob a), (New-CronJob b)
        (Invoke-Script Test-CronJobHealth @{ }).Findings.Code | Should -Be ScheduleInvalid, ScheduleInvalid
    }

    It 'cannot run without a cluster' {
        Mock Get-LabResource { throw (New-Problem ClusterUnreachable 'No answer.') } -ParameterFilter { $Kind -eq 'cronjobs' }
        (Invoke-Script Test-CronJobHealth @{ }).ExitCode | Should -Be 2
    }
}

Describe 'Test-CronJobHealth on the emulator' -Tag Kubernetes {
    BeforeAll {
        $emulator = Start-LabEmulator
        $null = New-LabKubeNamespace movies
        function Deploy-CronJob([string] $Name, [string] $Rest = '', [string] $Image = 'busybox:1.36') {
            $null = @"
apiVersion: batch/v1
kind: CronJob
metadata: { name: $Name, namespace: movies, labels: { app: $Name } }
spec:
  schedule: "0 0 1 1 *"
  $Rest
  jobTemplate: { spec: { backoffLimit: 0, template: { spec: { restartPolicy: Never, containers: [{ name: a, image: "$Image" }] } } } }
"@ | Deploy-LabManifest -ErrorAction Stop
        }
    }

    AfterAll { $emulator | Stop-LabEmulator }

    It 'reads schedules, jobs and suspension from the cluster' {
        Deploy-CronJob fine
        Deploy-CronJob halted 'suspend: true'
        Deploy-CronJob crash -Image crash:1
        $null = Start-LabJob crash-1 -CronJob crash -Namespace movies
        $null = Wait-LabResource job crash-1 -Namespace movies -For Condition=Failed -Timeout 60
        $report = Join-Path $TestDrive cronjobs.md
        $summary = Invoke-Script Test-CronJobHealth @{ Namespace = 'movies'; ReportPath = $report }
        $summary.Result.CronJobs, $summary.Result.Healthy | Should -Be 3, 1
        $summary.Findings.Code | Sort-Object | Should -Be LastRunFailed, Suspended
        ($summary.Result.Items | Where-Object Name -EQ fine).Next.Month | Should -Be 1
        Get-Content -Raw $report | Should -Match '\| movies \| halted \|'
        (Invoke-Script Test-CronJobHealth @{ Namespace = 'movies'; LabelSelector = 'app=fine' }).Result.CronJobs | Should -Be 1
    }
}
