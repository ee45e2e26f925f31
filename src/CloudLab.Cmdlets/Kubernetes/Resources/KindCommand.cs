using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Cmdlets.Kubernetes.Resources;

/// <summary>Base of the cmdlets that get objects of one kind: name first.</summary>
public abstract class KindCommand : ResourceTargetBase
{
    /// <summary>Names; wildcards are allowed.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(KindNameCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[]? Name { get; set; }

    /// <summary>The kind.</summary>
    private protected abstract string FixedKind { get; }

    /// <inheritdoc/>
    private protected override bool SeveralContexts => true;

    /// <inheritdoc/>
    private protected override List<AskedKind> Asked() => [new(FixedKind, Name)];

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        await foreach (ResourceTarget target in TargetsAsync(cancellation))
        {
            await WriteAsync(await CompleteAsync(target, cancellation), cancellation);
        }
    }

    /// <summary>Adds what has to be asked for apart.</summary>
    /// <param name="target">The object.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>What is written.</returns>
    private protected virtual Task<LabResource> CompleteAsync(ResourceTarget target, CancellationToken cancellation) => Task.FromResult(target.Object);
}
