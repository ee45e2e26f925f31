using System.Text;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Cmdlets.Storage.Objects;

/// <summary>Encodings by the names that -Encoding takes.</summary>
internal static class EncodingName
{
    /// <summary>An encoding by the name that PowerShell's own cmdlets use, or .NET's.</summary>
    /// <param name="name"><c>utf8</c>, <c>utf8BOM</c>, <c>unicode</c>, <c>latin1</c>, <c>windows-1252</c>.</param>
    /// <returns>The encoding; its preamble is what is written before the text.</returns>
    public static Encoding ToEncoding(string name)
    {
        try
        {
            return name.ToUpperInvariant() switch
            {
                "UTF8" or "UTF8NOBOM" or "UTF-8" => new UTF8Encoding(false),
                "UTF8BOM" => new UTF8Encoding(true),
                "UNICODE" or "UTF16" => Encoding.Unicode,
                "BIGENDIANUNICODE" => Encoding.BigEndianUnicode,
                "UTF32" => Encoding.UTF32,
                "ASCII" => Encoding.ASCII,
                "LATIN1" => Encoding.Latin1,
                _ => Encoding.GetEncoding(name),
            };
        }
        catch (ArgumentException e)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "UnknownEncoding",
                $"There is no encoding '{name}': use utf8, utf8BOM, unicode, bigendianunicode, utf32, ascii or latin1.", e);
        }
    }
}
