namespace CloudLab.Core.Common;

/// <summary>Texts with another first letter.</summary>
internal static class FirstLetter
{
    /// <summary>A text that begins with a small letter: a type as the name of a field, a sentence inside another.</summary>
    /// <param name="text">The text.</param>
    /// <returns><c>containerResource</c> for <c>ContainerResource</c>; nothing for nothing.</returns>
    public static string Lower(string text) => text.Length == 0 ? "" : char.ToLowerInvariant(text[0]) + text[1..];

    /// <summary>A text that begins with a capital letter, and goes on in small ones.</summary>
    /// <param name="text">The text.</param>
    /// <returns><c>Background</c> for <c>background</c>.</returns>
    public static string Upper(string text) => text.Length == 0 ? "" : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();
}
