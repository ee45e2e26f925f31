using System.Text.Json;
using System.Text.Json.Serialization;

namespace CloudLab.Core.Storage.OnCluster;

/// <summary>How far the work on one range is, as an object of the bucket says it.</summary>
internal sealed record TransferCheckpoint
{
    /// <summary>How all that a job keeps in the bucket is written.</summary>
    public static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>Everything up to this key is done, or has failed for good; null where nothing is.</summary>
    public string? After { get; init; }

    /// <summary>True where the whole range is.</summary>
    public bool Done { get; init; }

    /// <summary>Objects that were copied or deleted.</summary>
    public long Objects { get; init; }

    /// <summary>Objects that were there already.</summary>
    public long Skipped { get; init; }

    /// <summary>Bytes of the objects that were copied.</summary>
    public long Size { get; init; }

    /// <summary>Objects that failed.</summary>
    public long Failed { get; init; }

    /// <summary>How many times a worker has taken the range up.</summary>
    public int Attempts { get; init; }

    /// <summary>Checkpoints that were written.</summary>
    public int Checkpoints { get; init; }

    /// <summary>When this was written.</summary>
    public DateTimeOffset Updated { get; init; }

    /// <summary>The pod that wrote it.</summary>
    public string? Worker { get; init; }

    /// <summary>This as JSON.</summary>
    /// <returns>UTF-8.</returns>
    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, Format);
}
