using CloudLab.Core.Errors;

namespace CloudLab.Core.Storage;

/// <summary>What an object is stored with.</summary>
public sealed record UploadOptions
{
    /// <summary>Media type; null for that of the extension.</summary>
    public string? ContentType { get; init; }

    /// <summary>User metadata: names of letters, digits and hyphens, values of printable ASCII.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>True refuses to replace an object that exists; the service itself decides, so no race can lose.</summary>
    public bool NoClobber { get; init; }

    /// <summary>Refuses metadata that no HTTP header can carry.</summary>
    /// <returns>These options. Throws <see cref="LabException"/> (InvalidMetadata).</returns>
    public UploadOptions Validate()
    {
        foreach ((string name, string value) in Metadata)
        {
            if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            {
                throw new LabException(
                    LabErrorKind.InvalidArgument, "InvalidMetadata",
                    $"'{name}' is no name of metadata: use letters, digits, hyphens, dots and underscores.");
            }

            if (value.Any(c => c is < ' ' or > '~'))
            {
                throw new LabException(
                    LabErrorKind.InvalidArgument, "InvalidMetadata",
                    $"The value of metadata '{name}' has characters outside printable ASCII: encode it (Base64, percent-encoding) first.");
            }
        }

        return this;
    }
}
