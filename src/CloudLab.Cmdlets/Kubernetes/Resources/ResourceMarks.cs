namespace CloudLab.Cmdlets.Kubernetes.Resources;

/// <summary>Labels and annotations as a command line gives them.</summary>
internal static class ResourceMarks
{
    /// <summary>What is set and removed, for people.</summary>
    /// <param name="values">Values by key.</param>
    /// <returns><c>tier=front, old removed</c>.</returns>
    public static string Describe(Dictionary<string, string?> values) =>
        string.Join(", ", values.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value is null ? $"{pair.Key} removed" : $"{pair.Key}={pair.Value}"));
}
