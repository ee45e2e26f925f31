using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources.Kinds;

/// <summary>One container of a pod.</summary>
public sealed record LabPodContainer
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its image.</summary>
    public string? Image { get; init; }

    /// <summary>What it is: <c>Container</c>, <c>Init</c>, <c>Sidecar</c> or <c>Ephemeral</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Whether it is ready.</summary>
    public bool Ready { get; init; }

    /// <summary>How often it was restarted.</summary>
    public long Restarts { get; init; }

    /// <summary><c>Running</c>, <c>Waiting</c> or <c>Terminated</c>; null before the node has said.</summary>
    public string? State { get; init; }

    /// <summary>Why it waits or ended: <c>CrashLoopBackOff</c>, <c>OOMKilled</c>.</summary>
    public string? Reason { get; init; }

    /// <summary>Exit code, where it ended.</summary>
    public long? ExitCode { get; init; }

    /// <summary>When it began to run, where it runs.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>The containers of a pod.</summary>
    /// <param name="pod">The pod.</param>
    /// <returns>Init containers, containers, ephemeral ones.</returns>
    internal static TextList<LabPodContainer> Of(JsonObject pod)
    {
        JsonObject spec = pod.Object("spec") ?? [], status = pod.Object("status") ?? [];
        return
        [
            .. spec.Objects("initContainers").Select(c => One(c, c.Text("restartPolicy") == "Always" ? "Sidecar" : "Init", status, "initContainerStatuses")),
            .. spec.Objects("containers").Select(c => One(c, "Container", status, "containerStatuses")),
            .. spec.Objects("ephemeralContainers").Select(c => One(c, "Ephemeral", status, "ephemeralContainerStatuses")),
        ];
    }

    private static LabPodContainer One(JsonObject container, string type, JsonObject status, string list)
    {
        string name = container.Text("name") ?? "";
        JsonObject seen = status.Objects(list).FirstOrDefault(entry => entry.Text("name") == name) ?? [];
        JsonObject state = seen.Object("state") ?? [];
        string? word = state.FirstOrDefault(entry => entry.Value is JsonObject).Key;
        JsonObject detail = word is null ? [] : state.Object(word)!;
        return new LabPodContainer
        {
            Name = name,
            Image = container.Text("image"),
            Type = type,
            Ready = seen.Flag("ready"),
            Restarts = seen.Number("restartCount") ?? 0,
            State = word is null ? null : char.ToUpperInvariant(word[0]) + word[1..],
            Reason = detail.Text("reason"),
            ExitCode = detail.Number("exitCode"),
            StartedAt = word == "running" ? ResourceParts.Time(detail.Text("startedAt")) : null,
        };
    }
}
