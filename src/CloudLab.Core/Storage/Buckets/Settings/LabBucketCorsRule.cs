using CloudLab.Core.Common;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Storage.Buckets.Settings;

/// <summary>One rule of which web pages of other origins may use a bucket. The first rule that fits a request counts.</summary>
public sealed class LabBucketCorsRule : SessionItem, IBucketRule
{
    private readonly string? id;

    /// <summary>Bucket it was read from.</summary>
    public string Bucket { get; init; } = "";

    /// <summary>Id of the rule, its own in the bucket. Its origins where none is given.</summary>
    public string Id
    {
        get => id ?? string.Join(' ', Origin);
        init => id = string.IsNullOrEmpty(value) ? null : value;
    }

    /// <summary>Origins of the pages: <c>https://movies.example</c>; one <c>*</c> in it stands for anything.</summary>
    public TextList<string> Origin { get; init; } = [];

    /// <summary>HTTP methods they may use: GET, PUT, POST, DELETE, HEAD.</summary>
    public TextList<string> Method { get; init; } = [];

    /// <summary>Headers that they may send, with at most one <c>*</c> in each.</summary>
    public TextList<string> Header { get; init; } = [];

    /// <summary>Headers of the answer that their scripts may read.</summary>
    public TextList<string> ExposeHeader { get; init; } = [];

    /// <summary>How long a browser may keep the answer to its question, in seconds; null leaves it to the browser.</summary>
    public int? MaxAgeSeconds { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Id;
}
