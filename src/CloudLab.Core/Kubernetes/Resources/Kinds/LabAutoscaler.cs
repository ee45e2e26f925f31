using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources.Kinds;

/// <summary>A HorizontalPodAutoscaler.</summary>
public sealed class LabAutoscaler : LabResource
{
    internal LabAutoscaler(JsonObject content, ApiResource? resource = null)
        : base(content, resource)
    {
    }

    /// <summary>What it scales: <c>Deployment/movies</c>.</summary>
    public string Reference => $"{SpecFields.Object("scaleTargetRef")?.Text("kind")}/{SpecFields.Object("scaleTargetRef")?.Text("name")}";

    /// <summary>Fewest pods.</summary>
    public long MinReplicas => SpecFields.Number("minReplicas") ?? 1;

    /// <summary>Most pods.</summary>
    public long MaxReplicas => SpecFields.Number("maxReplicas") ?? 0;

    /// <summary>Pods as it last saw them.</summary>
    public long CurrentReplicas => StatusFields.Number("currentReplicas") ?? 0;

    /// <summary>Pods as it last saw them, and the bounds: <c>2 (1-4)</c>.</summary>
    public string Replicas => string.Create(CultureInfo.InvariantCulture, $"{CurrentReplicas} ({MinReplicas}-{MaxReplicas})");

    /// <summary>Pods that it wants.</summary>
    public long DesiredReplicas => StatusFields.Number("desiredReplicas") ?? 0;

    /// <summary>Each metric's value and target: <c>cpu: 42%/80%</c>; <c>?</c> for a value that is not known.</summary>
    public TextList<string> Targets
    {
        get
        {
            // autoscaling/v1 has only this one.
            if (SpecFields.Number("targetCPUUtilizationPercentage") is { } target)
            {
                return [string.Create(CultureInfo.InvariantCulture, $"cpu: {StatusFields.Number("currentCPUUtilizationPercentage")?.ToString(CultureInfo.InvariantCulture) ?? "?"}%/{target}%")];
            }

            List<JsonObject> now = [.. StatusFields.Objects("currentMetrics")];
            return [.. SpecFields.Objects("metrics").Select((metric, at) => Target(metric, at < now.Count ? now[at] : []))];
        }
    }

    private static string Target(JsonObject metric, JsonObject current)
    {
        string type = metric.Text("type") ?? "", field = FirstLetter.Lower(type);
        JsonObject wanted = metric.Object(field) ?? [], seen = current.Object(field) ?? [];
        string name = wanted.Text("name") ?? wanted.Object("metric")?.Text("name") ?? type;
        return $"{name}: {Value(seen.Object("current")) ?? "?"}/{Value(wanted.Object("target")) ?? "?"}";
    }

    private static string? Value(JsonObject? value) => value is null ? null
        : value.Number("averageUtilization") is { } percent ? string.Create(CultureInfo.InvariantCulture, $"{percent}%")
        : value.Text("averageValue") ?? value.Text("value");

    private JsonObject SpecFields => Content.Object("spec") ?? [];

    private JsonObject StatusFields => Content.Object("status") ?? [];
}
