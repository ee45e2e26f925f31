using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources.Kinds;

/// <summary>A job.</summary>
public sealed class LabJob : LabResource
{
    internal LabJob(JsonObject content, ApiResource? resource = null)
        : base(content, resource)
    {
    }

    /// <summary>Pods that have to succeed; null where any one is enough.</summary>
    public long? Completions => SpecFields.Number("completions");

    /// <summary>Pods that run.</summary>
    public long Active => StatusFields.Number("active") ?? 0;

    /// <summary>Pods that succeeded.</summary>
    public long Succeeded => StatusFields.Number("succeeded") ?? 0;

    /// <summary>Pods that failed.</summary>
    public long Failed => StatusFields.Number("failed") ?? 0;

    /// <summary>When it began.</summary>
    public DateTimeOffset? StartTime => ResourceParts.Time(StatusFields.Text("startTime"));

    /// <summary>When it ended; null while it runs.</summary>
    public DateTimeOffset? CompletionTime => ResourceParts.Time(StatusFields.Text("completionTime") ?? (Content.Holds("Failed") ? Content.Condition("Failed")?.Text("lastTransitionTime") : null));

    /// <summary>How long it ran, or has been running.</summary>
    public TimeSpan? Duration => StartTime is { } start ? TimeSpan.FromSeconds(Math.Floor(((CompletionTime ?? DateTimeOffset.UtcNow) - start).TotalSeconds)) : null;

    /// <summary>Images of its containers.</summary>
    public TextList<string> Images => ResourceParts.Images(Content);

    /// <summary>What made it: <c>CronJob/backup</c>; null where nothing did.</summary>
    public string? Owner => ResourceParts.Owner(Content);

    private JsonObject SpecFields => Content.Object("spec") ?? [];

    private JsonObject StatusFields => Content.Object("status") ?? [];
}
