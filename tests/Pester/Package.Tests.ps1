#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
# The module as people get it: which of its files are loaded, and the way through a gallery. Each case has a PowerShell of its own.

BeforeAll {
    $root = Split-Path (Split-Path $PSScriptRoot)
    $built = Join-Path $root 'out/CloudLab'
    $rid = '{0}-{1}' -f ($IsWindows ? 'win' : $IsMacOS ? 'osx' : 'linux'), [Runtime.InteropServices.RuntimeInformation]::ProcessArchitecture.ToString().ToLowerInvariant()

    # Invoke-Fresh SCRIPT: what it writes. PSModulePath and the like can be set for it.
    function Invoke-Fresh([string] $Script, [hashtable] $Environment = @{}) {
        # A PowerShell that is a .NET tool runs in a process of dotnet: test.sh names the one to start.
        $start = [Diagnostics.ProcessStartInfo]::new($env:PWSH ? $env:PWSH : (Get-Process -Id $PID).Path)
        '-NoProfile', '-NonInteractive', '-EncodedCommand', [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes("`$ErrorActionPreference = 'Stop'; `$ProgressPreference = 'Ignore'; $Script")) |
            ForEach-Object { $start.ArgumentList.Add($_) }
        $start.RedirectStandardOutput = $start.RedirectStandardError = $true
        $start.WorkingDirectory = (New-Item -ItemType Directory (Join-Path $TestDrive ([guid]::NewGuid()))).FullName
        foreach ($name in $Environment.Keys) {
            if ($null -eq $Environment[$name]) { $null = $start.Environment.Remove($name) } else { $start.Environment[$name] = $Environment[$name] }
        }
        $process = [Diagnostics.Process]::Start($start)
        $errors = $process.StandardError.ReadToEndAsync()
        $output = $process.StandardOutput.ReadToEnd()
        $process.WaitForExit()
        $process.ExitCode | Should -Be 0 -Because ($errors.Result + $output)
        Get-ChildItem -Recurse -Force $start.WorkingDirectory | Should -BeNullOrEmpty -Because 'nothing belongs into the current folder'
        $output -split '\r?\n' -ne ''
    }

    # Lists the loaded assemblies of the module by their place in it. Core is loaded by the first cmdlet.
    $useIt = "`$null = Start-LabEmulator; `$name = (New-LabBucket -Bucket packaged).Bucket; Stop-LabEmulator; if (`$name -ne 'packaged') { throw 'no bucket' }"
    $where = "[AppDomain]::CurrentDomain.GetAssemblies().Where({ `$_.GetName().Name -match '^(CloudLab\.|AWSSDK\.S3)' }).Location | ForEach-Object { [IO.Path]::GetRelativePath((Get-Module CloudLab).ModuleBase, `$_).Replace('\', '/') } | Sort-Object"
    $fromIL = 'CloudLab.Cmdlets.dll', 'CloudLab.Loader.dll', 'lib/AWSSDK.S3.dll', 'lib/CloudLab.Core.dll', 'lib/CloudLab.Emulator.dll'
    $compiled = 'CloudLab.Loader.dll', "lib/$rid/AWSSDK.S3.dll", "lib/$rid/CloudLab.Cmdlets.dll", "lib/$rid/CloudLab.Core.dll", "lib/$rid/CloudLab.Emulator.dll"
}

Describe 'What is compiled ahead of time' -Tag Module {
    BeforeDiscovery {
        $isCompiled = Test-Path (Join-Path $PSScriptRoot '../../out/CloudLab/lib/*-*/CloudLab.Core.dll')
    }

    It 'is what runs, also when the module is imported again, in other runspaces and in jobs' -Skip:(-not $isCompiled) {
        Invoke-Fresh "
            Import-Module '$built'
            $useIt
            Import-Module '$built' -Force
            $useIt
            Remove-Module CloudLab
            Import-Module '$built'
            $useIt
            `$other = [powershell]::Create().AddScript({ Import-Module '$built'; $useIt; 'other runspace' })
            `$other.Invoke()
            Start-ThreadJob { Import-Module '$built'; $useIt; 'thread job' } | Receive-Job -Wait
            $where" | Should -Be (@('other runspace', 'thread job') + $compiled)
    }

    It 'is what runs in a job of its own process' -Skip:(-not $isCompiled) {
        Invoke-Fresh "Start-Job { Import-Module '$built'; $useIt; $where } | Receive-Job -Wait" | Should -Be $compiled
    }

    It 'is the same build as the IL' -Skip:(-not $isCompiled) {
        foreach ($file in Get-ChildItem (Join-Path $built "lib/$rid")) {
            $ilFile = Join-Path $built ($file.Name -eq 'CloudLab.Cmdlets.dll' ? '' : 'lib') $file.Name
            $ids = foreach ($path in $file.FullName, $ilFile) {
                $stream = [IO.File]::OpenRead($path)
                $image = [Reflection.PortableExecutable.PEReader]::new($stream)
                $metadata = [Reflection.Metadata.PEReaderExtensions]::GetMetadataReader($image)
                $metadata.GetGuid($metadata.GetModuleDefinition().Mvid)
                $image.Dispose()
            }
            $ids[0] | Should -Be $ids[1] -Because $file.Name
        }
    }

    It 'is not needed: a platform without it runs the IL' {
        $plain = Join-Path (New-Item -ItemType Directory (Join-Path $TestDrive 'plain')) CloudLab
        Copy-Item -Recurse $built $plain
        Get-ChildItem -Directory (Join-Path $plain lib) | Rename-Item -NewName { "other-$($_.Name)" }
        Invoke-Fresh "Import-Module '$plain'; $useIt; $where" | Should -Be $fromIL
    }
}

Describe 'The way through a gallery' -Tag Module {
    # On Windows no variable moves a user's own folders, and a test leaves nothing in them.
    if (-not $IsWindows) {
        It 'publishes to a folder, installs for a user who has nothing yet, loads by name and works' {
            $repository = (New-Item -ItemType Directory (Join-Path $TestDrive 'gallery')).FullName
            $userHome = (New-Item -ItemType Directory (Join-Path $TestDrive 'home')).FullName
            # Without it NuGet in PSResourceGet keeps its configuration in the current folder: .NET names no folder that is not there.
            $null = New-Item -ItemType Directory (Join-Path $userHome ($IsMacOS ? 'Library/Application Support' : '.config'))
            $user = @{ HOME = $userHome; XDG_DATA_HOME = $null; XDG_CONFIG_HOME = $null; XDG_CACHE_HOME = $null; PSModulePath = $null }
            $lines = Invoke-Fresh "
                Register-PSResourceRepository -Name lab -Uri '$repository' -Trusted
                Publish-PSResource -Path '$built' -Repository lab
                (Get-ChildItem '$repository').Name
                Install-PSResource CloudLab -Repository lab -Scope CurrentUser
                (Get-Module -ListAvailable CloudLab).ModuleBase.StartsWith('$userHome')" $user
            $version = (Import-PowerShellDataFile (Join-Path $built CloudLab.psd1)).ModuleVersion
            $lines | Should -Be @("CloudLab.$version.nupkg", 'True')

            # Nobody imports it: its name does.
            Invoke-Fresh "$useIt; (Get-Module CloudLab).ModuleBase.StartsWith('$userHome'); (Get-Help Get-LabBucket).Name" $user | Should -Be @('True', 'Get-LabBucket')
        }
    }

    It 'says in its manifest what a gallery shows' {
        $manifest = Test-ModuleManifest (Join-Path $built CloudLab.psd1)
        $manifest.Description, $manifest.Author, $manifest.LicenseUri, $manifest.ReleaseNotes | Should -Not -BeNullOrEmpty
        $manifest.Tags | Should -Contain PSEdition_Core
        $manifest.Tags | ForEach-Object { $_ | Should -Not -Match '\s' }
    }
}
