using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources;

/// <summary>Reads the events that a cluster has of its objects.</summary>
internal static class ObjectEvents
{
    /// <summary>Reads events.</summary>
    /// <param name="api">The cluster.</param>
    /// <param name="ns">Their namespace; null for all.</param>
    /// <param name="fields">What the server selects by: <c>involvedObject.uid=…,type=Warning</c>; null for all.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>At most 500 of them.</returns>
    public static async Task<IReadOnlyList<JsonObject>> ReadAsync(KubernetesApi api, string? ns, string? fields, CancellationToken cancellation) =>
    [
        .. (await api.GetAsync(
            $"/api/v1/{(ns is null ? "" : $"namespaces/{Uri.EscapeDataString(ns)}/")}events?limit=500{(fields is null ? "" : $"&fieldSelector={Uri.EscapeDataString(fields)}")}", cancellation)).Objects("items"),
    ];

    /// <summary>When an event was last seen.</summary>
    /// <param name="happened">The event.</param>
    /// <returns>Its time as text; the times of one cluster are ordered as text, too.</returns>
    public static string TimeOf(JsonObject happened) =>
        happened.Object("series")?.Text("lastObservedTime") ?? happened.Text("lastTimestamp") ?? happened.Text("eventTime")
        ?? happened.Object("metadata")?.Text("creationTimestamp") ?? "";

    /// <summary>Events, the latest first.</summary>
    /// <param name="events">The events.</param>
    /// <returns>The same in their order.</returns>
    public static IEnumerable<JsonObject> Latest(IEnumerable<JsonObject> events) => events.OrderByDescending(TimeOf, StringComparer.Ordinal);

    /// <summary>Events by the uid of the object that they are about, the latest first.</summary>
    /// <param name="events">The events.</param>
    /// <returns>Those of each object; none for one without a uid.</returns>
    public static ILookup<string, JsonObject> ByObject(IEnumerable<JsonObject> events) =>
        Latest(events).Where(happened => happened.Object("involvedObject")?.Text("uid") is not null).ToLookup(happened => happened.Object("involvedObject")!.Text("uid")!, StringComparer.Ordinal);

    /// <summary>An event in a line.</summary>
    /// <param name="happened">The event.</param>
    /// <returns>Time, type, reason, object and message.</returns>
    public static string Told(JsonObject happened)
    {
        JsonObject about = happened.Object("involvedObject") ?? [];
        long count = happened.Object("series")?.Number("count") ?? happened.Number("count") ?? 1;
        return $"{TimeOf(happened)} {happened.Text("type")} {happened.Text("reason")} {about.Text("kind")}/{about.Text("name")}: {OneLine.Of(happened.Text("message"))}{(count > 1 ? $" ({count} times)" : "")}";
    }
}
