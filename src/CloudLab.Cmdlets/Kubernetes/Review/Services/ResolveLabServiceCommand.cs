using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Kubernetes.Resources;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Review.Services;

namespace CloudLab.Cmdlets.Kubernetes.Review.Services;

/// <summary>Follows services to the addresses that answer, and says what is wrong on the way.</summary>
/// <remarks>
/// <para>Writes one object for each port of a service: Port, TargetPort, ContainerPort and NodePort side by side, the Endpoints with their pods and why one is not ready, the DNS names, and
/// the rules of Ingresses and HTTPRoutes that lead to it. Findings has what is wrong, the most important first, each with what to do: a selector that matches no pod and what the nearest
/// pod template has instead, pods that are not ready and why, a target port that no container has, an Ingress that names another port, class or service, a network policy that does not
/// admit the port, a load balancer without an address. Cause and Action are those of the first. docs/service-review.md lists the rules.</para>
/// <para>-Name is a service, an Ingress (ingress/movies: the services that it leads to), or a workload or pod with its kind (deploy/movies: the services that select it). -Url finds the
/// rule that takes a URL, and follows it.</para>
/// <para>-Test sends a GET request to a pod of each TCP port, through the API server, and writes what answered to Answer. That finds a program that listens on another port than its
/// container declares.</para>
/// <para>What you are not allowed to read is named in a warning, and nothing is said that would need it.</para>
/// <para>Errors: NotFound; PortNotFound for an address with a port that the service does not have; ServiceNameInvalid for one that leads out of the cluster; RouteNotFound for a URL that no
/// rule takes; NoService for a workload that no service selects; KindNotSupported; UrlInvalid; NoCluster or ClusterUnreachable,
/// which end the command.</para>
/// </remarks>
/// <example>
/// <para>A service whose selector is wrong, explained.</para>
/// <code>
/// 'apiVersion: apps/v1
/// kind: Deployment
/// metadata: { name: movies }
/// spec:
///   selector: { matchLabels: { app: movies } }
///   template:
///     metadata: { labels: { app: movies } }
///     spec: { containers: [{ name: web, image: "movies:1", ports: [{ name: http, containerPort: 8080 }] }] }
/// ---
/// apiVersion: v1
/// kind: Service
/// metadata: { name: movies }
/// spec: { selector: { app: movie }, ports: [{ port: 80, targetPort: http }] }' | Deploy-LabManifest
/// Resolve-LabService movies | Format-List Name, Port, TargetPort, Cause, Action
/// </code>
/// </example>
/// <example>
/// <para>Looks at what the settings of an application name.</para>
/// <code>
/// '{ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "ratings" }, "spec": { "ports": [{ "port": 8080 }] } }' | Deploy-LabManifest -Namespace default
/// Resolve-LabService http://ratings.default.svc:8080/api
/// </code>
/// </example>
/// <example>
/// <para>Everything that is wrong with the services of all namespaces.</para>
/// <code>Resolve-LabService -AllNamespaces | Select-Object -ExpandProperty Findings</code>
/// </example>
/// <inputtype>Names, objects with the properties Kind, Name and Namespace, such as Get-LabService writes.</inputtype>
[Cmdlet(VerbsDiagnostic.Resolve, "LabService", DefaultParameterSetName = NameSet)]
[OutputType(typeof(LabServicePort))]
public sealed class ResolveLabServiceCommand : ResourceTargetCommand
{
    private const string NameSet = "Name", UrlSet = "Url";

    private readonly Dictionary<KubernetesApi, ServiceResolver> resolvers = [];
    private ServiceAddress[] addresses = [];

    /// <summary>
    /// Names of services, where wildcards are allowed, or of an Ingress, workload or pod with its kind: <c>ingress/movies</c>. Also as the settings of an application have them:
    /// <c>movies.films</c>, <c>movies.films.svc.cluster.local:8080</c>, <c>http://movies.films:8080/api</c>; then only that port is written.
    /// </summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = NameSet)]
    [ArgumentCompleter(typeof(ServiceNameCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public override string[]? Name { get; set; }

    /// <summary>Kind of the objects; services if omitted.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, ParameterSetName = NameSet)]
    [Alias("Resource")]
    [ArgumentCompleter(typeof(KindCompleter))]
    [ValidateNotNullOrEmpty]
    public override string[] Kind { get; set; } = [];

    /// <summary>A URL as a client writes it; the scheme may be left out: <c>movies.example/api</c>. Rules of all namespaces are looked at unless -Namespace is given.</summary>
    [Parameter(Mandatory = true, ParameterSetName = UrlSet)]
    [Alias("Uri")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Url { get; set; } = [];

    /// <summary>Sends a request to a pod of each TCP port, through the API server.</summary>
    [Parameter]
    public SwitchParameter Test { get; set; }

    /// <inheritdoc/>
    private protected override bool SeveralContexts => true;

    /// <inheritdoc/>
    private protected override string? DefaultKind => "services";

    /// <inheritdoc/>
    private protected override bool TakesWholeKinds => true;

    /// <inheritdoc/>
    private protected override List<AskedKind> Asked()
    {
        (string Text, ServiceAddress? Address)[] names = [.. (Name ?? []).Select(name => (name, Kind.Length == 0 ? ServiceAddress.Of(name) : null))];
        addresses = [.. names.Select(name => name.Address).OfType<ServiceAddress>()];
        string[] plain = [.. names.Where(name => name.Address is null).Select(name => name.Text)];
        return
        [
            .. Name is not null && plain.Length == 0 ? [] : AskedFor(Name is null ? null : plain),
            .. addresses.GroupBy(address => address.Namespace).Select(same => new AskedKind("services", [.. same.Select(address => address.Service).Distinct()], same.Key)),
        ];
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (ParameterSetName == UrlSet)
        {
            foreach (KubeScope scope in Scopes)
            {
                await ForEachAsync(Url, async url => await WriteManyAsync(
                    await ResolverFor(scope.Api, scope.Connection.Context).FollowAsync(url, string.IsNullOrEmpty(Namespace) ? null : Namespace, NamespaceIn(scope), Test, cancellation), cancellation));
            }

            return;
        }

        await foreach (ResourceTarget target in TargetsAsync(cancellation))
        {
            await ForEachAsync([target], one => ResolveAsync(one, cancellation), one => one.ToString());
        }
    }

    private async Task ResolveAsync(ResourceTarget target, CancellationToken cancellation)
    {
        IReadOnlyList<LabServicePort> ports = await ResolverFor(target.Api, target.Object.Context).ResolveAsync(target.Resource, target.Object, Test, cancellation);
        ServiceAddress[] meant = [.. addresses.Where(address => target.Resource.Name == "services" && address.Service == target.Name && (address.Namespace ?? target.Namespace) == target.Namespace)];
        await WriteManyAsync(meant.Length == 0 ? ports : [.. meant.SelectMany(address => address.Choose(ports)).Distinct()], cancellation);
    }

    private ServiceResolver ResolverFor(KubernetesApi api, string? context)
    {
        if (!resolvers.TryGetValue(api, out ServiceResolver? resolver))
        {
            resolvers[api] = resolver = new ServiceResolver(api, context, Reporter);
        }

        return resolver;
    }
}
