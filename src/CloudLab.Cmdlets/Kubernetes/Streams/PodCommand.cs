using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Streams;

namespace CloudLab.Cmdlets.Kubernetes.Streams;

/// <summary>Base of the cmdlets that do something to pods that exist, named one by one, by what they belong to, or by labels.</summary>
public abstract class PodCommand : KubeCommand
{
    /// <summary>Pods, or what has pods: <c>web-0</c>, <c>deploy/web</c>, <c>svc/web</c>, <c>job/import</c>, <c>sts/db</c>; wildcards are allowed for pods.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Pod", "PodName")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(PodCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Name { get; set; }

    /// <summary>Kind of what is named, where the name does not say it; of a piped object its own.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(KindCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Kind { get; set; }

    /// <summary>Only pods with these labels: <c>app=movies,tier!=cache</c>. The server selects.</summary>
    [Parameter]
    [Alias("l", "Selector")]
    [ArgumentCompleter(typeof(LabelSelectorCompleter))]
    [ValidateNotNullOrEmpty]
    public string? LabelSelector { get; set; }

    /// <inheritdoc/>
    protected override object? ErrorTarget => Name is [var one] ? one : LabelSelector;

    /// <summary>The pods of the cluster.</summary>
    private protected PodStreams Pods => new(Api);

    /// <summary>Finds what this input names, and reports what is not there.</summary>
    /// <param name="work">What to do with each selection.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <returns>Done when all had their turn.</returns>
    private protected async Task ForEachSelectionAsync(Func<PodTarget, Task> work, CancellationToken cancellation)
    {
        if (Name is null && LabelSelector is null)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "PodNameMissing", "No pod is named: give -Name with a pod, or what has pods, as in deploy/web; or -LabelSelector.");
        }

        if (Name is null)
        {
            await work(Pods.Labelled(LabelSelector!, NamespaceOrDefault));
            return;
        }

        await ForEachAsync(Name, async name =>
        {
            if (!WildcardPattern.ContainsWildcardCharacters(name))
            {
                await work(await Pods.FindAsync(Kind, name, NamespaceOrDefault, cancellation));
                return;
            }

            WildcardPattern pattern = new(name, WildcardOptions.IgnoreCase);
            foreach (string pod in await Pods.NamesAsync(NamespaceOrDefault, LabelSelector, cancellation))
            {
                if (pattern.IsMatch(pod))
                {
                    await work(await Pods.FindAsync(null, pod, NamespaceOrDefault, cancellation));
                }
            }
        });
    }
}
