using System.Text;

namespace CloudLab.Core.Common.Yaml;

/// <summary>Reads text files as people save them: UTF-8 with or without a mark, UTF-16 and UTF-32 from Windows editors.</summary>
internal static class SourceText
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Decodes the bytes of a file.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <returns>Its text, without byte order marks. Throws <see cref="IOException"/> for bytes of an old code page, which would become other characters.</returns>
    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        Encoding encoding = bytes switch
        {
            [0xFF, 0xFE, 0, 0, ..] => Encoding.UTF32,
            [0, 0, 0xFE, 0xFF, ..] => new UTF32Encoding(bigEndian: true, byteOrderMark: true),
            [0xFF, 0xFE, ..] => Encoding.Unicode,
            [0xFE, 0xFF, ..] => Encoding.BigEndianUnicode,
            // YAML and JSON begin with an ASCII character, so a zero beside it gives UTF-16 without a mark away.
            [not 0, 0, ..] => Encoding.Unicode,
            [0, not 0, ..] => Encoding.BigEndianUnicode,
            _ => StrictUtf8,
        };
        try
        {
            return WithoutMarks(encoding.GetString(bytes));
        }
        catch (DecoderFallbackException e)
        {
            int line = bytes[..Math.Clamp(e.Index, 0, bytes.Length)].Count((byte)'\n') + 1;
            throw new IOException($"line {line} has bytes that are not UTF-8: save the file as UTF-8", e);
        }
    }

    /// <summary>Leaves byte order marks out, also where files with marks were concatenated.</summary>
    /// <param name="text">Any text.</param>
    /// <returns>The text without them.</returns>
    public static string WithoutMarks(string text) =>
        text.Contains('\uFEFF', StringComparison.Ordinal) ? text.Replace("\uFEFF", null, StringComparison.Ordinal) : text;
}
