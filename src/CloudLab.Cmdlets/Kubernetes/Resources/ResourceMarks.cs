using System.Collections;
using System.Collections.Specialized;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Cmdlets.Kubernetes.Resources;

/// <summary>Labels and annotations as a command line gives them.</summary>
internal static class ResourceMarks
{
    /// <summary>Reads them as they are written for kubectl.</summary>
    /// <param name="texts"><c>tier=front</c>, <c>old-</c>.</param>
    /// <returns>Values by key, null to remove one; null where a text is neither.</returns>
    public static IDictionary? Read(IReadOnlyCollection<string> texts)
    {
        OrderedDictionary marks = new(StringComparer.Ordinal);
        foreach (string text in texts)
        {
            switch (text.Split('=', 2))
            {
                case [{ Length: > 0 } key, var value]:
                    marks[key] = value;
                    break;
                case [{ Length: > 1 } key] when key.EndsWith('-'):
                    marks[key[..^1]] = null;
                    break;
                default:
                    return null;
            }
        }

        return marks;
    }

    /// <summary>What a command line means that has the name with the kind and texts behind it: <c>deploy/movies tier=front</c>.</summary>
    /// <param name="marks">The marks, where they were given as such.</param>
    /// <param name="kinds">The kinds.</param>
    /// <param name="names">The names; null afterwards where they were marks.</param>
    /// <param name="noun">What a mark is called: <c>label</c>.</param>
    /// <param name="example">What to type, for the error.</param>
    /// <returns>The marks. Throws <see cref="LabException"/> (<c>LabelMissing</c>, <c>AnnotationMissing</c>) where there are none.</returns>
    public static IDictionary Given(IDictionary marks, string[] kinds, ref string[]? names, string noun, string example)
    {
        if (marks.Count == 0 && names is not null && kinds.Length > 0 && Array.TrueForAll(kinds, kind => kind.Contains('/', StringComparison.Ordinal)) && Read(names) is { } read)
        {
            (marks, names) = (read, null);
        }

        return marks.Count > 0 ? marks
            : throw new LabException(LabErrorKind.InvalidArgument, $"{char.ToUpperInvariant(noun[0])}{noun[1..]}Missing", $"Say which {noun}: {example}.");
    }

    /// <summary>What is set and removed, for people.</summary>
    /// <param name="values">Values by key.</param>
    /// <returns><c>tier=front, old removed</c>.</returns>
    public static string Describe(Dictionary<string, string?> values) =>
        string.Join(", ", values.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value is null ? $"{pair.Key} removed" : $"{pair.Key}={pair.Value}"));
}
