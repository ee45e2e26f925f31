using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources.Kinds;

namespace CloudLab.Core.Kubernetes.Rollouts;

/// <summary>The pods of a workload and what is told about them: what a person would look up next.</summary>
/// <param name="api">The cluster.</param>
internal sealed class WorkloadPods(KubernetesApi api)
{
    private const int MostPods = 100, ManyRestarts = 3;

    /// <summary>The pods that a workload's selector selects.</summary>
    /// <param name="ns">Its namespace.</param>
    /// <param name="workload">The workload.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>At most a hundred pods; none where it selects nothing.</returns>
    public async Task<IReadOnlyList<JsonObject>> ListAsync(string ns, JsonObject workload, CancellationToken cancellation) =>
        ResourceParts.SelectorOf(workload) is not { } selector ? [] :
        [
            .. (await api.GetAsync(
                $"/api/v1/namespaces/{Uri.EscapeDataString(ns)}/pods?limit={MostPods}&labelSelector={Uri.EscapeDataString(selector)}", cancellation)).Objects("items"),
        ];

    /// <summary>Events that tell of trouble with an object, the latest first.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="uid">The object.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Events of type Warning.</returns>
    public async Task<IReadOnlyList<JsonObject>> WarningsAsync(string ns, string uid, CancellationToken cancellation) =>
        [.. ObjectEvents.Latest(await ObjectEvents.ReadAsync(api, ns, $"involvedObject.uid={uid},type=Warning", cancellation))];

    /// <summary>What its pods say while a workload is waited for.</summary>
    /// <param name="target">The workload, or a pod.</param>
    /// <param name="workload">The object.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Their troubles, as <see cref="TroublesAsync"/> writes them; and a container that crashes again and again, in words, or null.</returns>
    public async Task<(string Troubles, string? Crash)> LookAsync(WaitTarget target, JsonObject workload, CancellationToken cancellation)
    {
        if (target.Namespace is null)
        {
            return ("", null);
        }

        IReadOnlyList<JsonObject> pods;
        try
        {
            pods = target.Resource is { Kind: "Pod", Group: "" } ? [workload] : await ListAsync(target.Namespace, workload, cancellation);
        }
        catch (LabException)
        {
            // Who may wait for a workload need not be allowed to look at pods, and a server that is away is the watch's business.
            return ("", null);
        }

        string? crash = (
            from pod in pods
            let status = pod.Object("status") ?? []
            from container in status.Objects("initContainerStatuses").Concat(status.Objects("containerStatuses"))
            let restarts = container.Number("restartCount") ?? 0
            let last = container.Object("lastState")?.Object("terminated")
            where restarts >= ManyRestarts && container.Object("state")?.Object("waiting")?.Text("reason") == "CrashLoopBackOff"
            select $"the container {container.Text("name")} of pod {pod.Object("metadata")?.Text("name")} crashes again and again ({restarts} restarts"
                + (last is null ? ")" : $", {last.Text("reason") ?? "ended"}, exit code {last.Number("exitCode")})")).FirstOrDefault();
        return (Joined(pods.SelectMany(ResourceSummary.Troubles).Distinct().Take(3)), crash);
    }

    /// <summary>Why a workload does not get on: what its pods' containers say, and where they say nothing, its events.</summary>
    /// <param name="target">The workload.</param>
    /// <param name="workload">The object.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Text that follows a message, with its own separator; empty where nothing is known.</returns>
    public async Task<string> TroublesAsync(WaitTarget target, JsonObject workload, CancellationToken cancellation)
    {
        if (target.Namespace is null || target.Resource.Kind is "PersistentVolumeClaim" or "Service")
        {
            return "";
        }

        try
        {
            string[] troubles = [.. (await ListAsync(target.Namespace, workload, cancellation)).SelectMany(ResourceSummary.Troubles).Distinct().Take(3)];
            if (troubles.Length == 0 && target.Resource.Kind != "Pod" && workload.Uid() is { } uid && workload.Object("spec") is not null)
            {
                // A quota that is used up, a volume that is not there: neither is in the status.
                troubles = [.. (await WarningsAsync(target.Namespace, uid, cancellation)).Select(e => $"{e.Text("reason")} ({e.Text("message")})").Distinct().Take(2)];
            }

            return Joined(troubles);
        }
        catch (LabException)
        {
            // It only adds to what is told anyway.
            return "";
        }
    }

    private static string Joined(IEnumerable<string> troubles) => string.Concat(troubles.Select(trouble => "; " + trouble));
}
