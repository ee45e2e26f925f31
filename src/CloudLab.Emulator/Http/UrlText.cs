using System.Text;

namespace CloudLab.Emulator.Http;

/// <summary>Percent-encoding as AWS signs it (RFC 3986, upper-case hex).</summary>
internal static class UrlText
{
    /// <summary>Decodes %XX; anything else stays, a malformed escape too.</summary>
    /// <param name="text">Encoded text, ASCII or Latin-1.</param>
    /// <param name="plusIsSpace">True in queries and forms.</param>
    /// <returns>The bytes.</returns>
    public static byte[] DecodeBytes(ReadOnlySpan<char> text, bool plusIsSpace = false)
    {
        byte[] result = new byte[text.Length];
        int count = 0;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '%' && i + 2 < text.Length && char.IsAsciiHexDigit(text[i + 1]) && char.IsAsciiHexDigit(text[i + 2]))
            {
                result[count++] = Convert.FromHexString(text.Slice(i + 1, 2))[0];
                i += 2;
            }
            else
            {
                result[count++] = c == '+' && plusIsSpace ? (byte)' ' : (byte)c;
            }
        }

        return result.AsSpan(0, count).ToArray();
    }

    /// <summary>Decodes %XX and UTF-8.</summary>
    /// <param name="text">Encoded text.</param>
    /// <param name="plusIsSpace">True in queries and forms.</param>
    /// <returns>The text; bytes that are no UTF-8 become U+FFFD.</returns>
    public static string Decode(ReadOnlySpan<char> text, bool plusIsSpace = false) =>
        text.ContainsAnyExceptInRange('\u0021', '\u007E') || text.ContainsAny('%', '+')
            ? Encoding.UTF8.GetString(DecodeBytes(text, plusIsSpace))
            : text.ToString();

    /// <summary>Encodes everything but the unreserved characters.</summary>
    /// <param name="bytes">Bytes to encode.</param>
    /// <param name="keepSlash">True in paths.</param>
    /// <returns>Encoded text.</returns>
    public static string Encode(ReadOnlySpan<byte> bytes, bool keepSlash = false)
    {
        StringBuilder result = new(bytes.Length + 16);
        foreach (byte b in bytes)
        {
            char c = (char)b;
            if (char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~' || (c == '/' && keepSlash))
            {
                result.Append(c);
            }
            else
            {
                result.Append('%').Append("0123456789ABCDEF"[b >> 4]).Append("0123456789ABCDEF"[b & 15]);
            }
        }

        return result.ToString();
    }

    /// <summary>Encodes everything but the unreserved characters, as UTF-8.</summary>
    /// <param name="text">Text to encode.</param>
    /// <param name="keepSlash">True in paths.</param>
    /// <returns>Encoded text.</returns>
    public static string Encode(string text, bool keepSlash = false) => Encode(Encoding.UTF8.GetBytes(text), keepSlash);

    /// <summary>Splits a query or a form.</summary>
    /// <param name="query">Text without the question mark.</param>
    /// <returns>Decoded names and values in the order they stand; a name without "=" has an empty value.</returns>
    public static IEnumerable<(string Name, string Value)> ParseQuery(string query)
    {
        foreach (string pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            yield return equals < 0
                ? (Decode(pair, plusIsSpace: true), "")
                : (Decode(pair.AsSpan(0, equals), plusIsSpace: true), Decode(pair.AsSpan(equals + 1), plusIsSpace: true));
        }
    }
}
