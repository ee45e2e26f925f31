using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Commands;
using CloudLab.Core.Containers.Containers;

namespace CloudLab.Cmdlets.Containers.Containers;

/// <summary>Connects to the main process of a running container: writes its output from now on, and sends pipeline input to it.</summary>
/// <remarks>
/// <para>Lines of standard output are strings in the pipeline, those of standard error are shown as information. Ends with the container; Ctrl+C and Select-Object -First
/// end only the connection, and the container runs on. Input is possible if the container was started with Start-LabContainer -Interactive.</para>
/// <para>Earlier output is in Get-LabContainerLog. To run another command in the container, use Invoke-LabContainer.</para>
/// <para>Errors: ContainerNotFound, with the nearest names; ContainerNotRunning, ContainerRestarting; ContainerTakesNoInput.</para>
/// </remarks>
/// <example>
/// <para>Shows the next five lines that a container writes.</para>
/// <code>Connect-LabContainer web | Select-Object -First 5</code>
/// </example>
/// <example>
/// <para>Sends a line to a container that reads its input, and takes the answers.</para>
/// <code>'help' | Connect-LabContainer game</code>
/// </example>
/// <inputtype>System.String or byte arrays: the input of the container's main process.</inputtype>
[Cmdlet(VerbsCommunications.Connect, "LabContainer")]
[OutputType(typeof(string))]
public sealed class ConnectLabContainerCommand : DockerCommand
{
    private ContainerAttachment? attachment;

    /// <summary>Name or id of a container.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [Alias("Container", "ContainerName")]
    [ArgumentCompleter(typeof(ContainerCompleter))]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "";

    /// <summary>Input for the main process: strings as lines, byte arrays as they are.</summary>
    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    /// <inheritdoc/>
    protected override object? ErrorTarget => Name;

    /// <inheritdoc/>
    protected override async Task BeginAsync(CancellationToken cancellation)
    {
        attachment = await ContainerAttachment.ConnectAsync(Lab, Name, MyInvocation.ExpectingInput, cancellation);
        CommandReader reader = new(this, AskAsync, WriteManyAsync);
        await StartAsync(Name, token => attachment.ReadAsync((lines, isError) => reader.TakeAsync(lines, isError, token)));
    }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) => attachment is null || InputObject is null || !MyInvocation.ExpectingInput
        ? Task.CompletedTask
        : attachment.WriteAsync(CommandOutput.InputOf(InputObject));

    /// <inheritdoc/>
    protected override Task AfterInputAsync(CancellationToken cancellation) =>
        attachment is not null && MyInvocation.ExpectingInput ? attachment.CloseInputAsync() : Task.CompletedTask;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        attachment?.Dispose();
        base.Dispose(disposing);
    }
}
