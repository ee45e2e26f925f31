using System.Management.Automation;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources.Kinds;

namespace CloudLab.Cmdlets.Kubernetes.Resources;

/// <summary>Gets services.</summary>
/// <remarks>
/// <para>
/// Each service has Type, ClusterIP, ExternalIP, Ports and Selector as properties; with -Endpoint also Endpoints, the addresses behind it that are ready.
/// </para>
/// <para>Errors: NotFound when a name given without wildcards does not exist; Forbidden when you are not allowed to read it; NoCluster or
/// ClusterUnreachable, which end the command.</para>
/// </remarks>
/// <example>
/// <para>The services of a namespace.</para>
/// <code>Get-LabService -Namespace movies</code>
/// </example>
/// <example>
/// <para>Services that have no ready pod behind them.</para>
/// <code>Get-LabService -AllNamespaces -Endpoint | Where-Object { $_.Selector -and -not $_.Endpoints }</code>
/// </example>
/// <inputtype>Names, or objects with the properties Name and Namespace.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabService")]
[OutputType(typeof(LabService))]
public sealed class GetLabServiceCommand : KindCommand
{
    /// <summary>Also reads the addresses behind each service that are ready, from its EndpointSlices.</summary>
    [Parameter]
    public SwitchParameter Endpoint { get; set; }

    /// <inheritdoc/>
    private protected override string FixedKind => "services";

    /// <inheritdoc/>
    private protected override async Task<LabResource> CompleteAsync(ResourceTarget target, CancellationToken cancellation)
    {
        if (Endpoint && target.Object is LabService service)
        {
            await new ServiceEndpoints(target.Api).AddAsync(service, cancellation);
        }

        return target.Object;
    }
}
