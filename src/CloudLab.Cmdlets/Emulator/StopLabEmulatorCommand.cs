using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Emulator;

namespace CloudLab.Cmdlets.Emulator;

/// <summary>Stops emulators and gives the session back the defaults it had before.</summary>
/// <remarks>
/// <para>What an emulator kept in memory is gone; what it kept in the folder of Start-LabEmulator -DataPath stays. The session's defaults,
/// and the environment variables that Start-LabEmulator -SetEnvironment set, go back to what they were, unless somebody has changed them since.</para>
/// <para>Errors: EmulatorNotFound when none of the given number runs.</para>
/// </remarks>
/// <example>
/// <para>Stops every emulator of this process.</para>
/// <code>Start-LabEmulator; Stop-LabEmulator</code>
/// </example>
/// <example>
/// <para>Stops one of them.</para>
/// <code>$lab = Start-LabEmulator -NoDefault; $lab | Stop-LabEmulator</code>
/// </example>
/// <inputtype>CloudLab.Emulator.LabEmulatorInfo. What Start-LabEmulator and Get-LabEmulator write.</inputtype>
[Cmdlet(VerbsLifecycle.Stop, "LabEmulator", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class StopLabEmulatorCommand : LabCommand
{
    /// <inheritdoc cref="GetLabEmulatorCommand.Id"/>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public int[]? Id { get; set; }

    /// <summary>The error for a number that no emulator has.</summary>
    /// <param name="id">The number.</param>
    /// <returns>The error.</returns>
    internal static LabException NotFound(int id) => new(
        LabErrorKind.NotFound, "EmulatorNotFound", $"No emulator {id} runs in this process: see Get-LabEmulator.") { Target = id };

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        IReadOnlyList<LabEmulatorInfo> running = RunningEmulators.List();
        foreach (int id in Id ?? running.Select(info => info.Id).Reverse())
        {
            LabEmulatorInfo? info = running.FirstOrDefault(candidate => candidate.Id == id);
            if (info is null)
            {
                WriteProblem(NotFound(id), id);
            }
            else if (await ShouldProcessAsync($"{info.EndpointUrl} and {info.KubernetesUrl}", "Stop emulator")
                && await AskAsync(() => RunningEmulators.Remove(id)) is { } emulator)
            {
                await emulator.DisposeAsync();
            }
        }
    }
}
