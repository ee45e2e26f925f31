using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Insight;

namespace CloudLab.Cmdlets.Kubernetes.Insight;

/// <summary>Finds objects of a cluster that nothing uses.</summary>
/// <remarks>
/// <para>ConfigMaps, Secrets and claims that no pod, pod template, Ingress, gateway, volume, storage class, service account or custom resource names; services that select no pod and that
/// nothing names; service accounts that no pod runs as; Roles that no RoleBinding grants, and RoleBindings whose role or subjects do not exist; PodDisruptionBudgets and NetworkPolicies that
/// match no pod and no pod template; HorizontalPodAutoscalers without a target; Ingresses whose services do not exist; ReplicaSets with 0 replicas that no rollout keeps; Jobs that ended a
/// day ago or more. Reason says why.</para>
/// <para>With -AllNamespaces also what no namespace has: PersistentVolumes whose claim is gone (Released, Failed) or that no claim has, and ClusterRoleBindings whose role or subjects do not
/// exist. ClusterRoles that nothing grants are judged only by their name (-Kind clusterroles): packages bring some for you to grant. What a volume has on its disk is lost or left behind
/// when it is removed, by its reclaim policy.</para>
/// <para>What only a program knows counts as used: a name that stands in a command, an argument or a variable of a container, in a resourceNames of a Role, or anywhere in a custom resource.
/// Left out are Helm's releases, tokens of service accounts and of kubeadm, what Grafana, Argo CD and Istio find by its label, kube-root-ca.crt, and what another object owns. With -AllNamespaces the namespaces kube-* are left out.</para>
/// <para>A program can read ConfigMaps and Secrets through the API without naming them anywhere: look at the list before you remove what it has. -WhatIf of Remove-LabResource shows what would
/// go.</para>
/// <para>A kind is judged only where everything could be read that may use it; the others are named in a warning.</para>
/// <para>Errors: KindNotFound; KindNotSupported for a kind of which it cannot be told; NoCluster or ClusterUnreachable, which end the command.</para>
/// </remarks>
/// <example>
/// <para>What a namespace has and does not use.</para>
/// <code>
/// 'apiVersion: v1
/// kind: ConfigMap
/// metadata: { name: movies-settings-old }
/// data: { rows: "10" }' | Deploy-LabManifest
/// Find-LabUnused
/// </code>
/// </example>
/// <example>
/// <para>Shows which unused ConfigMaps would be removed.</para>
/// <code>Find-LabUnused configmaps | Remove-LabResource -WhatIf</code>
/// </example>
/// <inputtype>Names of kinds.</inputtype>
/// <seealso cref="Resources.RemoveLabResourceCommand"/>
/// <seealso cref="GetLabResourceTreeCommand"/>
[Cmdlet(VerbsCommon.Find, "LabUnused")]
[OutputType(typeof(LabUnusedResource))]
public sealed class FindLabUnusedCommand : KubeCommand
{
    /// <summary>Kinds, in any of the forms that Get-LabResource accepts; all that can be judged if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [Alias("Resource")]
    [ArgumentCompleter(typeof(UnusedKindCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Kind { get; set; } = [];

    /// <summary>Searches all namespaces but kube-*.</summary>
    [Parameter]
    [Alias("A")]
    public SwitchParameter AllNamespaces { get; set; }

    /// <summary>Only objects older than this: seconds or a TimeSpan. For a Job, the time since it ended; a day if omitted.</summary>
    [Parameter]
    [Seconds]
    [NotNegative]
    public TimeSpan? OlderThan { get; set; }

    /// <inheritdoc/>
    private protected override bool SeveralContexts => true;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        foreach (KubeScope scope in Scopes)
        {
            try
            {
                await WriteAllAsync(
                    new UnusedFinder(scope.Api, scope.Origin, Reporter).FindAsync([.. Kind.SelectMany(text => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))], AllNamespaces ? null : NamespaceIn(scope), OlderThan, cancellation), cancellation);
            }
            catch (LabException e) when (scope.OneOfSeveral || !e.StopsCommand)
            {
                WriteProblem(scope.OneOfSeveral ? e.Retold($"{e.Message.TrimEnd('.')}{scope.Where}.") : e, e.Target ?? scope.Api.Address);
            }
        }
    }
}
