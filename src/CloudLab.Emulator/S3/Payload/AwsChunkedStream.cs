using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CloudLab.Emulator.Identity;

namespace CloudLab.Emulator.S3.Payload;

/// <summary>
/// Takes the aws-chunked coding off a body and verifies the signature of each chunk and of the trailer
/// (STREAMING-AWS4-HMAC-SHA256-PAYLOAD and its kin).
/// </summary>
/// <param name="source">The body as sent.</param>
/// <param name="signature">The request's signature, for signed chunks; null where chunks are not signed.</param>
/// <param name="hasTrailer">True where a trailer follows.</param>
internal sealed class AwsChunkedStream(Stream source, VerifiedSignature? signature, bool hasTrailer)
{
    private const int MaxLine = 16 * 1024;
    private const int MinChunk = 8192;

    private readonly byte[] buffer = new byte[64 * 1024];
    private readonly IncrementalHash? hash = signature is null ? null : IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<(string Name, string Value)> trailer = [];
    private string previous = signature?.Signature ?? "";
    private string? current;
    private int start, end;
    private long left;
    private long lastSize = long.MaxValue;
    private bool done;

    /// <summary>Trailer fields, once everything is read.</summary>
    public IReadOnlyList<(string Name, string Value)> Trailer => trailer;

    /// <summary>Reads data.</summary>
    /// <param name="target">Where to.</param>
    /// <param name="cancellation">Cancels the read.</param>
    /// <returns>Bytes read; 0 at the end, when everything has been verified.</returns>
    public async ValueTask<int> ReadAsync(Memory<byte> target, CancellationToken cancellation)
    {
        if (done)
        {
            return 0;
        }

        if (left == 0 && !await NextChunkAsync(cancellation))
        {
            return 0;
        }

        Memory<byte> room = target[..(int)Math.Min(target.Length, left)];
        int count;
        if (start < end)
        {
            count = Math.Min(room.Length, end - start);
            buffer.AsMemory(start, count).CopyTo(room);
            start += count;
        }
        else
        {
            count = await source.ReadAsync(room, cancellation);
            if (count == 0)
            {
                throw Incomplete();
            }
        }

        hash?.AppendData(room.Span[..count]);
        left -= count;
        if (left == 0)
        {
            VerifyChunk();
            if (await ReadLineAsync(cancellation) is not "")
            {
                throw Malformed();
            }
        }

        return count;
    }

    private static S3Exception Incomplete() => new(
        400, "IncompleteBody", "The request body terminated unexpectedly");

    private static S3Exception Malformed() => new(
        400, "InvalidRequest", "The aws-chunked encoding of the body is not valid.");

    private static S3Exception Mismatch() => new(
        403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your key and signing method.");

    private async ValueTask<bool> NextChunkAsync(CancellationToken cancellation)
    {
        string line = await ReadLineAsync(cancellation);
        string[] parts = line.Split(';');
        if (!long.TryParse(parts[0].Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out left) || left < 0)
        {
            throw Malformed();
        }

        current = parts.Skip(1).Select(part => part.Trim()).FirstOrDefault(part => part.StartsWith("chunk-signature=", StringComparison.Ordinal))?["chunk-signature=".Length..];
        if (signature is not null && current is null)
        {
            throw Mismatch();
        }

        if (left > 0)
        {
            if (lastSize < MinChunk)
            {
                throw new S3Exception(
                    403, "InvalidChunkSizeError", "Only the last chunk is allowed to have a size less than 8192 bytes",
                    ("BadChunkSize", lastSize.ToString(CultureInfo.InvariantCulture)));
            }

            lastSize = left;
            return true;
        }

        VerifyChunk();
        await ReadTrailerAsync(cancellation);
        done = true;
        return false;
    }

    private void VerifyChunk()
    {
        if (hash is null)
        {
            return;
        }

        string expected = signature!.ChunkSignature(previous, hash.GetHashAndReset());
        if (!CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(expected), Encoding.ASCII.GetBytes(current!)))
        {
            throw Mismatch();
        }

        previous = expected;
    }

    private async ValueTask ReadTrailerAsync(CancellationToken cancellation)
    {
        StringBuilder signed = new();
        string? trailerSignature = null;
        while (await ReadTrailerLineAsync(cancellation) is { Length: > 0 } line)
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0)
            {
                throw MalformedTrailer();
            }

            string name = line[..colon].Trim().ToLowerInvariant(), value = line[(colon + 1)..].Trim();
            if (name == "x-amz-trailer-signature")
            {
                trailerSignature = value;
            }
            else
            {
                trailer.Add((name, value));
                signed.Append(name).Append(':').Append(value).Append('\n');
            }
        }

        if (!hasTrailer && trailer.Count > 0)
        {
            throw MalformedTrailer();
        }

        if (signature is not null && hasTrailer)
        {
            string expected = signature.TrailerSignature(previous, SHA256.HashData(Encoding.UTF8.GetBytes(signed.ToString())));
            if (trailerSignature is null
                || !CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(expected), Encoding.ASCII.GetBytes(trailerSignature)))
            {
                throw Mismatch();
            }
        }
    }

    internal static S3Exception MalformedTrailer() => new(
        400, "MalformedTrailerError", "The request contained trailing data that was not well-formed or did not conform to our published schema.");

    // The last empty line may be left out by a client whose body ends there.
    private async ValueTask<string?> ReadTrailerLineAsync(CancellationToken cancellation) =>
        start < end || await FillAsync(cancellation) ? await ReadLineAsync(cancellation) : null;

    private async ValueTask<bool> FillAsync(CancellationToken cancellation)
    {
        start = 0;
        end = await source.ReadAsync(buffer, cancellation);
        return end > 0;
    }

    private async ValueTask<string> ReadLineAsync(CancellationToken cancellation)
    {
        StringBuilder line = new();
        while (true)
        {
            if (start == end && !await FillAsync(cancellation))
            {
                throw Incomplete();
            }

            int newline = buffer.AsSpan(start, end - start).IndexOf((byte)'\n');
            int count = newline < 0 ? end - start : newline;
            line.Append(Encoding.Latin1.GetString(buffer, start, count));
            start += newline < 0 ? count : count + 1;
            if (newline >= 0)
            {
                return line.ToString().TrimEnd('\r');
            }

            if (line.Length > MaxLine)
            {
                throw Malformed();
            }
        }
    }
}
