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
    private const int MostPods = 100;

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
    public async Task<IReadOnlyList<JsonObject>> WarningsAsync(string ns, string uid, CancellationToken cancellation)
    {
        JsonObject events = await api.GetAsync(
            $"/api/v1/namespaces/{Uri.EscapeDataString(ns)}/events?limit=500&fieldSelector={Uri.EscapeDataString($"involvedObject.uid={uid},type=Warning")}", cancellation);
        return [.. events.Objects("items").OrderByDescending(TimeOf, StringComparer.Ordinal)];
    }

    /// <summary>When an event was last seen.</summary>
    /// <param name="happened">The event.</param>
    /// <returns>Its time as text; the times of one cluster are ordered as text, too.</returns>
    public static string TimeOf(JsonObject happened) =>
        happened.Object("series")?.Text("lastObservedTime") ?? happened.Text("lastTimestamp") ?? happened.Text("eventTime")
        ?? happened.Object("metadata")?.Text("creationTimestamp") ?? "";

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
            if (troubles.Length == 0 && target.Resource.Kind != "Pod" && workload.Object("metadata")?.Text("uid") is { } uid && workload.Object("spec") is not null)
            {
                // A quota that is used up, a volume that is not there: neither is in the status.
                troubles = [.. (await WarningsAsync(target.Namespace, uid, cancellation)).Select(e => $"{e.Text("reason")} ({e.Text("message")})").Distinct().Take(2)];
            }

            return troubles.Length == 0 ? "" : $"; {string.Join("; ", troubles)}";
        }
        catch (LabException)
        {
            return "";
        }
    }
}
