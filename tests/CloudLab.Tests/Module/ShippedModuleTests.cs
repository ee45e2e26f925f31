using System.Diagnostics;
using Xunit;

namespace CloudLab.Tests.Module;

/// <summary>The module that ./build.sh made, in a PowerShell of its own: there Core is not in the default load context, as it is in the other tests.</summary>
[Trait("Area", "Module")]
public class ShippedModuleTests
{
    [Fact]
    public async Task Core_and_its_packages_are_in_a_context_of_their_own() => Assert.Equal(
        ["CloudLab.Core: CloudLab", "AWSSDK.Core: CloudLab", "CloudLab.Cmdlets: Default"],
        await RunAsync("""
            $emulator = Start-LabEmulator
            $null = Get-LabBucket
            $emulator | Stop-LabEmulator
            foreach ($name in 'CloudLab.Core', 'AWSSDK.Core', 'CloudLab.Cmdlets') {
                $contexts = [AppDomain]::CurrentDomain.GetAssemblies() | Where-Object { $_.GetName().Name -eq $name } |
                    ForEach-Object { [Runtime.Loader.AssemblyLoadContext]::GetLoadContext($_).Name }
                "${name}: $contexts"
            }
            """));

    [Fact]
    public async Task Cmdlets_and_drive_work_against_the_emulator() => Assert.Equal(
        ["a/1.txt", "one", "a", "NoSuchBucket"],
        await RunAsync("""
            $emulator = Start-LabEmulator
            $null = New-LabBucket movies
            'one' | Set-LabObjectContent -Bucket movies -Key a/1.txt
            Get-LabObject movies | ForEach-Object Key
            Get-LabObject movies | Get-LabObjectContent
            $null = New-PSDrive lab LabS3 movies
            (Get-ChildItem lab:/).Name
            try { Get-LabObject none -ErrorAction Stop } catch { ($_.FullyQualifiedErrorId -split ',')[0] }
            $emulator | Stop-LabEmulator
            """));

    private static async Task<string[]> RunAsync(string script)
    {
        // test.sh names it; else the one on the PATH. Without PowerShell there is no module to try, and that is a failure.
        string program = Environment.GetEnvironmentVariable("PWSH") is { Length: > 0 } named ? named : "pwsh";
        string manifest = Path.Combine(Repository.Folder, "out", "CloudLab", "CloudLab.psd1");
        string output = await ForeignProcess.OutputAsync(new ProcessStartInfo(
            program, ["-NoProfile", "-NonInteractive", "-Command", $"$ErrorActionPreference = 'Stop'; Import-Module '{manifest}'\n{script}"]));
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}
