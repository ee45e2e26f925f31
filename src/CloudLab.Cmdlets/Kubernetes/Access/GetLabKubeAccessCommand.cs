using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Access;

namespace CloudLab.Cmdlets.Kubernetes.Access;

/// <summary>Lists everything that you, or somebody else, may do in a namespace; or says who you are to the cluster.</summary>
/// <remarks>
/// <para>Without -As the API server lists what you may do (SelfSubjectRulesReview), a row for each kind, object name or URL, as kubectl auth can-i --list does. Bindings names what grants it,
/// where you may list roles and bindings.</para>
/// <para>With -As, -AsGroup or -ServiceAccount the list is computed from the roles and bindings, which you must be allowed to list.</para>
/// <para>-WhoAmI writes user, groups and what else the cluster knows of you (SelfSubjectReview), how the kubeconfig authenticates, and until when the certificate or token is valid.</para>
/// <para>Errors: Forbidden where roles may not be listed; NotFound where the cluster, older than 1.28, does not say who you are; NoCluster or ClusterUnreachable, which end the command.</para>
/// </remarks>
/// <example>
/// <para>What you may do in a namespace.</para>
/// <code>Get-LabKubeAccess -Namespace default</code>
/// </example>
/// <example>
/// <para>Who you are to the cluster, and how you authenticate.</para>
/// <code>Get-LabKubeAccess -WhoAmI</code>
/// </example>
/// <example>
/// <para>What the default service account of a namespace may do, if somebody gave it a role.</para>
/// <code>Get-LabKubeAccess -ServiceAccount default:default</code>
/// </example>
/// <inputtype>Objects with the properties Namespace, As or ServiceAccount.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabKubeAccess", DefaultParameterSetName = RulesSet)]
[OutputType(typeof(LabKubeAccessRule), ParameterSetName = [RulesSet])]
[OutputType(typeof(LabKubeIdentity), ParameterSetName = [WhoAmISet])]
public sealed class GetLabKubeAccessCommand : KubeCommand
{
    private const string RulesSet = "Rules", WhoAmISet = "WhoAmI";

    /// <inheritdoc cref="TestLabKubeAccessCommand.As"/>
    [Parameter(ParameterSetName = RulesSet, ValueFromPipelineByPropertyName = true)]
    [Alias("User")]
    [ArgumentCompleter(typeof(AccessSubjectCompleter))]
    public string? As { get; set; }

    /// <inheritdoc cref="TestLabKubeAccessCommand.AsGroup"/>
    [Parameter(ParameterSetName = RulesSet, ValueFromPipelineByPropertyName = true)]
    [Alias("Group")]
    [ArgumentCompleter(typeof(AccessSubjectCompleter))]
    public string[]? AsGroup { get; set; }

    /// <inheritdoc cref="TestLabKubeAccessCommand.ServiceAccount"/>
    [Parameter(ParameterSetName = RulesSet, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ServiceAccountCompleter))]
    public string? ServiceAccount { get; set; }

    /// <summary>Writes who you are to the cluster.</summary>
    [Parameter(Mandatory = true, ParameterSetName = WhoAmISet)]
    public SwitchParameter WhoAmI { get; set; }

    /// <inheritdoc/>
    private protected override bool SeveralContexts => ParameterSetName == WhoAmISet;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        foreach (KubeScope scope in Scopes)
        {
            AccessReviewer reviewer = new(scope.Api, scope.Connection);
            if (WhoAmI)
            {
                await WriteAsync(await reviewer.WhoAmIAsync(cancellation), cancellation);
                continue;
            }

            string ns = NamespaceIn(scope);
            await WriteManyAsync(
                await reviewer.RulesAsync(ns, AccessSubjects.Of(As, AsGroup, ServiceAccount, ns), Reporter.Warning, cancellation), cancellation);
        }
    }
}
