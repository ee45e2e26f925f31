# What prepare.sh is to the shell scripts: dot-sourced by quickstart.ps1 and test.ps1, also in Windows PowerShell 5.1.

# Ends the script with one line where the .NET SDK is not there.
function Assert-DotNet {
    if ((Get-Command dotnet -CommandType Application -ErrorAction Ignore) -and "$(dotnet --version 2> $null)" -match '^1\d\.') { return }
    [Console]::Error.WriteLine('The .NET SDK 10 is missing: install it and run this again.')
    exit 1
}

# The version of a PowerShell, or nothing where that is none.
function Get-PwshVersion([string] $Path) {
    if ((Get-Command $Path -CommandType Application -ErrorAction Ignore) -and "$(& $Path -NoLogo -NoProfile -NonInteractive -Version)" -match '^PowerShell (\d+\.\d+(\.\d+)?)') {
        [version] $Matches[1]
    }
}

# Writes the path of a PowerShell 7.6 or later: the one that PWSH names, else the one on the PATH, else the version that
# .config/dotnet-tools.json pins, installed into out/tools.
function Find-Pwsh([string] $Root) {
    $needed = [version] '7.6'
    if ($env:PWSH) {
        if ((Get-PwshVersion $env:PWSH) -ge $needed) { return $env:PWSH }
        throw "PWSH names $env:PWSH, which is not PowerShell 7.6 or later."
    }
    if ((Get-PwshVersion pwsh) -ge $needed) { return @(Get-Command pwsh -CommandType Application)[0].Source }

    $pinned = (Get-Content -Raw (Join-Path $Root '.config/dotnet-tools.json') | ConvertFrom-Json).tools.powershell.version
    $tools = Join-Path $Root 'out/tools'
    $pwsh = Join-Path $tools 'pwsh'
    if (-not (Test-Path (Join-Path $tools ".store/powershell/$pinned"))) {
        Write-Host "Installing PowerShell $pinned into out/tools..."
        $log = dotnet tool update PowerShell --version $pinned --allow-downgrade --tool-path $tools
        if ($LASTEXITCODE) { throw "PowerShell $pinned cannot be had: $($log | Select-Object -Last 1) Install PowerShell 7.6 or later, or name it in PWSH." }
    }
    if ((Get-PwshVersion $pwsh) -ne [version] $pinned) { throw "The PowerShell $pinned in out/tools does not run: install PowerShell 7.6 or later, or name it in PWSH." }
    $pwsh
}
