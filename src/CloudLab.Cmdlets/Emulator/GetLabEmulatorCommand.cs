using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Emulator;

namespace CloudLab.Cmdlets.Emulator;

/// <summary>Gets the emulators that are running in this process.</summary>
/// <remarks>
/// <para>One object for each emulator that Start-LabEmulator started and Stop-LabEmulator has not stopped. Its
/// GetEnvironment method returns the environment variables that point other tools at it, including the secret key.</para>
/// <para>Errors: EmulatorNotFound when no emulator with the given number is running.</para>
/// </remarks>
/// <example>
/// <para>Shows where the emulator listens.</para>
/// <code>Start-LabEmulator; Get-LabEmulator</code>
/// </example>
/// <example>
/// <para>Shows what to set for other tools.</para>
/// <code>Start-LabEmulator; (Get-LabEmulator).GetEnvironment()</code>
/// </example>
/// <inputtype>System.Int32. The number of an emulator, by property name Id.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabEmulator")]
[OutputType(typeof(LabEmulatorInfo))]
public sealed class GetLabEmulatorCommand : LabCommand
{
    /// <summary>Numbers of emulators; all if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(EmulatorCompleter))]
    [ValidateNotNullOrEmpty]
    public int[]? Id { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        IReadOnlyList<LabEmulatorInfo> running = RunningEmulators.List();
        foreach (LabEmulatorInfo info in running.Where(info => Id is null || Id.Contains(info.Id)))
        {
            await WriteAsync(info, cancellation);
        }

        foreach (int id in Id?.Where(id => running.All(info => info.Id != id)) ?? [])
        {
            WriteProblem(StopLabEmulatorCommand.NotFound(id), id);
        }
    }
}
