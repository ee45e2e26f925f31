using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Containers;

namespace CloudLab.Cmdlets.Containers.Containers;

/// <summary>Lists the containers in a Docker Engine.</summary>
/// <remarks>
/// <para>Without a name, only containers that are running or suspended are listed; -All, -State and a name find those that have ended too. The newest
/// container comes first.</para>
/// <para>Errors: ContainerNotFound, with the nearest names; ContainerIdAmbiguous. NoDockerEngine and the other errors of a connection end the command.</para>
/// </remarks>
/// <example>
/// <para>Lists all containers, those that have ended too.</para>
/// <code>Get-LabContainer -All</code>
/// </example>
/// <example>
/// <para>Shows the published ports of the containers with a label.</para>
/// <code>Get-LabContainer -Label team=movies | Select-Object -ExpandProperty Ports</code>
/// </example>
/// <inputtype>System.String: name or id of a container.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabContainer")]
[OutputType(typeof(LabContainer))]
public sealed class GetLabContainerCommand : DockerCommand
{
    private ContainerStore? store;

    /// <summary>Names or ids of containers, or the beginning of ids; wildcards are allowed. All running containers if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Container", "ContainerName", "Id")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ContainerCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Name { get; set; }

    /// <summary>Also lists containers that are not running.</summary>
    [Parameter]
    [Alias("a")]
    public SwitchParameter All { get; set; }

    /// <summary>Only containers in one of these states.</summary>
    [Parameter]
    [ValidateSet("created", "running", "paused", "restarting", "removing", "exited", "dead")]
    public string[] State { get; set; } = [];

    /// <summary>Only containers with these labels: <c>team</c> or <c>team=movies</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(DockerLabelCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Label { get; set; } = [];

    /// <summary>Only containers made from one of these images, or from an image built on it.</summary>
    [Parameter]
    [Alias("Ancestor")]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Image { get; set; } = [];

    /// <inheritdoc/>
    protected override Task BeginAsync(CancellationToken cancellation)
    {
        store = new ContainerStore(Lab);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        ContainerQuery query = new()
        {
            All = All || State.Length > 0 || Name is not null,
            States = [.. State.Select(state => state.ToLowerInvariant())],
            Labels = Label,
            Ancestors = Image,
        };
        if (Name is null)
        {
            await WriteAllAsync(store!.ListAsync(query, cancellation), cancellation);
            return;
        }

        bool filtered = State.Length > 0 || Label.Length > 0 || Image.Length > 0;
        await ForEachAsync(Name, async name =>
        {
            LabContainer? one = WildcardPattern.ContainsWildcardCharacters(name) ? null : await store!.FindAsync(name, cancellation);
            if (one is not null && !filtered)
            {
                await WriteAsync(one, cancellation);
                return;
            }

            WildcardPattern pattern = new(name, WildcardOptions.IgnoreCase);
            await WriteAllAsync(store!.ListAsync(query, cancellation).Where(each => one is null ? pattern.IsMatch(each.Name) : each.Id == one.Id), cancellation);
        });
    }
}
