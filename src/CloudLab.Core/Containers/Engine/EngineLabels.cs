namespace CloudLab.Core.Containers.Engine;

/// <summary>Chooses by labels, as the filters of the engine do.</summary>
internal static class EngineLabels
{
    /// <summary>Whether something has all of some labels.</summary>
    /// <param name="labels">Its labels, or null.</param>
    /// <param name="wanted">The labels: <c>team</c> or <c>team=movies</c>.</param>
    /// <returns>True if so.</returns>
    public static bool Match(IEnumerable<KeyValuePair<string, string>>? labels, IEnumerable<string> wanted) => wanted.All(label =>
    {
        string[] parts = label.Split('=', 2);
        return labels?.Any(each => each.Key == parts[0] && (parts.Length == 1 || each.Value == parts[1])) == true;
    });
}
