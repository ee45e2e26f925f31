namespace CloudLab.Core.Common;

/// <summary>Text of others in one line of a message.</summary>
internal static class OneLine
{
    /// <summary>Puts one space for all white space.</summary>
    /// <param name="text">The text; null is as if it were empty.</param>
    /// <returns>The line.</returns>
    public static string Of(string? text) => string.Join(' ', (text ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
