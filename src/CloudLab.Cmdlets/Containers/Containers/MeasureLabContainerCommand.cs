using System.Management.Automation;
using CloudLab.Core.Containers.Containers;

namespace CloudLab.Cmdlets.Containers.Containers;

/// <summary>Measures processor time, memory, network and disk use of running containers.</summary>
/// <remarks>
/// <para>The numbers are those of 'docker stats': CpuPercent is in percent of one processor, Memory is without the cache that the kernel can take back. A measurement takes about two
/// seconds, because processor time is a difference. With -Follow there is one every second until the containers end, or until Ctrl+C.</para>
/// <para>A container that its restart policy is about to restart does not run at that moment. Among several it is left out with a warning; named alone it is an error, ContainerRestarting.</para>
/// <para>Errors: ContainerNotFound, with the nearest names; ContainerNotRunning, ContainerRestarting.</para>
/// </remarks>
/// <example>
/// <para>Shows the running containers, the one that uses the most memory first.</para>
/// <code>Get-LabContainer | Measure-LabContainer | Sort-Object Memory -Descending</code>
/// </example>
/// <example>
/// <para>Records ten measurements of a container.</para>
/// <code>Measure-LabContainer web -Follow | Select-Object -First 10 | Export-Csv usage.csv</code>
/// </example>
/// <inputtype>CloudLab.Core.Containers.Containers.LabContainer, or System.String: name or id of a container.</inputtype>
[Cmdlet(VerbsDiagnostic.Measure, "LabContainer")]
[OutputType(typeof(LabContainerUsage))]
public sealed class MeasureLabContainerCommand : ContainerCommand
{
    /// <summary>Measures again every second until the container ends.</summary>
    [Parameter]
    public SwitchParameter Follow { get; set; }

    /// <inheritdoc/>
    protected override int ConcurrentInputs => 1000;

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation)
    {
        ContainerStats stats = new(Lab);
        bool follow = Follow;
        string[] names = Name;
        return ForEachAsync(
            names, container => StartAsync(container.Name, token => LookAsync(names, () => WriteAllAsync(stats.MeasureAsync(container, follow, token), token))), cancellation);
    }
}
