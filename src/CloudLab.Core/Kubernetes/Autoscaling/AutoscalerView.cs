using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Hpa;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources.Kinds;

namespace CloudLab.Core.Kubernetes.Autoscaling;

/// <summary>What was asked for one metric, and what was answered.</summary>
/// <param name="Items">Metrics as the API serves them.</param>
/// <param name="Problem">Why there are none; null where they were read.</param>
internal sealed record MetricAnswer(IReadOnlyList<JsonObject> Items, LabException? Problem)
{
    /// <summary>What the controller says of the problem.</summary>
    public string? Error { get; init; }
}

/// <summary>Another autoscaler of the namespace.</summary>
/// <param name="Name">Its name.</param>
/// <param name="SameTarget">True where it scales the same object.</param>
/// <param name="SharedPods">Names of the pods that both select.</param>
internal sealed record OtherAutoscaler(string Name, bool SameTarget, IReadOnlyList<string> SharedPods);

/// <summary>What the controller of an autoscaler sees at one moment.</summary>
internal sealed record AutoscalerView
{
    /// <summary>The HorizontalPodAutoscaler.</summary>
    public required JsonObject Autoscaler { get; init; }

    /// <summary>The moment.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>The autoscaler as the arithmetic has it, with its target's template.</summary>
    public required HpaManifest Manifest { get; init; }

    /// <summary>What it scales; null where it cannot be read.</summary>
    public JsonObject? Target { get; init; }

    /// <summary>The scale of that; null where there is none.</summary>
    public JsonObject? Scale { get; init; }

    /// <summary>Why there is no scale.</summary>
    public LabException? ScaleProblem { get; init; }

    /// <summary>The pods under the selector.</summary>
    public IReadOnlyList<JsonObject> Pods { get; init; } = [];

    /// <summary>One answer for each metric of the spec.</summary>
    public IReadOnlyList<MetricAnswer> Metrics { get; init; } = [];

    /// <summary>Autoscalers of the same object, or of the same pods.</summary>
    public IReadOnlyList<OtherAutoscaler> Others { get; init; } = [];

    /// <summary>The changes of size that its events tell of, the oldest first.</summary>
    public IReadOnlyList<(DateTimeOffset Time, int Size)> Rescales { get; init; } = [];

    /// <summary>Name.</summary>
    public string Name => Metadata.Text("name") ?? "";

    /// <summary>Namespace.</summary>
    public string Namespace => Metadata.Text("namespace") ?? "";

    /// <summary>What it scales: <c>Deployment/movies</c>.</summary>
    public string Reference => $"{Manifest.Spec.TargetKind}/{Manifest.Spec.TargetName}";

    /// <summary>Its status.</summary>
    public JsonObject Status => Autoscaler.Object("status") ?? [];

    /// <summary>True where the controller has looked at it at least once.</summary>
    public bool Seen => Status.Objects("conditions").Any();

    /// <summary>Replicas that the controller asked for last; null where it has not looked yet.</summary>
    public int? LastDesired => Seen ? (int)(Status.Number("desiredReplicas") ?? 0) : null;

    /// <summary>When the controller last changed the replicas.</summary>
    public DateTimeOffset? LastScale => ResourceParts.Time(Status.Text("lastScaleTime"));

    /// <summary>When it was created.</summary>
    public DateTimeOffset? Created => ResourceParts.Time(Metadata.Text("creationTimestamp"));

    /// <summary>Replicas that are asked for.</summary>
    public int SpecReplicas => (int)(Scale?.Object("spec")?.Number("replicas") ?? 0);

    /// <summary>Replicas that there are.</summary>
    public int StatusReplicas => (int)(Scale?.Object("status")?.Number("replicas") ?? 0);

    /// <summary>The selector of the pods as the scale has it; null without.</summary>
    public string? Selector => Scale?.Object("status")?.Text("selector");

    private JsonObject Metadata => Autoscaler.Object("metadata") ?? [];
}
