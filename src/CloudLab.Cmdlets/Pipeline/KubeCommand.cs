using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Manifests;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Kubernetes;

namespace CloudLab.Cmdlets.Pipeline;

/// <summary>Base of the cmdlets that talk to a Kubernetes cluster.</summary>
public abstract class KubeCommand : LabCommand
{
    private readonly CommandSession session = new();
    private string? files;
    private (string Contexts, IReadOnlyList<KubeScope> Scopes)? resolved;

    /// <summary>One or more kubeconfig files, merged like those of <c>KUBECONFIG</c>.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? KubeConfig { get; set; }

    /// <summary>Name of a context in the kubeconfig. Cmdlets that only read accept several.</summary>
    [Parameter]
    [Alias("KubeContext")]
    [ArgumentCompleter(typeof(ContextCompleter))]
    [ValidateNotNullOrEmpty]
    public virtual string[]? Context { get; set; }

    /// <summary>Namespace; if omitted, that of Connect-Lab or the context, otherwise <c>default</c>.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("n", "ns")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public virtual string? Namespace { get; set; }

    /// <inheritdoc cref="AwsCommand.Session"/>
    [Parameter]
    [ValidateNotNull]
    public LabSession? Session { get; set; }

    /// <summary>Cluster and user.</summary>
    protected KubeConnection Connection => Scopes[0].Connection;

    /// <summary>The cluster's API.</summary>
    protected KubernetesApi Api => Scopes[0].Api;

    /// <summary>The namespace of this input.</summary>
    protected string NamespaceOrDefault => NamespaceIn(Scopes[0]);

    /// <summary>True where the cmdlet works on several clusters at once (<c>-Context a,b</c>): it then goes through <see cref="Scopes"/>.</summary>
    private protected virtual bool SeveralContexts => false;

    /// <summary>False where the cmdlet works on the kubeconfig alone.</summary>
    private protected virtual bool NeedsCluster => true;

    /// <summary>The clusters of this input: one, unless several contexts are given.</summary>
    private protected IReadOnlyList<KubeScope> Scopes
    {
        get
        {
            string contexts = string.Join('\0', Context ?? []);
            if (resolved is not { } known || known.Contexts != contexts)
            {
                resolved = known = (contexts, Resolve());
            }

            return known.Scopes;
        }
    }

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        session.Begin();

        // Here, where relative paths still mean PowerShell's location; and no cluster ends the command at once.
        files = FilePath.Joined(this, KubeConfig);
        if (NeedsCluster)
        {
            _ = Api;
        }
    }

    /// <summary>The namespace of this input in one of its clusters.</summary>
    /// <param name="scope">The cluster.</param>
    /// <returns>The namespace.</returns>
    private protected string NamespaceIn(KubeScope scope) => string.IsNullOrEmpty(Namespace) ? scope.Connection.Namespace : Namespace;

    /// <summary>Writes what a deployment or removal tells, each problem as an error of its own.</summary>
    /// <param name="outcomes">Results and problems.</param>
    /// <param name="results">Whether results are written, too.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>Done when everything is written.</returns>
    private protected async Task WriteOutcomesAsync(IAsyncEnumerable<ManifestOutcome> outcomes, bool results, CancellationToken cancellation)
    {
        await foreach (ManifestOutcome outcome in outcomes.WithCancellation(cancellation))
        {
            if (outcome.Problem is { } problem)
            {
                WriteProblem(problem, problem.Target);
            }
            else if (results)
            {
                await WriteAsync(outcome.Result, cancellation);
            }
        }
    }

    private IReadOnlyList<KubeScope> Resolve()
    {
        string[] contexts = [.. (Context ?? []).Distinct()];
        if (contexts.Length > 1 && !SeveralContexts)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "OneContextOnly",
                $"{MyInvocation.MyCommand.Name} works on one cluster: give one -Context, and run it again for the others.");
        }

        return contexts.Length == 0 ? [Scope(null)] : [.. contexts.Select(Scope)];

        KubeScope Scope(string? context)
        {
            KubeConnection connection = session.Resolve(new SessionOptions { KubeConfig = files, KubeContext = context }, Session).Kubernetes;
            return new KubeScope(connection, contexts.Length > 1);
        }
    }
}

/// <summary>One of the clusters that a cmdlet works on.</summary>
/// <param name="Connection">Cluster and user.</param>
/// <param name="OneOfSeveral">True where messages have to say which cluster is meant.</param>
internal sealed record KubeScope(KubeConnection Connection, bool OneOfSeveral)
{
    private KubernetesApi? api;

    /// <summary>Its API.</summary>
    public KubernetesApi Api => api ??= KubernetesApi.For(Connection);

    /// <summary>What objects that are read here say of it.</summary>
    public ResourceOrigin Origin => new(Connection.Context, OneOfSeveral);

    /// <summary>What a message adds to say which cluster is meant.</summary>
    public string Where => OneOfSeveral ? $" (context {Connection.Context})" : "";
}
