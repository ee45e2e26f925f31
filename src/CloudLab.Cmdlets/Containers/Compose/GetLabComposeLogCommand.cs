using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Containers.Containers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Compose;
using CloudLab.Core.Containers.Containers;

namespace CloudLab.Cmdlets.Containers.Compose;

/// <summary>Reads the logs of the services of a compose project, line by line.</summary>
/// <remarks>
/// <para>The lines of all containers are in the order of time, each with its service, container, time, stream and text. With -Follow lines come as they are written, also from containers
/// that are started meanwhile, until no container of the project runs or until Ctrl+C.</para>
/// <para>Errors: ComposeProjectNotFound and ComposeServiceNotFound, with the nearest names; ComposeFileNotFound, ComposeFileInvalid. A container whose log driver keeps nothing that can be
/// read is an error, and with -Follow a warning.</para>
/// </remarks>
/// <example>
/// <para>Shows the last ten lines of each container of the service web.</para>
/// <code>Get-LabComposeLog shop -Service web -Tail 10</code>
/// </example>
/// <example>
/// <para>Follows all services from now on, and ends after ten lines.</para>
/// <code>Get-LabComposeLog shop -Follow -Since 0s | Select-Object -First 10</code>
/// </example>
/// <inputtype>Compose files or folders, CloudLab.Core.Containers.Compose.LabComposeProject, or LabComposeService.</inputtype>
/// <seealso cref="GetLabComposeCommand"/>
/// <seealso cref="StartLabComposeCommand"/>
/// <seealso cref="Containers.GetLabContainerLogCommand"/>
[Cmdlet(VerbsCommon.Get, "LabComposeLog")]
[OutputType(typeof(LabComposeLogLine))]
public sealed class GetLabComposeLogCommand : ComposeCommand
{
    /// <summary>Names of services; all if omitted.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ComposeCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Service { get; set; } = [];

    /// <summary>Waits for further lines until no container runs.</summary>
    [Parameter]
    [Alias("Wait")]
    public SwitchParameter Follow { get; set; }

    /// <summary>Only this number of lines from the end of each container's log.</summary>
    [Parameter]
    [Alias("n", "Last")]
    [ValidateRange(0, int.MaxValue)]
    public int? Tail { get; set; }

    /// <inheritdoc cref="GetLabContainerLogCommand.Since"/>
    [Parameter]
    [PointInTime]
    public DateTimeOffset? Since { get; set; }

    /// <inheritdoc cref="GetLabContainerLogCommand.Until"/>
    [Parameter]
    [PointInTime]
    public DateTimeOffset? Until { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        string project = Source is { ProjectName: { } name }
            ? name
            : (await new ComposeRunner(Lab, Reporter).CheckAsync(Source with { Profiles = ["*"] }, [], cancellation)).Project;
        ContainerLogQuery query = new() { Follow = Follow, Tail = Tail, Since = Since, Until = Until };
        await foreach (IReadOnlyList<LabComposeLogLine> lines in new ComposeLog(Lab, Reporter).ReadAsync(project, Service, query, cancellation))
        {
            await WriteManyAsync(lines, cancellation);
        }
    }
}
