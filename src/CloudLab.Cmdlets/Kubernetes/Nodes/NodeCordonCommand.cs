using CloudLab.Cmdlets.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Nodes;
using CloudLab.Core.Kubernetes.Resources.Kinds;

namespace CloudLab.Cmdlets.Kubernetes.Nodes;

/// <summary>Base of the cmdlets that cordon nodes, and take them into use again.</summary>
public abstract class NodeCordonCommand : NodeCommand
{
    /// <summary>True to cordon.</summary>
    private protected abstract bool Cordons { get; }

    /// <inheritdoc/>
    protected sealed override async Task ProcessAsync(CancellationToken cancellation)
    {
        await foreach (ResourceTarget target in TargetsAsync(cancellation))
        {
            await ForEachAsync([target], async one =>
            {
                if (await ShouldProcessAsync($"{one} on {one.Api.Address}", Cordons ? "Cordon" : "Uncordon"))
                {
                    (LabNode after, bool changed) = await new NodeDrainer(one.Api, Reporter, one.Object.Context).CordonAsync(one.Name, Cordons, cancellation);
                    Reporter.Verbose($"{one} {(changed ? "is" : "was already")} {(Cordons ? "cordoned" : "in use")}");
                    await WriteAsync(after, cancellation);
                }
            }, one => one.ToString());
        }
    }
}
