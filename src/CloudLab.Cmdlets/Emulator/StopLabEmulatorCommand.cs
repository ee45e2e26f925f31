using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Emulator;

namespace CloudLab.Cmdlets.Emulator;

/// <summary>Stops emulators and restores the previous defaults of the session.</summary>
/// <remarks>
/// <para>Data that an emulator kept in memory is lost; data in the folder of Start-LabEmulator -DataPath stays. The session's defaults,
/// and the environment variables that Start-LabEmulator -SetEnvironment set, are restored, unless they have been changed since.</para>
/// <para>Errors: EmulatorNotFound when no emulator with the given number is running.</para>
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
    [ArgumentCompleter(typeof(EmulatorCompleter))]
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
