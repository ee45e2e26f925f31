using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CloudLab.Core.Kubernetes.Manifests;

/// <summary>
/// The body of a server-side apply. Its media type is YAML, and JSON is YAML but for one thing: YAML's escapes are whole characters
/// (YAML 1.2, 5.7), so a character beyond the basic plane stands as itself and not as two halves.
/// </summary>
internal static class ApplyBody
{
    private const int EscapeLength = 6;
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Writes an object.</summary>
    /// <param name="content">The object.</param>
    /// <returns>UTF-8.</returns>
    public static byte[] Of(JsonObject content)
    {
        ArrayBufferWriter<byte> buffer = new(1024);
        using (Utf8JsonWriter writer = new(buffer, Writing))
        {
            content.WriteTo(writer);
        }

        return buffer.WrittenSpan.IndexOf("\\uD"u8) < 0 ? buffer.WrittenSpan.ToArray() : WithWholeCharacters(buffer.WrittenSpan);
    }

    private static byte[] WithWholeCharacters(ReadOnlySpan<byte> json)
    {
        byte[] whole = new byte[json.Length];
        int length = 0;
        for (int at = 0; at < json.Length;)
        {
            if (json[at] == '\\' && Half(json[at..]) is { } high && char.IsHighSurrogate(high)
                && Half(json[(at + EscapeLength)..]) is { } low && char.IsLowSurrogate(low))
            {
                length += new Rune(high, low).EncodeToUtf8(whole.AsSpan(length));
                at += 2 * EscapeLength;
                continue;
            }

            // What follows a backslash belongs to it, also another backslash.
            int count = json[at] == '\\' ? 2 : 1;
            json.Slice(at, count).CopyTo(whole.AsSpan(length));
            (length, at) = (length + count, at + count);
        }

        return whole[..length];
    }

    private static char? Half(ReadOnlySpan<byte> escape) => escape.StartsWith("\\u"u8)
        ? (char)ushort.Parse(escape[2..EscapeLength], NumberStyles.HexNumber, CultureInfo.InvariantCulture)
        : null;
}
