using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Rollouts;

/// <summary>Objects of one kind that are waited for.</summary>
/// <param name="Resource">Their kind.</param>
/// <param name="Namespace">Their namespace; null for all, or where the kind has none.</param>
/// <param name="Names">Names of objects that are there or may come; empty where they are selected.</param>
/// <param name="Filter">What the server selects by.</param>
/// <param name="Fits">Which of the selected names are meant.</param>
/// <param name="Description">How messages call the selected ones: <c>pods with app=web in namespace movies</c>.</param>
public sealed record ResourceWaitInput(
    ApiResource Resource, string? Namespace, IReadOnlyCollection<string> Names, ResourceFilter Filter, Func<string, bool> Fits, string Description);

/// <summary>How the wait for one object ended.</summary>
/// <param name="Result">What came about; null where nothing did.</param>
/// <param name="Problem">Why it did not; null where it did.</param>
public sealed record ResourceWaitOutcome(ResourceWaitResult? Result, LabException? Problem);

/// <summary>Waits for objects of any kind, and tells of each as it comes.</summary>
/// <param name="api">The cluster.</param>
/// <param name="reporter">Who sees the progress.</param>
/// <param name="context">Name of its context, which the objects then have with them; null if none.</param>
public sealed class ResourceWaits(KubernetesApi api, IReporter reporter, string? context = null)
{
    /// <summary>Whether a kind has a rollout that ends: whether its readiness says anything about it.</summary>
    /// <param name="resource">The kind.</param>
    /// <returns>True for workloads, pods, jobs, claims and the like.</returns>
    public static bool Applies(ApiResource resource) => Readiness.Applies(resource);

    /// <summary>Waits until each object meets one of the conditions.</summary>
    /// <param name="inputs">The objects; what is not there yet is waited for.</param>
    /// <param name="conditions">What is waited for; the first that comes about counts.</param>
    /// <param name="timeout">When to give up; zero to look once.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The end of each wait, as it comes.</returns>
    public IAsyncEnumerable<ResourceWaitOutcome> WaitAsync(
        IReadOnlyCollection<ResourceWaitInput> inputs, IReadOnlyList<WaitCondition> conditions, TimeSpan timeout, CancellationToken cancellation)
    {
        WaitPlan plan = new()
        {
            Targets =
            [
                .. from input in inputs
                   from name in input.Names
                   select new WaitTarget(input.Resource, input.Resource.Namespaced ? input.Namespace : null, name, null),
            ],
            Selections =
            [
                .. from input in inputs
                   where input.Names.Count == 0
                   select new WaitSelection(input.Resource, input.Namespace, input.Filter, input.Fits, input.Description),
            ],
            Conditions = conditions,
            Timeout = timeout,
            MayComeLater = true,
            FailureCode = "WaitFailed",
            FailureAdvice = "Debug-LabPod says why for pods and workloads; correct it, and wait again.",
        };
        return StreamAsync((ended, token) => new ResourceWaiter(api, reporter).WaitAsync(plan, ended, token), cancellation);
    }

    /// <summary>Waits until workloads are rolled out.</summary>
    /// <param name="workloads">The workloads as they are.</param>
    /// <param name="timeout">When to give up; zero to look once.</param>
    /// <param name="stable">How long no container may be restarted afterwards; zero to not look.</param>
    /// <param name="surplusGone">Whether replicas beyond those that are wanted have to be gone, too, as after scaling down.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The end of each wait, as it comes.</returns>
    public IAsyncEnumerable<ResourceWaitOutcome> RolloutsAsync(
        IReadOnlyCollection<(ApiResource Resource, LabResource Workload)> workloads, TimeSpan timeout, TimeSpan stable, bool surplusGone, CancellationToken cancellation)
    {
        (WaitTarget, JsonObject)[] targets =
        [
            .. workloads.Select(one => (new WaitTarget(one.Resource, one.Workload.Namespace, one.Workload.Name, null), one.Workload.ToObject())),
        ];
        return StreamAsync((ended, token) => new RolloutWatch(api, reporter).WaitAsync(targets, timeout, stable, surplusGone, ended, token), cancellation);
    }

    private async IAsyncEnumerable<ResourceWaitOutcome> StreamAsync(
        Func<Func<WaitEnd, Task>, CancellationToken, Task> wait, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        Channel<ResourceWaitOutcome> told = Channel.CreateUnbounded<ResourceWaitOutcome>();
        Stopwatch begun = Stopwatch.StartNew();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task work = RunAsync();
        try
        {
            await foreach (ResourceWaitOutcome outcome in told.Reader.ReadAllAsync(cancellation))
            {
                yield return outcome;
            }
        }
        finally
        {
            await stop.CancelAsync();
            await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        async Task RunAsync()
        {
            try
            {
                await wait(
                    end => told.Writer.WriteAsync(new ResourceWaitOutcome(end.Problem is null ? Result(end, begun.Elapsed) : null, end.Problem), stop.Token).AsTask(), stop.Token);
                told.Writer.Complete();
            }
            catch (Exception e)
            {
                told.Writer.Complete(e);
            }
        }
    }

    private ResourceWaitResult Result(WaitEnd end, TimeSpan waited) => new()
    {
        For = end.Met?.Name ?? "",
        ApiVersion = end.Target.Resource.ApiVersion,
        Kind = end.Target.Resource.Kind,
        Name = end.Target.Name,
        Namespace = end.Target.Namespace,
        State = end.Seen,
        Waited = waited,
        Object = end.Resource is null ? null : ResourceKinds.Create(Whole(end), end.Target.Resource, new ResourceOrigin(context, false)),
    };

    // What came in a list does not say what it is.
    private static JsonObject Whole(WaitEnd end)
    {
        JsonObject whole = (JsonObject)end.Resource!.DeepClone();
        whole["apiVersion"] = end.Target.Resource.ApiVersion;
        whole["kind"] = end.Target.Resource.Kind;
        return whole;
    }
}
