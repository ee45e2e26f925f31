namespace CloudLab.Core.Storage.Listing;

/// <summary>
/// The order in which S3 lists keys: by the bytes of their UTF-8. .NET's ordinal order compares UTF-16 and puts what is
/// written with surrogates (emoji) before U+E000 to U+FFFF, UTF-8 behind.
/// </summary>
public sealed class KeyOrder : IComparer<string>
{
    /// <summary>The one instance.</summary>
    public static KeyOrder Instance { get; } = new();

    /// <summary>Compares two keys.</summary>
    /// <param name="a">A key.</param>
    /// <param name="b">Another one.</param>
    /// <returns>Less than 0 where <paramref name="a"/> is listed first, 0 where they are the same.</returns>
    public static int Compare(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        int same = a.CommonPrefixLength(b);
        return same == a.Length || same == b.Length ? a.Length - b.Length : Rank(a[same]) - Rank(b[same]);
    }

    int IComparer<string>.Compare(string? x, string? y) => Compare(x, y);

    // Surrogates, the halves of what lies above U+FFFF, go to the end.
    private static int Rank(char c) => c < '\ud800' ? c : c >= '\ue000' ? c - 0x800 : c + 0x2000;
}
