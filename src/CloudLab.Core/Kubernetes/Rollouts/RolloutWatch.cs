using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Rollouts;

/// <summary>
/// Waits for rollouts, and looks at how often their containers were restarted meanwhile: one that crashes a moment after it became ready counts as rolled
/// out, and yet does not work.
/// </summary>
/// <param name="api">The cluster.</param>
/// <param name="reporter">Who sees the progress.</param>
internal sealed class RolloutWatch(KubernetesApi api, IReporter reporter)
{
    private readonly WorkloadPods pods = new(api);

    /// <summary>Waits.</summary>
    /// <param name="workloads">The workloads as they were.</param>
    /// <param name="timeout">When to give up; zero to look once.</param>
    /// <param name="stable">How long no container may be restarted once it is rolled out; zero to not look.</param>
    /// <param name="surplusGone">Whether replicas beyond those that are wanted have to be gone, too.</param>
    /// <param name="ended">Told the end of each wait; never two at a time.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Done when all have ended.</returns>
    public async Task WaitAsync(
        IReadOnlyCollection<(WaitTarget Target, JsonObject Workload)> workloads, TimeSpan timeout, TimeSpan stable, bool surplusGone, Func<WaitEnd, Task> ended, CancellationToken cancellation)
    {
        if (workloads.Count == 0)
        {
            return;
        }

        Dictionary<(ApiResource, string?, string), Dictionary<string, long>> before = [];
        foreach ((WaitTarget target, JsonObject workload) in workloads)
        {
            before[(target.Resource, target.Namespace, target.Name)] = await RestartsAsync(target, workload, cancellation);
        }

        WaitPlan plan = new()
        {
            Targets = [.. workloads.Select(pair => pair.Target)],
            Conditions = [WaitCondition.RolledOut(workloads.Select(pair => pair.Workload), surplusGone)],
            Timeout = timeout,
            FailureAdvice = "Debug-LabPod says why; Undo-LabRollout goes back to the revision before.",
        };
        List<Task> settling = [];
        using SemaphoreSlim one = new(1);
        await new ResourceWaiter(api, reporter).WaitAsync(
            plan,
            end =>
            {
                // The others go on while this one is watched.
                settling.Add(SettleAsync(end));
                return Task.CompletedTask;
            },
            cancellation);
        await Task.WhenAll(settling);

        async Task SettleAsync(WaitEnd end)
        {
            WaitTarget target = end.Target;
            Dictionary<string, long> earlier = before.GetValueOrDefault((target.Resource, target.Namespace, target.Name), []);
            if (end is { Problem: null, Resource: not null } && stable > TimeSpan.Zero)
            {
                await Task.Delay(stable, cancellation);
            }

            string crashes = end.Resource is null ? "" : await CrashesAsync(target, end.Resource, earlier, cancellation);
            if (crashes.Length > 0 && end.Problem is { } problem)
            {
                end = end with { Problem = problem.Retold($"{problem.Message.TrimEnd('.')}; {crashes}.") };
            }
            else if (crashes.Length > 0 && stable > TimeSpan.Zero)
            {
                end = end with
                {
                    Problem = new LabException(
                        LabErrorKind.ServiceFailed, "RolloutUnstable", $"{target.Description} rolled out and does not stay up: {crashes}.")
                    {
                        Target = target.Description, Advice = "Debug-LabPod says why; Undo-LabRollout goes back to the revision before.",
                    },
                };
            }
            else if (crashes.Length > 0)
            {
                reporter.Warning($"{target.Description} counts as rolled out, but {crashes}: it becomes ready and crashes again. Debug-LabPod says why; a readiness probe or minReadySeconds makes a rollout notice.");
            }

            await one.WaitAsync(cancellation);
            try
            {
                await ended(end);
            }
            finally
            {
                one.Release();
            }
        }
    }

    private async Task<Dictionary<string, long>> RestartsAsync(WaitTarget target, JsonObject workload, CancellationToken cancellation)
    {
        Dictionary<string, long> counts = new(StringComparer.Ordinal);
        foreach ((string container, long restarts, _) in await ContainersAsync(target, workload, cancellation))
        {
            counts[container] = restarts;
        }

        return counts;
    }

    private async Task<string> CrashesAsync(WaitTarget target, JsonObject workload, Dictionary<string, long> earlier, CancellationToken cancellation) => string.Join(
        "; ",
        (await ContainersAsync(target, workload, cancellation))
            .Where(one => one.Restarts > earlier.GetValueOrDefault(one.Container))
            .Take(3)
            .Select(one => $"{one.Container} was restarted {one.Restarts - earlier.GetValueOrDefault(one.Container)} times while waiting{one.Last}"));

    private async Task<List<(string Container, long Restarts, string Last)>> ContainersAsync(WaitTarget target, JsonObject workload, CancellationToken cancellation)
    {
        return
        [
            .. from pod in await Permitted.TryAsync(() => pods.ListAsync(target.Namespace ?? "", workload, cancellation)) ?? []
               from state in pod.Object("status")?.Objects("containerStatuses") ?? []
               let last = state.Object("lastState")?.Object("terminated") ?? state.Object("state")?.Object("terminated")
               select ($"{pod.Object("metadata")?.Text("name")} container {state.Text("name")}", state.Number("restartCount") ?? 0,
                   last is null ? "" : $" ({last.Text("reason") ?? "ended"}, exit code {last.Number("exitCode")})"),
        ];
    }
}
