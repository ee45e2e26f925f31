using System.Collections;
using CloudLab.Cmdlets.Pipeline;

namespace CloudLab.Cmdlets.Kubernetes.Resources;

/// <summary>Labels and annotations as a command line gives them.</summary>
internal static class ResourceMarks
{
    /// <summary>Reads a hashtable, in which null stands for what is to be removed.</summary>
    /// <param name="table">The hashtable.</param>
    /// <returns>Values by key.</returns>
    public static Dictionary<string, string?> Read(IDictionary table)
    {
        IDictionary plain = (IDictionary)PlainObject.Of(table)!;
        Dictionary<string, string?> values = new(StringComparer.Ordinal);
        Hashtable set = [];
        foreach (DictionaryEntry entry in plain)
        {
            if (entry.Value is null)
            {
                values[entry.Key.ToString() ?? ""] = null;
            }
            else
            {
                set[entry.Key] = entry.Value;
            }
        }

        foreach ((string key, string value) in PlainObject.Texts(set))
        {
            values[key] = value;
        }

        return values;
    }

    /// <summary>The same for people.</summary>
    /// <param name="values">Values by key.</param>
    /// <returns><c>tier=front, old removed</c>.</returns>
    public static string Describe(Dictionary<string, string?> values) =>
        string.Join(", ", values.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value is null ? $"{pair.Key} removed" : $"{pair.Key}={pair.Value}"));
}
