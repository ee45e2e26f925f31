using System.Security.Cryptography;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Containers.Registries;

/// <summary>Checks that a content is what its digest names, while it passes by.</summary>
internal sealed class BlobDigest : IDisposable
{
    private readonly ImageBlob blob;
    private readonly IncrementalHash hash;

    /// <summary>Begins a check.</summary>
    /// <param name="blob">What the content must be. Throws <see cref="LabException"/> (<c>DigestNotSupported</c>).</param>
    public BlobDigest(ImageBlob blob)
    {
        this.blob = blob;
        hash = IncrementalHash.CreateHash(blob.Digest.Split(':')[0] switch
        {
            "sha256" => HashAlgorithmName.SHA256,
            "sha512" => HashAlgorithmName.SHA512,
            var other => throw new LabException(
                LabErrorKind.NotSupported, "DigestNotSupported", $"The digest {blob.Digest} cannot be checked: '{other}' is neither sha256 nor sha512.") { Target = blob.Digest },
        });
    }

    /// <summary>How many bytes were seen.</summary>
    public long Seen { get; private set; }

    /// <summary>Takes note of a piece; what was seen before, because it is sent again, is left out.</summary>
    /// <param name="offset">Where the piece begins in the content.</param>
    /// <param name="bytes">The piece.</param>
    public void Add(long offset, ReadOnlySpan<byte> bytes)
    {
        long known = Seen - offset;
        if (known < bytes.Length)
        {
            hash.AppendData(bytes[(int)Math.Max(0, known)..]);
            Seen = offset + bytes.Length;
        }
    }

    /// <summary>Throws <see cref="LabException"/> (<c>DigestMismatch</c>) where what was seen is something else.</summary>
    /// <param name="source">Where it came from.</param>
    public void Check(string source)
    {
        string why = Seen != blob.Size ? $"it has {Seen} bytes instead of {blob.Size}" : "its content is different";
        if (Seen != blob.Size || !Convert.ToHexStringLower(hash.GetCurrentHash()).Equals(blob.Digest[(blob.Digest.IndexOf(':', StringComparison.Ordinal) + 1)..], StringComparison.Ordinal))
        {
            throw new LabException(
                LabErrorKind.Corrupted, "DigestMismatch",
                $"What {source} sent is not {blob.Digest}: {why}. Nothing of it was kept. Try again; if it happens again, the stored image is damaged and must be stored again (Push-LabImage, Save-LabImage).") { Target = blob.Digest };
        }
    }

    /// <inheritdoc/>
    public void Dispose() => hash.Dispose();
}

/// <summary>A blob that is checked while it is read; a damaged one ends in an error instead of its last bytes.</summary>
/// <param name="inner">The content, from its beginning.</param>
/// <param name="blob">What it must be.</param>
/// <param name="source">Where it comes from.</param>
internal sealed class CheckedStream(Stream inner, ImageBlob blob, string source) : Common.Streams.ForwardStream
{
    private readonly BlobDigest digest = new(blob);
    private bool ended;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count = await inner.ReadAsync(buffer, cancellationToken);
        digest.Add(digest.Seen, buffer.Span[..count]);
        if (digest.Seen > blob.Size || (count == 0 && buffer.Length > 0 && !ended))
        {
            ended = true;
            digest.Check(source);
        }

        return count;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
            digest.Dispose();
        }

        base.Dispose(disposing);
    }
}
