using System.Collections;
using System.Globalization;

namespace CloudLab.Core.Storage;

/// <summary>Tags and metadata as people give them: a hashtable or any other dictionary, of anything.</summary>
public static class TextTable
{
    /// <summary>Reads names and values as text.</summary>
    /// <param name="table">Values by names, or null.</param>
    /// <returns>The same as text, numbers and dates as in invariant culture.</returns>
    public static Dictionary<string, string> Read(IDictionary? table)
    {
        Dictionary<string, string> texts = [];
        foreach (object name in table?.Keys ?? Array.Empty<object>())
        {
            texts[Convert.ToString(name, CultureInfo.InvariantCulture)!] = Convert.ToString(table![name], CultureInfo.InvariantCulture) ?? "";
        }

        return texts;
    }
}
