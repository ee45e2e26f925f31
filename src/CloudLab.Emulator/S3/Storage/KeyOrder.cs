namespace CloudLab.Emulator.S3.Storage;

/// <summary>Orders keys as S3 lists them: by their UTF-8 bytes. That is not UTF-16's order where surrogates meet U+E000 and above.</summary>
internal sealed class KeyOrder : IComparer<string>
{
    /// <summary>The one there is.</summary>
    public static KeyOrder Instance { get; } = new();

    /// <inheritdoc/>
    public int Compare(string? x, string? y)
    {
        ReadOnlySpan<char> a = x, b = y;
        int same = a.CommonPrefixLength(b);
        if (same == a.Length || same == b.Length)
        {
            return a.Length.CompareTo(b.Length);
        }

        return Weight(a[same]).CompareTo(Weight(b[same]));
    }

    private static int Weight(char c) => c < '\uD800' ? c : c < '\uE000' ? c + 0x2000 : c - 0x800;
}
