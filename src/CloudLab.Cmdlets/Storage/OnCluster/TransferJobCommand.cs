using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.OnCluster;

namespace CloudLab.Cmdlets.Storage.OnCluster;

/// <summary>Base of the cmdlets that look after transfer jobs: one cluster, and the service that the jobs' results are in.</summary>
public abstract class TransferJobCommand : StorageCommand
{
    private string? files;

    /// <inheritdoc cref="KubeCommand.KubeConfig"/>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? KubeConfig { get; set; }

    /// <summary>Name of a context in the kubeconfig.</summary>
    [Parameter]
    [Alias("KubeContext")]
    [ArgumentCompleter(typeof(ContextCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Context { get; set; }

    /// <inheritdoc cref="KubeCommand.Namespace"/>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("n", "ns")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>The cluster's jobs.</summary>
    private protected TransferJobs Jobs => new(KubernetesApi.For(Lab.Kubernetes), Reporter);

    /// <summary>The namespace of this input.</summary>
    private protected string NamespaceOrDefault => Lab.Kubernetes.Namespace;

    /// <inheritdoc/>
    protected override SessionOptions Options() => base.Options() with { KubeConfig = files, KubeContext = Context, Namespace = Namespace };

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        files = FilePath.Joined(this, KubeConfig);
        base.OnBegin();
    }
}
