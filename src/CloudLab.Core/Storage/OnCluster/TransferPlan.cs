using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Storage.OnCluster;

/// <summary>What a transfer job does.</summary>
public enum TransferAction
{
    /// <summary>Copies objects.</summary>
    Copy,

    /// <summary>Deletes objects.</summary>
    Remove,
}

/// <summary>A bucket and a prefix of a service, as the workers reach it.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Prefix">Beginning of the keys.</param>
/// <param name="EndpointUrl">Base URL of the service; null for Amazon's.</param>
/// <param name="Region">Its region.</param>
public sealed record TransferPlace(string Bucket, string Prefix, Uri? EndpointUrl, string Region)
{
    /// <summary>The service as a worker reaches it.</summary>
    [JsonIgnore]
    public SessionOptions Options => new() { S3EndpointUrl = EndpointUrl, Region = Region };
}

/// <summary>All that the workers of a transfer job need to know; each takes one of the ranges.</summary>
public sealed record TransferPlan
{
    private const int MostAtOnce = 10_000, MostObjects = 1000;

    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter() },
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Name of the job, and what tells it from another of the same name: its results are kept under it.</summary>
    public required string Id { get; init; }

    /// <summary>What is done.</summary>
    public required TransferAction Action { get; init; }

    /// <summary>Where the objects are.</summary>
    public required TransferPlace Source { get; init; }

    /// <summary>Where copies go; null where objects are deleted.</summary>
    public TransferPlace? Destination { get; init; }

    /// <summary>True where the destination is another service, so that the content passes through the workers.</summary>
    public bool TwoServices { get; init; }

    /// <summary>Wildcards of the keys that are wanted; null for all.</summary>
    public string[]? Include { get; init; }

    /// <summary>Wildcards of the keys that are not wanted.</summary>
    public string[]? Exclude { get; init; }

    /// <summary>Storage class of the copies; null for the service's default.</summary>
    public string? StorageClass { get; init; }

    /// <summary>True keeps an object that is there and differs.</summary>
    public bool NoClobber { get; init; }

    /// <summary>Requests in flight of each worker.</summary>
    public int ThrottleLimit { get; init; } = 64;

    /// <summary>After how many objects a worker says how far it is.</summary>
    public int CheckpointInterval { get; init; } = 1000;

    /// <summary>The ranges, one for each index of the Job.</summary>
    public required IReadOnlyList<KeyRange> Ranges { get; init; }

    /// <summary>About how many objects there are.</summary>
    public long EstimatedObjects { get; init; }

    /// <summary>About how large they are.</summary>
    public long EstimatedSize { get; init; }

    /// <summary>Where the checkpoints are kept.</summary>
    [JsonIgnore]
    public TransferPlace Results => Destination ?? Source;

    /// <summary>Reads a plan.</summary>
    /// <param name="text">JSON.</param>
    /// <returns>The plan. Throws <see cref="LabException"/> (InvalidPlan).</returns>
    public static TransferPlan Read(string text)
    {
        try
        {
            TransferPlan plan = JsonSerializer.Deserialize<TransferPlan>(text, Format) ?? throw new JsonException("it is empty");
            return plan.Fault() is { } fault ? throw new JsonException(fault) : plan;
        }
        catch (JsonException e)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "InvalidPlan", $"This is not the plan of a transfer job: {e.Message.TrimEnd('.')}.", e)
            {
                Advice = "Copy-LabObject -OnCluster and Remove-LabObject -OnCluster write plans into the ConfigMap of their Job.",
            };
        }
    }

    // Somebody may have written it by hand.
    private string? Fault() =>
        string.IsNullOrEmpty(Id) || Id.Contains('/', StringComparison.Ordinal) ? "its id is no name"
        : !Enum.IsDefined(Action) ? "its action is neither Copy nor Remove"
        : !IsPlace(Source) ? "its source has no bucket, prefix or region"
        : Action == TransferAction.Copy && !IsPlace(Destination) ? "its destination has no bucket, prefix or region"
        : ThrottleLimit is < 1 or > MostAtOnce ? $"its throttleLimit is not 1 to {MostAtOnce}"
        : CheckpointInterval is < 1 or > MostObjects ? $"its checkpointInterval is not 1 to {MostObjects}"
        : Ranges is null || Ranges.Contains(null!) ? "its ranges are none"
        : null;

    private static bool IsPlace(TransferPlace? place) => place is { Bucket.Length: > 0, Prefix: not null, Region: not null };

    /// <summary>The plan as JSON.</summary>
    /// <returns>The text.</returns>
    public string Write() => JsonSerializer.Serialize(this, Format);
}
