using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Kubernetes.Namespaces;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources.Kinds;

namespace CloudLab.Cmdlets.Kubernetes.Contexts;

/// <summary>Creates a Kubernetes namespace, with a quota and defaults for its containers if they are given.</summary>
/// <remarks>
/// <para>
/// -Quota creates a ResourceQuota named quota: what all objects of the namespace together may use. -DefaultLimit and -DefaultRequest create a
/// LimitRange named limits: what containers get that name no limits or requests. Where a quota counts CPU or memory, pods without
/// requests or limits are refused, so give both.
/// </para>
/// <para>Errors: AlreadyExists when there is a namespace of that name; Invalid when the name or a value is not accepted; NamespaceIncomplete when the namespace
/// was created and its quota or limits were not; Forbidden. NoCluster and ClusterUnreachable end the command.</para>
/// </remarks>
/// <example>
/// <para>A namespace with a label.</para>
/// <code>New-LabKubeNamespace staging -Label @{ team = 'movies' }</code>
/// </example>
/// <example>
/// <para>A namespace for at most 20 pods that may use 4 CPUs and 8 GiB.</para>
/// <code>New-LabKubeNamespace lab -Quota @{ pods = 20; 'limits.cpu' = 4; 'limits.memory' = '8Gi' } -DefaultLimit @{ cpu = '500m'; memory = '256Mi' } -DefaultRequest @{ cpu = '100m'; memory = '128Mi' } -PodSecurity Baseline</code>
/// </example>
/// <inputtype>Names of namespaces.</inputtype>
[Cmdlet(VerbsCommon.New, "LabKubeNamespace", SupportsShouldProcess = true)]
[OutputType(typeof(LabKubeNamespace))]
public sealed class NewLabKubeNamespaceCommand : KubeCommand
{
    /// <summary>Names of the namespaces.</summary>
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Labels: <c>@{ team = 'movies' }</c>.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary? Label { get; set; }

    /// <summary>Annotations.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary? Annotation { get; set; }

    /// <summary>What all objects together may use, as in a ResourceQuota: <c>@{ pods = 20; 'requests.cpu' = 4; 'limits.memory' = '8Gi' }</c>.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary? Quota { get; set; }

    /// <summary>Limits of containers that name none: <c>@{ cpu = '500m'; memory = '256Mi' }</c>.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary? DefaultLimit { get; set; }

    /// <summary>Requests of containers that name none: <c>@{ cpu = '100m'; memory = '128Mi' }</c>.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary? DefaultRequest { get; set; }

    /// <summary>Pod security level that is enforced: pods that do not keep to it are refused.</summary>
    [Parameter]
    [ValidateSet("Privileged", "Baseline", "Restricted", IgnoreCase = true)]
    public string? PodSecurity { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        Dictionary<string, string> labels = PlainObject.Texts(Label ?? new Hashtable());
        if (PodSecurity is not null)
        {
            labels["pod-security.kubernetes.io/enforce"] = PodSecurity.ToLowerInvariant();
        }

        await ForEachAsync(Name, async name =>
        {
            if (await ShouldProcessAsync($"{name} on {Api.Address}", "Create namespace"))
            {
                NamespacePlan plan = new(name)
                {
                    Labels = labels,
                    Annotations = PlainObject.Texts(Annotation ?? new Hashtable()),
                    Quota = PlainObject.Texts(Quota ?? new Hashtable()),
                    DefaultLimit = PlainObject.Texts(DefaultLimit ?? new Hashtable()),
                    DefaultRequest = PlainObject.Texts(DefaultRequest ?? new Hashtable()),
                };
                await WriteAsync(await new NamespaceStore(Api, Scopes[0].Origin).CreateAsync(plan, cancellation), cancellation);
            }
        });
    }
}
