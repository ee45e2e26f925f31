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
    protected sealed override async Task ProcessAsync(CancellationToken cancellation)
    {
        ResourceChange change = Change();
        await foreach (ResourceTarget target in TargetsAsync(cancellation))
        {
            if (await ShouldProcessAsync($"{target} on {target.Api.Address}", change.Action))
            {
                await StartAsync(target.ToString(), async token =>
                {
                    if (await change.Run(target, token) is { } changed)
                    {
                        await ChangedAsync(target, changed, token);
                    }
                });
            }
        }
    }

    /// <summary>What this input asks for, on what the next input does not change any more.</summary>
    /// <returns>The change.</returns>
    private protected abstract ResourceChange Change();

    /// <summary>Takes an object that was changed.</summary>
    /// <param name="target">The object as it was found.</param>
    /// <param name="changed">The object afterwards.</param>
    /// <param name="cancellation">Cancels the wait for the pipeline.</param>
    /// <returns>Done when it is written, or kept for later.</returns>
    private protected virtual Task ChangedAsync(ResourceTarget target, LabResource changed, CancellationToken cancellation) => WriteAsync(changed, cancellation).AsTask();

    /// <summary>Who changes an object.</summary>
    /// <param name="target">The object.</param>
    /// <returns>An editor for its cluster.</returns>
    private protected static ResourceEditor EditorFor(ResourceTarget target) => new(target.Api, target.Object.Context);
}

/// <summary>A change of objects.</summary>
/// <param name="Action">What <c>-WhatIf</c> calls it.</param>
/// <param name="Run">Does it to one object; gives the object afterwards, or null to write nothing.</param>
internal sealed record ResourceChange(string Action, Func<ResourceTarget, CancellationToken, Task<LabResource?>> Run);
