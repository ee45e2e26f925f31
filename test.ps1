#!/usr/bin/env pwsh
# Builds CloudLab and runs the tests that need no server started for them: xunit and Pester. On Linux use ./test.sh,
# which also starts the real servers; here they are used where the CLOUDLAB_TEST_* variables name them.
# Needs .NET SDK 10; brings PowerShell 7.6 and Pester along, and fails where they cannot be had.
#   ./test.ps1 storage identity    the named areas only
#   $env:CLOUDLAB_TEST_REQUIRE = 'all'    a test skipped for the want of a server (all but kubernetes), or a skipped case of Pester,
#                                  is a failure. Or names, of docker s3 moto tools kubectl simulate kubernetes: that server's variable must be set.
param([Parameter(ValueFromRemainingArguments)] [string[]] $Area)
$ErrorActionPreference = 'Stop'
Push-Location $PSScriptRoot
try {
    . ./tests/services/prepare.ps1
    Assert-DotNet
    $env:PWSH = Find-Pwsh $PSScriptRoot
    dotnet msbuild tests/Pester/Pester.csproj -restore -t:LayOut -nologo -v:quiet
    if ($LASTEXITCODE) { throw 'Pester cannot be had: see above.' }
    $env:PSModulePath = (Join-Path $PSScriptRoot 'out/tools/modules') + [IO.Path]::PathSeparator + $env:PSModulePath
    & ./build.ps1
    if ($LASTEXITCODE) { exit $LASTEXITCODE }
    foreach ($project in 'tests/CloudLab.Tests', 'tests/OtherAwsModule') {
        dotnet build $project -c Release --nologo -v quiet
        if ($LASTEXITCODE) { exit $LASTEXITCODE }
    }
    New-Item -ItemType Directory -Force out/test-results | Out-Null
    $env:CLOUDLAB_TEST_AREAS = "$Area"
    $env:CLOUDLAB_TEST_RESULT = Join-Path $PSScriptRoot 'out/test-results/pester.txt'
    Remove-Item $env:CLOUDLAB_TEST_RESULT -ErrorAction Ignore

    $filters = @($Area | Where-Object { $_ } | ForEach-Object { '-trait'; "Area=$($_.Substring(0, 1).ToUpperInvariant() + $_.Substring(1).ToLowerInvariant())" })
    dotnet tests/CloudLab.Tests/bin/Release/net10.0/CloudLab.Tests.dll -noColor -noLogo @filters | Tee-Object -Variable lines | Where-Object { $_ -notmatch '\[SKIP\]|CLOUDLAB_TEST_[A-Z0-9_]+ is not set' }
    & $env:PWSH -NoProfile -NonInteractive -File tests/Pester/Invoke-Tests.ps1

    # A suite without a summary, or of which nothing ran, is a failure; of the named areas it may have no test.
    $passed = $failed = $skipped = 0
    $suites = @{ Pester = if (Test-Path $env:CLOUDLAB_TEST_RESULT) { [int[]] (-split (Get-Content -TotalCount 1 $env:CLOUDLAB_TEST_RESULT)) } }
    if ("$($lines | Select-Object -Last 20)" -match 'Total: (\d+), Errors: (\d+), Failed: (\d+), Skipped: (\d+)') {
        $total, $errors, $bad, $left = [int[]] $Matches[1..4]
        $suites.xunit = ($total - $bad - $left), ($bad + $errors), $left
    }
    foreach ($suite in 'xunit', 'Pester') {
        $good, $bad, $left = $suites[$suite]
        if (-not ($good + $bad) -and (-not $Area -or $left -or -not $suites[$suite])) {
            "FAILED ${suite}: no test of it ran"
            $failed++
        }
        $passed += $good; $failed += $bad; $skipped += $left
    }
    $required = -split "$env:CLOUDLAB_TEST_REQUIRE"
    $words = @{ $true = 'FAILED'; $false = 'SKIPPED' }
    $variables = @{ docker = 'DOCKER'; s3 = 'S3'; moto = 'MOTO'; tools = 'AWSCLI'; kubectl = 'KUBECTL'; simulate = 'IAM_SIMULATE'; kubernetes = 'KUBECONFIG' }
    foreach ($server in $required | Where-Object { $_ -ne 'all' }) {
        if (-not $variables[$server]) { throw "CLOUDLAB_TEST_REQUIRE: there is no server '$server' ($($variables.Keys | Sort-Object))." }
        $variable = "CLOUDLAB_TEST_$($variables[$server])"
        if (-not [Environment]::GetEnvironmentVariable($variable)) {
            "FAILED ${server}: $variable is not set"
            $failed++
        }
    }
    # Again at the end, where whoever has only the end of a long log sees it.
    # Up to four lines of each failure: what was expected, and what was there.
$lines | Select-String '(\S.*) \[FAIL\]$' -Context 0, 4 | ForEach-Object {
    $said = $_.Context.PostContext.Trim() -join "`n" -replace '(?s)\nStack Trace:.*' -replace '\n.* \[(FAIL|SKIP)\]' -replace '\n', ' '
    "FAILED xunit: $($_.Matches[0].Groups[1].Value): $said"
}
    $lines | Select-String 'CLOUDLAB_TEST_[A-Z0-9_]+(?= is not set)' | ForEach-Object { $_.Matches[0].Value } | Group-Object | ForEach-Object {
        $isFailure = 'all' -in $required -and $_.Name -ne 'CLOUDLAB_TEST_KUBECONFIG'
        "$($words[$isFailure]) $($_.Count) tests of xunit: $($_.Name) is not set"
        $failed += [int] $isFailure
    }
    if ($suites.Pester) {
        foreach ($line in Get-Content $env:CLOUDLAB_TEST_RESULT | Select-Object -Skip 1) {
            $outcome, $name = $line -split ' ', 2
            $isSkip = $outcome -eq 'skipped'
            "$($words[-not $isSkip -or 'all' -in $required]) Pester: $name"
            $failed += [int] ($isSkip -and 'all' -in $required)
        }
    }
    "$passed passed, $failed failed, $skipped skipped"
    exit [int] ($failed -or -not $passed)
}
finally { Pop-Location }
