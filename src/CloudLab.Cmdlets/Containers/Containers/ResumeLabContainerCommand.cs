using System.Management.Automation;
using CloudLab.Core.Containers.Containers;

namespace CloudLab.Cmdlets.Containers.Containers;

/// <summary>Lets suspended containers run on.</summary>
/// <remarks>
/// <para>Errors: ContainerNotFound, with the nearest names; DockerEngineError or DockerConflict when it is not suspended.</para>
/// </remarks>
/// <example>
/// <para>Suspends a container and lets it run on.</para>
/// <code>Suspend-LabContainer web; Resume-LabContainer web</code>
/// </example>
/// <example>
/// <para>Lets everything that is suspended run on.</para>
/// <code>Get-LabContainer -State paused | Resume-LabContainer</code>
/// </example>
/// <inputtype>CloudLab.Core.Containers.Containers.LabContainer, or System.String: name or id of a container.</inputtype>
[Cmdlet(VerbsLifecycle.Resume, "LabContainer", SupportsShouldProcess = true)]
[OutputType(typeof(LabContainer))]
public sealed class ResumeLabContainerCommand : ContainerCommand
{
    /// <summary>Writes the containers.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) =>
        ChangeAsync("Resume container", false, (container, token) => Store.ResumeAsync(container.Name, token), PassThru, cancellation);
}
