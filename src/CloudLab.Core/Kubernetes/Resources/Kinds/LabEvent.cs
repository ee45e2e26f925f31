using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources.Kinds;

/// <summary>Something that happened to an object.</summary>
public sealed class LabEvent : LabResource
{
    internal LabEvent(JsonObject content, ApiResource? resource = null)
        : base(content, resource)
    {
    }

    /// <summary>When it happened last.</summary>
    public DateTimeOffset? LastSeen => ResourceParts.Time(
        Content.Object("series")?.Text("lastObservedTime") ?? Content.Text("lastTimestamp") ?? Content.Text("deprecatedLastTimestamp")
        ?? Content.Text("eventTime") ?? Content.Text("firstTimestamp")) ?? CreationTimestamp;

    /// <summary>When it happened first.</summary>
    public DateTimeOffset? FirstSeen => ResourceParts.Time(Content.Text("firstTimestamp") ?? Content.Text("deprecatedFirstTimestamp") ?? Content.Text("eventTime")) ?? CreationTimestamp;

    /// <summary>How often it happened.</summary>
    public long Count => Content.Object("series")?.Number("count") ?? Content.Number("count") ?? Content.Number("deprecatedCount") ?? 1;

    /// <summary><c>Normal</c> or <c>Warning</c>.</summary>
    public string? Type => Content.Text("type");

    /// <summary>Why, in a word: <c>BackOff</c>, <c>FailedScheduling</c>.</summary>
    public string? Reason => Content.Text("reason");

    /// <summary>What happened, in a sentence.</summary>
    public string? Message => (Content.Text("message") ?? Content.Text("note"))?.Trim();

    /// <summary>What it happened to: <c>Pod/movies-0</c>.</summary>
    public string Object => $"{Involved.Text("kind")}/{Involved.Text("name")}";

    /// <summary>The part of the object, where it is about one: <c>spec.containers{web}</c>.</summary>
    public string? FieldPath => Involved.Text("fieldPath");

    /// <summary>Who says so: <c>kubelet</c>.</summary>
    public string? Source => Content.Text("reportingComponent") ?? Content.Text("reportingController") ?? Content.Object("source")?.Text("component") ?? Content.Object("deprecatedSource")?.Text("component");

    /// <summary>The object that it is about.</summary>
    internal JsonObject Involved => Content.Object("involvedObject") ?? Content.Object("regarding") ?? [];
}
