using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Access;

namespace CloudLab.Cmdlets.Kubernetes.Access;

/// <summary>Finds who may do something in a cluster: users, groups and service accounts, with the binding, role and rule that grant it.</summary>
/// <remarks>
/// <para>Computed from the roles and bindings, as the API server's RBAC authorizer decides: wildcards, names of objects, subresources, cluster roles bound in a namespace. Each subject of each
/// binding is a row. A group stands for whoever is in it; only the API server's authentication knows who that is.</para>
/// <para>The group system:masters is always listed, because the API server allows it everything without asking RBAC (Way BuiltIn). What other authorizers allow (nodes, webhooks) is not
/// shown; Test-LabKubeAccess asks the API server itself.</para>
/// <para>-IncludeEscalation adds who may come to the permission without having it: by acting as somebody who has it (impersonate), by binding a role that has it (bind), or by adding rules to
/// a role (escalate). Who may create pods can also use any service account of the namespace: Find-LabKubeAccess create pods lists them.</para>
/// <para>Bindings that name a role that does not exist are reported in a warning.</para>
/// <para>Errors: KindNotFound with the most similar name; Forbidden where the roles and bindings may not be listed; NoCluster or ClusterUnreachable, which end the command.</para>
/// </remarks>
/// <example>
/// <para>Who may read the secrets of a namespace.</para>
/// <code>Find-LabKubeAccess get secrets -Namespace default</code>
/// </example>
/// <example>
/// <para>Who may open a shell in a pod, or get to it in another way.</para>
/// <code>Find-LabKubeAccess create pods/exec -Namespace default -IncludeEscalation | Format-Table Subject, Way, Note</code>
/// </example>
/// <inputtype>Objects with the properties Verb, Kind, Name, Namespace, Subresource or NonResourceUrl, such as rows of a CSV file; or objects of a cluster, with -Verb.</inputtype>
[Cmdlet(VerbsCommon.Find, "LabKubeAccess")]
[OutputType(typeof(LabKubeGrant))]
public sealed class FindLabKubeAccessCommand : AccessQuestionCommand
{
    private AccessReviewer? reviewer;
    private KubeScope? reviewed;

    /// <summary>Also finds who may come to the permission by impersonate, bind or escalate.</summary>
    [Parameter]
    public SwitchParameter IncludeEscalation { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        KubeScope scope = Scopes[0];
        if (reviewer is null || reviewed != scope)
        {
            (reviewer, reviewed) = (new AccessReviewer(scope.Api, scope.Connection), scope);
        }

        List<AccessRequest> requests = await QuestionsAsync(reviewer, scope, cancellation);
        await ForEachAsync(
            requests,
            async request => await WriteManyAsync(await reviewer.FindAsync(request, IncludeEscalation, Reporter.Warning, cancellation), cancellation),
            request => request.ToString());
    }
}
