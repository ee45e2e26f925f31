using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Containers;

namespace CloudLab.Cmdlets.Containers.Containers;

/// <summary>Reads the logs of containers, line by line.</summary>
/// <remarks>
/// <para>Each line is an object with its time, its stream and its text; a line that the engine had to divide, because it is longer than 16 KiB, is whole again.
/// With -Follow several containers are followed at the same time until they end, or until Ctrl+C.</para>
/// <para>Errors: ContainerNotFound, with the nearest names; ContainerLogUnreadable when the log driver keeps nothing that can be read; DockerAnswerBroken when the engine stops
/// meanwhile.</para>
/// </remarks>
/// <example>
/// <para>Shows the last 20 lines of standard error.</para>
/// <code>Get-LabContainerLog web -Tail 20 | Where-Object Stream -eq stderr</code>
/// </example>
/// <example>
/// <para>Follows the logs of all containers of a team from now on, and ends after ten lines.</para>
/// <code>Get-LabContainer -Label team=movies | Get-LabContainerLog -Follow -Since 0s | Select-Object -First 10</code>
/// </example>
/// <inputtype>CloudLab.Core.Containers.Containers.LabContainer, or System.String: name or id of a container.</inputtype>
/// <seealso cref="GetLabContainerCommand"/>
/// <seealso cref="GetLabContainerReportCommand"/>
/// <seealso cref="Compose.GetLabComposeLogCommand"/>
[Cmdlet(VerbsCommon.Get, "LabContainerLog")]
[OutputType(typeof(LabContainerLogLine))]
public sealed class GetLabContainerLogCommand : ContainerCommand
{
    /// <summary>Waits for further lines until the container ends.</summary>
    [Parameter]
    [Alias("f", "Wait")]
    public SwitchParameter Follow { get; set; }

    /// <summary>Only this number of lines from the end.</summary>
    [Parameter]
    [Alias("n", "Last")]
    [ValidateRange(0, int.MaxValue)]
    public int? Tail { get; set; }

    /// <summary>Only lines from this time on: a date and time, or how long ago (<c>10m</c>, <c>1h30m</c>).</summary>
    [Parameter]
    [PointInTime]
    public DateTimeOffset? Since { get; set; }

    /// <summary>Only lines up to this time: a date and time, or how long ago.</summary>
    [Parameter]
    [PointInTime]
    public DateTimeOffset? Until { get; set; }

    /// <inheritdoc/>
    protected override int ConcurrentInputs => Follow ? 1000 : 1;

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation)
    {
        ContainerLogQuery query = new() { Follow = Follow, Tail = Tail, Since = Since, Until = Until };
        ContainerLog log = new(Lab);
        return ForEachAsync(Name, container => StartAsync(container.Name, async token =>
        {
            await foreach (IReadOnlyList<LabContainerLogLine> lines in log.ReadAsync(container.Id, query, token))
            {
                await WriteManyAsync(lines, token);
            }
        }), cancellation);
    }
}
