using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Containers.Containers;

namespace CloudLab.Cmdlets.Containers.Containers;

/// <summary>Changes settings of containers: ports, variables, labels, volumes, image, limits, restart policy.</summary>
/// <remarks>
/// <para>The engine can change limits and the restart policy of a container while it runs. For everything else the container is made anew, with the same settings, networks and volumes
/// and what is asked for: the new one is made first, then the old one is stopped, and removed when the new one runs. If something fails, the old one runs again
/// under its name. Files that the container has written outside of volumes are lost; Get-LabContainerChange lists them.</para>
/// <para>Errors: ContainerNotFound, with the nearest names; PortTaken, ImageNotFound and the other errors of Start-LabContainer, after which the old container is as it
/// was; ContainerRemovesItself.</para>
/// </remarks>
/// <example>
/// <para>Publishes another port and sets a variable.</para>
/// <code>Set-LabContainer web -Publish 8002:8000 -Environment @{ MODE = 'live' }</code>
/// </example>
/// <example>
/// <para>Gives a running container more memory, without restarting it.</para>
/// <code>Set-LabContainer web -Memory 1g -RestartPolicy unless-stopped</code>
/// </example>
/// <inputtype>CloudLab.Core.Containers.Containers.LabContainer, or System.String: name or id of a container.</inputtype>
[Cmdlet(VerbsCommon.Set, "LabContainer", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(LabContainer))]
public sealed class SetLabContainerCommand : ContainerCommand
{
    private ContainerChangeOptions options = new();

    /// <summary>Ports to publish, each instead of what is published of the same port of the container: <c>8002:8000</c>.</summary>
    [Parameter]
    [Alias("Port", "p")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Publish { get; set; } = [];

    /// <summary>Ports of the container that are no longer published.</summary>
    [Parameter]
    [ValidateRange(1, 65535)]
    public int[] Unpublish { get; set; } = [];

    /// <summary>Variables to set: <c>@{ MODE = 'live' }</c>; a null value removes the variable.</summary>
    [Parameter]
    [Alias("Env", "e")]
    [ValidateNotNull]
    public Hashtable Environment { get; set; } = [];

    /// <summary>Labels to set; a null value removes the label.</summary>
    [Parameter]
    [Alias("l")]
    [ValidateNotNull]
    public Hashtable Label { get; set; } = [];

    /// <summary>Volumes to add, each instead of what is mounted at the same path: <c>data:/var/lib/data</c>.</summary>
    [Parameter]
    [Alias("v")]
    [ArgumentCompleter(typeof(VolumeCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Volume { get; set; } = [];

    /// <summary>Another image, which the engine must have. What the old image set (command, variables) is taken from the new one.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Image { get; set; }

    /// <summary>Another command: program and arguments.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Command { get; set; }

    /// <inheritdoc cref="StartLabContainerCommand.Memory"/>
    [Parameter]
    [Alias("m")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Memory { get; set; }

    /// <inheritdoc cref="StartLabContainerCommand.Cpu"/>
    [Parameter]
    [Alias("Cpus")]
    [ValidateRange(0.01, 10000)]
    public double? Cpu { get; set; }

    /// <inheritdoc cref="StartLabContainerCommand.RestartPolicy"/>
    [Parameter]
    [Alias("Restart")]
    [ArgumentCompleter(typeof(RestartPolicyCompleter))]
    [ValidateNotNullOrEmpty]
    public string? RestartPolicy { get; set; }

    /// <summary>Writes the containers.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void OnProcess() => options = ContainerChanger.Check(new ContainerChangeOptions
    {
        Publish = Publish,
        Unpublish = Unpublish,
        Environment = PlainObject.TextsOrNull(Environment),
        Labels = PlainObject.TextsOrNull(Label),
        Volumes = Volume,
        WorkingFolder = SessionState.Path.CurrentFileSystemLocation.Path,
        Image = Image,
        Command = Command,
        Memory = Memory,
        Cpu = Cpu,
        RestartPolicy = RestartPolicy,
    });

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation)
    {
        (ContainerChangeOptions changes, ContainerChanger changer, bool passThru) = (options, new ContainerChanger(Lab, Reporter), PassThru);
        return ChangeAsync(
            changes.IsLive ? "Update container" : "Make container anew, without what it wrote outside of its volumes", false,
            async (container, token) =>
            {
                LabContainer changed = await changer.ChangeAsync(container, changes, token);
                if (passThru)
                {
                    await WriteAsync(changed, token);
                }
            },
            false, cancellation);
    }
}
