namespace CloudLab.Core.Common;

/// <summary>Names in a message that must not grow with what there is.</summary>
public static class SomeOf
{
    /// <summary>Lists the first of them.</summary>
    /// <typeparam name="T">What is listed.</typeparam>
    /// <param name="names">All of them.</param>
    /// <param name="most">How many are named.</param>
    /// <param name="kind">What the others are called: <c>kinds</c>; null for nothing.</param>
    /// <returns><c>a, b, c and 4 more</c>.</returns>
    public static string Names<T>(IEnumerable<T> names, int most = 3, string? kind = null)
    {
        T[] all = [.. names];
        return string.Join(", ", all.Take(most)) + (all.Length > most ? $" and {all.Length - most} more{(kind is null ? "" : " " + kind)}" : "");
    }
}
