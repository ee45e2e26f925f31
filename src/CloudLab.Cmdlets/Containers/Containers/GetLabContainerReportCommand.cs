using System.Management.Automation;
using CloudLab.Core.Containers.Containers;

namespace CloudLab.Cmdlets.Containers.Containers;

/// <summary>Says why containers ended, or how they are.</summary>
/// <remarks>
/// <para>Puts together what the engine knows: the exit code and its meaning, the signal, whether the memory limit was exceeded, what the engine could not do, how often it restarted
/// the container, the last health checks and the last lines of the log. Cause says it in a sentence.</para>
/// <para>Errors: ContainerNotFound, with the nearest names.</para>
/// </remarks>
/// <example>
/// <para>Says why a container ended.</para>
/// <code>Get-LabContainerReport web | Format-List</code>
/// </example>
/// <example>
/// <para>Lists the causes of all containers that have ended.</para>
/// <code>Get-LabContainer -State exited | Get-LabContainerReport -Tail 0</code>
/// </example>
/// <inputtype>CloudLab.Core.Containers.Containers.LabContainer, or System.String: name or id of a container.</inputtype>
/// <seealso cref="GetLabContainerCommand"/>
/// <seealso cref="GetLabContainerLogCommand"/>
/// <seealso cref="MeasureLabContainerCommand"/>
[Cmdlet(VerbsCommon.Get, "LabContainerReport")]
[OutputType(typeof(LabContainerReport))]
public sealed class GetLabContainerReportCommand : ContainerCommand
{
    /// <summary>Number of lines from the end of the log; 10 if omitted.</summary>
    [Parameter]
    [ValidateRange(0, 10000)]
    public int Tail { get; set; } = 10;

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation)
    {
        ContainerReporter reporter = new(Lab);
        int tail = Tail;
        return ForEachAsync(Name, container => StartAsync(container.Name, async token =>
            await WriteAsync(await reporter.ReportAsync(container.Id, tail, token), token)), cancellation);
    }
}
