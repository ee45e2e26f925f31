namespace CloudLab.Core.Common;

/// <summary>Texts with another first letter.</summary>
internal static class FirstLetter
{
    /// <summary>A text that begins with a small letter: a type as the name of a field, a sentence inside another.</summary>
    /// <param name="text">The text.</param>
    /// <returns><c>containerResource</c> for <c>ContainerResource</c>; nothing for nothing.</returns>
    public static string Lower(string text) => text.Length == 0 ? "" : char.ToLowerInvariant(text[0]) + text[1..];
}
