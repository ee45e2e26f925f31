using System.Runtime.CompilerServices;
using System.Text;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Objects;

/// <summary>The content of single objects: as text, as lines, as bytes.</summary>
/// <param name="client">The service.</param>
public sealed class ObjectContent(StorageClient client)
{
    private const int ChunkSize = 64 * 1024;
    private const int LinesAtOnce = 512;

    /// <summary>Reads an object line by line, as it arrives.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="encoding">Encoding of the text; a byte order mark overrules it.</param>
    /// <param name="options">Which state of it, which bytes.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <returns>Lines without their ends, in groups of those that have arrived. Throws <see cref="LabException"/> at the end if a checksum differs.</returns>
    public async IAsyncEnumerable<IReadOnlyList<string>> ReadLinesAsync(
        string bucket, string key, Encoding encoding, ReadOptions options, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        using ProgressMeter meter = Meter(bucket, key);
        using StreamReader reader = new(await OpenAsync(bucket, key, options, meter, cancellation), encoding);
        List<string> lines = [];
        while (true)
        {
            ValueTask<string?> next = reader.ReadLineAsync(cancellation);
            if (lines.Count == LinesAtOnce || (lines.Count > 0 && !next.IsCompleted))
            {
                yield return lines;
                lines = [];
            }

            if (await next is not { } line)
            {
                break;
            }

            lines.Add(line);
        }

        if (lines.Count > 0)
        {
            yield return lines;
        }
    }

    /// <summary>Reads an object as one text.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="encoding">Encoding of the text; a byte order mark overrules it.</param>
    /// <param name="options">Which state of it, which bytes.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The text.</returns>
    public async Task<string> ReadTextAsync(string bucket, string key, Encoding encoding, ReadOptions options, CancellationToken cancellation = default)
    {
        using ProgressMeter meter = Meter(bucket, key);
        using StreamReader reader = new(await OpenWholeAsync(bucket, key, options, meter, int.MaxValue / 2, cancellation), encoding);
        return await reader.ReadToEndAsync(cancellation);
    }

    /// <summary>Reads an object as it arrives.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="options">Which state of it, which bytes.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <returns>Its bytes, in pieces.</returns>
    public async IAsyncEnumerable<byte[]> ReadChunksAsync(
        string bucket, string key, ReadOptions options, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        using ProgressMeter meter = Meter(bucket, key);
        using ObjectReadStream content = await OpenAsync(bucket, key, options, meter, cancellation);
        byte[] buffer = new byte[ChunkSize];
        int count;
        while ((count = await content.ReadAsync(buffer, cancellation)) > 0)
        {
            yield return buffer[..count];
        }
    }

    /// <summary>Reads all bytes of an object.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="options">Which state of it, which bytes.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Its bytes.</returns>
    public async Task<byte[]> ReadBytesAsync(string bucket, string key, ReadOptions options, CancellationToken cancellation = default)
    {
        using ProgressMeter meter = Meter(bucket, key);
        using ObjectReadStream content = await OpenWholeAsync(bucket, key, options, meter, Array.MaxLength, cancellation);
        byte[] bytes = new byte[content.Length];
        await content.ReadExactlyAsync(bytes, cancellation);
        return bytes;
    }

    private ProgressMeter Meter(string bucket, string key) => new(client.Reporter, "Reading " + ObjectName.Uri(bucket, key));

    private async Task<ObjectReadStream> OpenAsync(
        string bucket, string key, ReadOptions options, ProgressMeter meter, CancellationToken cancellation)
    {
        ObjectReadStream content = options.Range is { } range
            ? await ObjectReadStream.OpenRangeAsync(client, bucket, key, options, range, meter, cancellation)
            : await ObjectReadStream.OpenAsync(client, bucket, key, options, meter, cancellation);
        meter.Expect(0, content.Length);
        return content;
    }

    private async Task<ObjectReadStream> OpenWholeAsync(
        string bucket, string key, ReadOptions options, ProgressMeter meter, long most, CancellationToken cancellation)
    {
        ObjectReadStream content = await OpenAsync(bucket, key, options, meter, cancellation);
        if (content.Length <= most)
        {
            return content;
        }

        await content.DisposeAsync();
        throw StorageClient.Problem(
            LabErrorKind.InvalidData, "ObjectTooLarge", bucket, key, $"it has {ProgressMeter.FormatBytes(content.Length)}, too much for a single value.",
            "Omit -Raw to read it in pieces, or use Receive-LabObject.");
    }
}
