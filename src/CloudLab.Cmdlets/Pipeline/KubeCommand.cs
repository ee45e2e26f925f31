using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Kubernetes;

namespace CloudLab.Cmdlets.Pipeline;

/// <summary>Base of the cmdlets that talk to a Kubernetes cluster.</summary>
public abstract class KubeCommand : LabCommand
{
    private readonly CommandSession session = new();
    private KubeConnection? connection;
    private KubernetesApi? api;

    /// <summary>One or more kubeconfig files, merged like those of <c>KUBECONFIG</c>.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? KubeConfig { get; set; }

    /// <summary>Name of a context in the kubeconfig.</summary>
    [Parameter]
    [Alias("KubeContext")]
    [ArgumentCompleter(typeof(ContextCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Context { get; set; }

    /// <summary>Namespace; if omitted, that of Connect-Lab or the context, otherwise <c>default</c>.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("n", "ns")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public string? Namespace { get; set; }

    /// <inheritdoc cref="AwsCommand.Session"/>
    [Parameter]
    [ValidateNotNull]
    public LabSession? Session { get; set; }

    /// <summary>Cluster and user.</summary>
    protected KubeConnection Connection => connection ??= session.Resolve(Options(), Session).Kubernetes;

    /// <summary>The cluster's API.</summary>
    protected KubernetesApi Api => api ??= KubernetesApi.For(Connection);

    /// <summary>The namespace of this input.</summary>
    protected string NamespaceOrDefault => string.IsNullOrEmpty(Namespace) ? Connection.Namespace : Namespace;

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        session.Begin();

        // Here, where relative paths still mean PowerShell's location; and no cluster ends the command at once.
        _ = Api;
    }

    private SessionOptions Options() => new()
    {
        KubeConfig = KubeConfig is null
            ? null
            : string.Join(Path.PathSeparator, KubeConfig.Select(path => FilePath.Of(this, path))),
        KubeContext = Context,
    };
}
