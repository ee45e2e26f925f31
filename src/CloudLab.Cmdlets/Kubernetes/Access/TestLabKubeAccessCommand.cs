using System.Collections.Concurrent;
using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Access;

namespace CloudLab.Cmdlets.Kubernetes.Access;

/// <summary>Tells whether you, or somebody else, may do something in a cluster, and which rule of which role decides it.</summary>
/// <remarks>
/// <para>The API server decides (SelfSubjectAccessReview; SubjectAccessReview for others). The roles and bindings, where you may list them, explain its answer: the rule, the role and the
/// binding that grant it, or the rule that comes nearest with what it lacks, and a command that would grant it. Where they may not be listed, Reason says so.</para>
/// <para>-As, -AsGroup and -ServiceAccount ask for somebody else. Where you may not create SubjectAccessReviews, the answer is computed from the roles, which knows nothing of other
/// authorizers; DecidedBy shows which it was.</para>
/// <para>A kind in no namespace (nodes) is asked about without one. A subresource is named as roles name it (pods/log) or with -Subresource; an object with -Name. Rows of a CSV file with
/// these columns can be piped; several are asked at once, and answered in their order.</para>
/// <para>Members of the group system:masters may do everything without a role.</para>
/// <para>Errors: KindNotFound with the most similar name; Forbidden where neither reviews nor roles are accessible; NoCluster or ClusterUnreachable, which end the command.</para>
/// </remarks>
/// <example>
/// <para>Asks whether you may delete the pods of a namespace, and why.</para>
/// <code>Test-LabKubeAccess delete pods -Namespace kube-system | Format-List</code>
/// </example>
/// <example>
/// <para>Gives a service account a role, and checks what it may do with it.</para>
/// <code>
/// New-LabManifest ServiceAccount web | Deploy-LabManifest
/// New-LabManifest RoleBinding web-viewer -Role clusterrole/view -Subject serviceaccount/web -Namespace default | Deploy-LabManifest
/// Test-LabKubeAccess get, delete pods, secrets -ServiceAccount default:web
/// </code>
/// </example>
/// <example>
/// <para>Answers the questions of a list.</para>
/// <code>'Verb,Kind,As', 'get,pods/log,ann', 'create,deployments,ann' | ConvertFrom-Csv | Test-LabKubeAccess</code>
/// </example>
/// <inputtype>Objects with the properties Verb, Kind, Name, Namespace, Subresource, NonResourceUrl, As or ServiceAccount, such as rows of a CSV file; or objects of a cluster, with -Verb.</inputtype>
[Cmdlet(VerbsDiagnostic.Test, "LabKubeAccess")]
[OutputType(typeof(LabKubeAccess), typeof(bool))]
public sealed class TestLabKubeAccessCommand : AccessQuestionCommand
{
    private readonly ConcurrentDictionary<KubeScope, AccessReviewer> reviewers = [];
    private Task last = Task.CompletedTask;

    /// <summary>Name of the user to ask for, instead of you.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("User")]
    [ArgumentCompleter(typeof(AccessSubjectCompleter))]
    public string? As { get; set; }

    /// <summary>Groups of -As beside system:authenticated; or the groups to ask for where -As is omitted.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Group")]
    [ArgumentCompleter(typeof(AccessSubjectCompleter))]
    public string[]? AsGroup { get; set; }

    /// <summary>Service account to ask for: <c>namespace:name</c>, or its name alone.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ServiceAccountCompleter))]
    public string? ServiceAccount { get; set; }

    /// <summary>Writes True or False only. The roles are not read.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <summary>How many questions are asked at once.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 16;

    /// <inheritdoc/>
    protected override int ConcurrentInputs => ThrottleLimit;

    /// <inheritdoc/>
    private protected override bool SeveralContexts => true;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        bool quiet = Quiet;
        foreach (KubeScope scope in Scopes)
        {
            AccessReviewer reviewer = reviewers.GetOrAdd(scope, static one => new AccessReviewer(one.Api, one.Connection));
            AccessSubject? other = AccessSubjects.Of(As, AsGroup, ServiceAccount, NamespaceIn(scope));
            foreach (AccessRequest request in await QuestionsAsync(reviewer, scope, cancellation))
            {
                // Answers come in the order of the questions, whichever is answered first.
                Task before = last;
                TaskCompletionSource done = new();
                last = done.Task;
                await StartAsync(request.ToString(), async token =>
                {
                    try
                    {
                        object answer = quiet ? await reviewer.IsAllowedAsync(request, other, token) : await reviewer.TestAsync(request, other, token);
                        await before;
                        await WriteAsync(answer, token);
                    }
                    finally
                    {
                        await before;
                        done.SetResult();
                    }
                });
            }
        }
    }
}
