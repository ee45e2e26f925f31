using System.Collections;
using System.Collections.Specialized;
using System.Management.Automation;
using CloudLab.Core.Common;

namespace CloudLab.Cmdlets.Pipeline;

/// <summary>PowerShell's own objects as .NET's.</summary>
internal static class PlainObject
{
    /// <summary>What ConvertFrom-Json, <c>[pscustomobject]</c> and pipelines make, as dictionaries, arrays and plain values.</summary>
    /// <param name="value">Any object.</param>
    /// <returns>The same without PowerShell's wrappers, in all its parts.</returns>
    public static object? Of(object? value) => Of(value, 0);

    /// <summary>Tags, metadata or labels as text.</summary>
    /// <param name="table">Values by names, or null.</param>
    /// <returns>The same as text. Throws <see cref="Core.Common.Errors.LabException"/> (<c>ValueInvalid</c>) where a value has no text of its own.</returns>
    public static Dictionary<string, string> Texts(IDictionary? table) => TextTable.Read((IDictionary?)Of(table));

    /// <summary>The same where null means something: a variable that is taken from the environment, a label that is removed.</summary>
    /// <param name="table">Values by names.</param>
    /// <returns>The same as text. Throws <see cref="Core.Common.Errors.LabException"/> (<c>ValueInvalid</c>) where a value has no text of its own.</returns>
    public static Dictionary<string, string?> TextsOrNull(IDictionary table)
    {
        Dictionary<string, string?> texts = new(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in (IDictionary)Of(table)!)
        {
            string name = TextTable.Text("", entry.Key)!;
            texts[name] = TextTable.Text(name, entry.Value);
        }

        return texts;
    }

    private static object? Of(object? value, int depth) => value switch
    {
        _ when depth > ObjectJson.DeepestLevel => throw ObjectJson.TooDeep,
        PSObject { BaseObject: PSCustomObject } custom => OfMap(custom.Properties.Select(property => new DictionaryEntry(property.Name, property.Value)), depth),
        PSObject wrapper => Of(wrapper.BaseObject, depth),
        IDictionary map => OfMap(Entries(map), depth),
        // Lists of every kind, not what is only read once.
        IList list => list.Cast<object?>().Select(item => Of(item, depth + 1)).ToArray(),
        _ => value,
    };

    // A generic dictionary is no sequence of DictionaryEntry; its enumerator as an IDictionary is.
    private static IEnumerable<DictionaryEntry> Entries(IDictionary map)
    {
        foreach (DictionaryEntry entry in map)
        {
            yield return entry;
        }
    }

    private static OrderedDictionary OfMap(IEnumerable<DictionaryEntry> entries, int depth)
    {
        OrderedDictionary plain = [];
        foreach (DictionaryEntry entry in entries)
        {
            plain[entry.Key] = Of(entry.Value, depth + 1);
        }

        return plain;
    }
}
