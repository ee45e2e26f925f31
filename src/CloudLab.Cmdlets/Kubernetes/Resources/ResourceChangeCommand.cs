using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
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

    /// <summary>A change of labels or annotations.</summary>
    /// <param name="noun">What one is called.</param>
    /// <param name="field">Where they are in the metadata: <c>labels</c>, <c>annotations</c>.</param>
    /// <param name="marks">Values by key; null removes one.</param>
    /// <param name="overwrite">Whether a key may get another value than it has.</param>
    /// <returns>The change.</returns>
    private protected static ResourceChange Mark(string noun, string field, IDictionary marks, bool overwrite)
    {
        Dictionary<string, string?> values = PlainObject.TextsOrNull(marks);
        return new ResourceChange(
            $"Set {noun} {ResourceMarks.Describe(values)}",
            async (target, token) => (await EditorFor(target).MarkAsync(target.Resource, target.Namespace, target.Name, field, values, overwrite, token)).Object);
    }

    /// <summary>What this input asks for, on what the next input does not change any more.</summary>
    /// <returns>The change.</returns>
    private protected abstract ResourceChange Change();
}
