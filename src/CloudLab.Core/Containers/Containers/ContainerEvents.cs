using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using CloudLab.Core.Common;
using CloudLab.Core.Containers.Engine;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Containers.Containers;

/// <summary>Something that happened in a Docker Engine.</summary>
public sealed class LabDockerEvent
{
    /// <summary>When.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>container, image, network, volume…</summary>
    public required string Type { get; init; }

    /// <summary>create, start, die, health_status: healthy…</summary>
    public required string Action { get; init; }

    /// <summary>Name of what it happened to; its id where it has no name.</summary>
    public required string Name { get; init; }

    /// <summary>Id of what it happened to.</summary>
    public required string Id { get; init; }

    /// <summary>Image of the container.</summary>
    public string? Image { get; init; }

    /// <summary>Exit code of a container that died.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Everything else that the engine says of it.</summary>
    public required IReadOnlyDictionary<string, string> Attributes { get; init => field = TextDictionary.Of(value); }

    /// <inheritdoc/>
    public override string ToString() => $"{Type} {Action} {Name}";
}

/// <summary>Which events to see.</summary>
public sealed record ContainerEventQuery
{
    /// <summary>Types; containers alone if empty.</summary>
    public IReadOnlyList<string> Types { get; init; } = [];

    /// <summary>Names or ids of containers.</summary>
    public IReadOnlyList<string> Containers { get; init; } = [];

    /// <summary>Actions: start, die.</summary>
    public IReadOnlyList<string> Actions { get; init; } = [];

    /// <summary>Labels.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>From when on; from now on if null.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Until when; for ever if null.</summary>
    public DateTimeOffset? Until { get; init; }
}

/// <summary>Watches a session's Docker Engine.</summary>
/// <param name="session">Names the engine.</param>
public sealed class ContainerEvents(LabSession session)
{
    private readonly DockerEngine engine = new(session.Docker);

    /// <summary>Watches.</summary>
    /// <param name="query">What to see.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Events as they happen.</returns>
    public async IAsyncEnumerable<LabDockerEvent> WatchAsync(ContainerEventQuery query, [EnumeratorCancellation] CancellationToken cancellation)
    {
        Dictionary<string, IEnumerable<string>> filters = [];
        foreach ((string name, IReadOnlyList<string> values) in new[]
        {
            ("type", query.Types.Count > 0 ? query.Types : ["container"]), ("container", query.Containers), ("event", query.Actions), ("label", query.Labels),
        })
        {
            if (values.Count > 0)
            {
                filters[name] = values;
            }
        }

        string path = "events?filters=" + Uri.EscapeDataString(JsonSerializer.Serialize(filters))
            + (query.Since is { } since ? "&since=" + ContainerLogQuery.Seconds(since) : "")
            + (query.Until is { } until ? "&until=" + ContainerLogQuery.Seconds(until) : "");
        await foreach (EngineMessage message in engine.MessagesAsync(HttpMethod.Get, path, null, Timeout.InfiniteTimeSpan, cancellation))
        {
            yield return Read(message.Body);
        }
    }

    private static LabDockerEvent Read(JsonElement body)
    {
        TextDictionary attributes = [];
        string id = "";
        if (body.TryGetProperty("Actor", out JsonElement actor) && actor.ValueKind == JsonValueKind.Object)
        {
            id = EngineMessage.Text(actor, "ID") ?? "";
            if (actor.TryGetProperty("Attributes", out JsonElement all) && all.ValueKind == JsonValueKind.Object)
            {
                foreach (JsonProperty attribute in all.EnumerateObject())
                {
                    attributes[attribute.Name] = attribute.Value.ToString();
                }
            }
        }

        long nanoseconds = body.TryGetProperty("timeNano", out JsonElement time) && time.TryGetInt64(out long exact) ? exact : 0;
        return new LabDockerEvent
        {
            Time = DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / 100),
            Type = EngineMessage.Text(body, "Type") ?? "",
            Action = EngineMessage.Text(body, "Action") ?? "",
            Id = id,
            Name = attributes.GetValueOrDefault("name") ?? id,
            Image = attributes.GetValueOrDefault("image"),
            ExitCode = int.TryParse(attributes.GetValueOrDefault("exitCode"), CultureInfo.InvariantCulture, out int code) ? code : null,
            Attributes = attributes,
        };
    }
}
