using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace CloudLab.Core.Common.Streams;

/// <summary>
/// Reads the items of long JSON files one at a time: those of the named arrays of each object at the root, those of an array at the root, or the
/// objects at the root themselves (JSON Lines). A file can be gzipped, in UTF-8 or in UTF-16. Only one item is in memory.
/// </summary>
internal static class JsonItems
{
    private const int FirstBuffer = 64 * 1024;

    // No record of CloudTrail and no principal of IAM comes near it.
    private const int LongestItem = 64 * 1024 * 1024;

    private static readonly JsonReaderOptions Options = new() { AllowMultipleValues = true };

    /// <summary>Reads a stream to its end.</summary>
    /// <param name="stream">The stream; not closed here.</param>
    /// <param name="arrays">Names of the arrays whose items are wanted.</param>
    /// <param name="beside">Names of other properties that an object with such arrays can begin with.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <returns>
    /// Name of the array (empty for what is at the root) and the item's own text, which is good until the next one is asked for. Throws
    /// <see cref="JsonException"/> with line and column, <see cref="InvalidDataException"/>, and what the stream throws.
    /// </returns>
    public static async IAsyncEnumerable<(string Array, ReadOnlyMemory<byte> Json)> ReadAsync(
        Stream stream, IReadOnlyCollection<string> arrays, IReadOnlyCollection<string> beside, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        Scan scan = new(arrays, beside);
        await using Stream text = await DecodeAsync(stream, cancellation);
        byte[] buffer = new byte[FirstBuffer];
        int length = 0;
        bool ended = false;
        while (true)
        {
            if (scan.Next(buffer.AsSpan(0, length), ended) is { } item)
            {
                yield return (item.Array, buffer.AsMemory(item.Start, item.Length));
                continue;
            }

            if (ended)
            {
                yield break;
            }

            // What is read is dropped, what is not stays.
            int rest = length - scan.Consumed;
            if (rest == buffer.Length)
            {
                if (buffer.Length >= LongestItem)
                {
                    throw new InvalidDataException("One item is longer than 64 MiB.");
                }

                byte[] larger = new byte[buffer.Length * 2];
                buffer.AsSpan(0, length).CopyTo(larger);
                buffer = larger;
            }
            else
            {
                buffer.AsSpan(scan.Consumed, rest).CopyTo(buffer);
            }

            scan.Consumed = 0;
            int read = await text.ReadAsync(buffer.AsMemory(rest), cancellation);
            length = rest + read;
            ended = read == 0;
        }
    }

    private static async Task<Stream> DecodeAsync(Stream stream, CancellationToken cancellation)
    {
        Stream plain = stream;
        byte[] head = await PeekAsync(plain, cancellation);
        plain = new PrefixedStream(head, plain);
        if (head is [0x1F, 0x8B, ..])
        {
            plain = new GZipStream(plain, CompressionMode.Decompress);
            head = await PeekAsync(plain, cancellation);
            plain = new PrefixedStream(head, plain);
        }

        // Windows PowerShell's > writes UTF-16.
        Encoding? wide = head switch
        {
            [0xFF, 0xFE, ..] => Encoding.Unicode,
            [0xFE, 0xFF, ..] => Encoding.BigEndianUnicode,
            _ => null,
        };
        if (wide is not null)
        {
            plain = Encoding.CreateTranscodingStream(plain, wide, Encoding.UTF8);
            head = await PeekAsync(plain, cancellation);
            plain = new PrefixedStream(head, plain);
        }

        if (head is [0xEF, 0xBB, 0xBF, ..])
        {
            await plain.ReadExactlyAsync(head, cancellation);
        }

        return plain;
    }

    private static async Task<byte[]> PeekAsync(Stream stream, CancellationToken cancellation)
    {
        byte[] head = new byte[3];
        int length = await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellation);
        return head[..length];
    }

    private sealed class Scan(IReadOnlyCollection<string> arrays, IReadOnlyCollection<string> beside)
    {
        private JsonReaderState state = new(Options);
        private string? array;
        private bool inArray;

        public int Consumed { get; set; }

        // The next item, or null where more of the text is needed.
        public (string Array, int Start, int Length)? Next(ReadOnlySpan<byte> text, bool isFinal)
        {
            int offset = Consumed;
            Utf8JsonReader reader = new(text[offset..], isFinal, state);
            while (true)
            {
                Utf8JsonReader before = reader;
                if (!reader.Read())
                {
                    Keep(reader, offset);
                    return null;
                }

                switch (reader.TokenType)
                {
                    case JsonTokenType.StartArray when reader.CurrentDepth == 0:
                        (array, inArray) = ("", true);
                        break;
                    case JsonTokenType.StartArray when reader.CurrentDepth == 1 && array is not null && !inArray:
                        inArray = true;
                        break;
                    case JsonTokenType.EndArray when inArray && reader.CurrentDepth == (array!.Length == 0 ? 0 : 1):
                        (array, inArray) = (null, false);
                        break;
                    case JsonTokenType.PropertyName when reader.CurrentDepth == 1:
                        string name = reader.GetString()!;
                        array = arrays.Contains(name) ? name : null;
                        if (array is null && !reader.TrySkip())
                        {
                            Keep(before, offset);
                            return null;
                        }

                        break;
                    case JsonTokenType.StartObject when reader.CurrentDepth == 0:
                        // An object that is itself an item, or one that holds the arrays: its first property tells.
                        Utf8JsonReader inside = reader;
                        if (!inside.Read())
                        {
                            Keep(before, offset);
                            return null;
                        }

                        if (inside.TokenType == JsonTokenType.PropertyName && inside.GetString() is { } first && (arrays.Contains(first) || beside.Contains(first)))
                        {
                            break;
                        }

                        return Whole(ref reader, before, offset, "");
                    case JsonTokenType.StartObject when inArray:
                        return Whole(ref reader, before, offset, array!);
                    default:
                        break;
                }
            }
        }

        private (string Array, int Start, int Length)? Whole(ref Utf8JsonReader reader, Utf8JsonReader before, int offset, string name)
        {
            int start = (int)reader.TokenStartIndex;
            if (!reader.TrySkip())
            {
                Keep(before, offset);
                return null;
            }

            Keep(reader, offset);
            return (name, offset + start, (int)reader.BytesConsumed - start);
        }

        private void Keep(Utf8JsonReader reader, int offset)
        {
            state = reader.CurrentState;
            Consumed = offset + (int)reader.BytesConsumed;
        }
    }
}
