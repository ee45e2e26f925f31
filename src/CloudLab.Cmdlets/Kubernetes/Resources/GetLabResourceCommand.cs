using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Cmdlets.Kubernetes.Resources;

/// <summary>Gets Kubernetes objects of any kind.</summary>
/// <remarks>
/// <para>
/// Kinds are named as in kubectl: plural, singular, kind or short name (pods, pod, Pod, po), with the group if it is
/// needed (deployments.apps), or a category (all). Custom resources are found like any other kind.
/// </para>
/// <para>
/// Objects are written as the server lists them, page by page. Their fields are accessible as properties: $pod.Status.Phase,
/// $deployment.Spec.Replicas. Ready and State show the kind's own status, as kubectl get does for pods. The everyday kinds have
/// the columns of kubectl as properties ($pod.Restarts, $service.Ports), and tables that show them. What the definition of a custom kind says is to be shown of it is in
/// Columns ($certificate.Columns.Ready), and in its table.
/// </para>
/// <para>
/// With -Watch objects are written as they are, and again whenever they change, with what happened to them in EventType. It goes on until
/// Ctrl+C or Select-Object -First, also when the connection breaks or the server has forgotten what was last seen.
/// </para>
/// <para>
/// -Neat leaves out what the server fills in, so that the object can be kept as a manifest or deployed elsewhere. With several contexts
/// (-Context a,b) each object says in Context where it was read, and a cluster that cannot be reached does not stop the others.
/// </para>
/// <para>Errors: NotFound when a name given without wildcards does not exist; KindNotFound when the cluster has no such kind,
/// with the most similar one; Forbidden when you are not allowed to read it; NoCluster or ClusterUnreachable, which end the command.</para>
/// </remarks>
/// <example>
/// <para>The pods of a namespace.</para>
/// <code>Get-LabResource pods -Namespace movies</code>
/// </example>
/// <example>
/// <para>Deployments in all namespaces with fewer ready replicas than desired.</para>
/// <code>Get-LabResource deploy -AllNamespaces | Where-Object { $_.Status.ReadyReplicas -lt $_.Spec.Replicas }</code>
/// </example>
/// <example>
/// <para>The images of one deployment.</para>
/// <code>(Get-LabResource deployments.apps movies -Namespace movies).Spec.Template.Spec.Containers.Image</code>
/// </example>
/// <example>
/// <para>The namespaces as they are, and then whatever happens to them, until three are seen; -WatchOnly leaves out what is there already.</para>
/// <code>Get-LabResource namespaces -Watch | Select-Object -First 3</code>
/// </example>
/// <example>
/// <para>A deployment as a manifest, without what the server added.</para>
/// <code>Get-LabResource deploy/movies -Namespace movies -Neat -AsYaml</code>
/// </example>
/// <inputtype>Names, or objects with the properties Kind, Name and Namespace, such as Deploy-LabManifest writes.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabResource")]
[OutputType(typeof(LabResource), typeof(string))]
public sealed class GetLabResourceCommand : ResourceTargetCommand
{
    // PowerShell writes what follows objects of another type as lists, so several kinds share one table.
    private const string View = "CloudLab.Core.Kubernetes.Resources.LabResource#", WatchView = View + "Watch", MixedView = View + "Mixed", ClusterView = View + "Cluster",
        ColumnsView = View + "Columns", ClusterColumnsView = View + "ClusterColumns";

    private bool kindIsTyped;

    /// <summary>Goes on after the list: each change is written when it happens.</summary>
    [Parameter]
    public SwitchParameter Watch { get; set; }

    /// <summary>Writes only what happens from now on, without what is there already.</summary>
    [Parameter]
    public SwitchParameter WatchOnly { get; set; }

    /// <summary>Leaves out what the server fills in: status, identity, times, bookkeeping and fields that have their default.</summary>
    [Parameter]
    public SwitchParameter Neat { get; set; }

    /// <summary>Reads a part of each object that has an address of its own: <c>status</c>, <c>scale</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(SubresourceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Subresource { get; set; }

    /// <summary>Writes each object as YAML, a document each, in place of an object.</summary>
    [Parameter]
    public SwitchParameter AsYaml { get; set; }

    /// <inheritdoc/>
    private protected override bool SeveralContexts => true;

    /// <inheritdoc/>
    private protected override string? DefaultKind => "all";

    /// <inheritdoc/>
    private protected override bool TakesWholeKinds => true;

    // A watch does not end, and the next input is watched beside it.
    /// <inheritdoc/>
    protected override int ConcurrentInputs => Watch || WatchOnly ? 1000 : 1;

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        kindIsTyped = Kind.Length > 0;
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (Watch || WatchOnly)
        {
            if (Subresource is not null)
            {
                throw new LabException(LabErrorKind.InvalidArgument, "SubresourceWatch", "-Subresource cannot be watched: leave out -Watch, or -Subresource.");
            }

            await WatchAsync(WatchOnly, (found, token) => WriteAsync(Shown(Neat ? found.ToNeat() : found, WatchView), token).AsTask(), cancellation);
            return;
        }

        await foreach (ResourceTarget target in TargetsAsync(cancellation))
        {
            LabResource found = target.Object;
            if (Subresource is not null)
            {
                try
                {
                    found = await new ResourceStore(target.Api, target.Origin).GetSubresourceAsync(target.Resource, target.Namespace ?? "", target.Name, Subresource, cancellation);
                }
                catch (LabException e) when (!e.StopsCommand)
                {
                    WriteProblem(e, $"{target.Resource.Name}/{target.Name}/{Subresource}");
                    continue;
                }
            }

            string? view = !kindIsTyped || !target.OneKind ? MixedView
                : found.Columns is not null ? target.Resource.Namespaced ? ColumnsView : ClusterColumnsView
                : !target.Resource.Namespaced && found.GetType() == typeof(LabResource) ? ClusterView : null;
            await WriteAsync(Shown(Neat ? found.ToNeat() : found, view), cancellation);
        }
    }

    private object Shown(LabResource found, string? view)
    {
        if (AsYaml)
        {
            return found.ToYaml();
        }

        if (view is null)
        {
            return found;
        }

        PSObject shown = new(found);
        shown.TypeNames.Insert(0, view);
        return shown;
    }
}
