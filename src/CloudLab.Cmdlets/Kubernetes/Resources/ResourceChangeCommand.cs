using System.Management.Automation;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Cmdlets.Kubernetes.Resources;

/// <summary>Base of the cmdlets that change objects of any kind, several at once, and write each as it is afterwards.</summary>
public abstract class ResourceChangeCommand : ResourceTargetCommand
{
    /// <summary>How many objects to change at the same time.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = 16;

    /// <inheritdoc/>
    protected override int ConcurrentInputs => ThrottleLimit;

    /// <inheritdoc/>
    protected sealed override Task ProcessAsync(CancellationToken cancellation) =>
        ChangeEachAsync(Change(), (_, changed, token) => WriteAsync(changed, token).AsTask(), cancellation);

    /// <summary>What this input asks for, on what the next input does not change any more.</summary>
    /// <returns>The change.</returns>
    private protected abstract ResourceChange Change();
}
