using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Core.Storage.Listing;

/// <summary>
/// What several keys have in common up to a delimiter: a folder, as far as S3 has folders. Binds <c>-Bucket</c> and
/// <c>-Prefix</c> of the next <c>Get-LabObject</c>.
/// </summary>
public sealed class LabPrefix : SessionItem
{
    /// <summary>Bucket.</summary>
    public required string Bucket { get; init; }

    /// <summary>The common beginning, delimiter included: <c>data/</c>.</summary>
    public required string Prefix { get; init; }

    /// <inheritdoc/>
    public override string ToString() => ObjectName.Uri(Bucket, Prefix);
}
