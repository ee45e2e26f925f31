using System.Collections;
using System.Globalization;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Common;

/// <summary>Tags, metadata, labels and build arguments as people give them: a hashtable or any other dictionary, of anything.</summary>
public static class TextTable
{
    /// <summary>Reads names and values as text.</summary>
    /// <param name="table">Values by names, or null.</param>
    /// <returns>The same as text. Throws <see cref="LabException"/> (<c>ValueInvalid</c>) where a value has no text.</returns>
    public static Dictionary<string, string> Read(IDictionary? table)
    {
        Dictionary<string, string> texts = [];
        foreach (object name in table?.Keys ?? Array.Empty<object>())
        {
            string key = Text("", name)!;
            texts[key] = Text(key, table![name]) ?? "";
        }

        return texts;
    }

    /// <summary>Reads a value as text, numbers and dates as in invariant culture.</summary>
    /// <param name="name">Its name, for the error.</param>
    /// <param name="value">The value.</param>
    /// <returns>Its text; null for null. Throws <see cref="LabException"/> (<c>ValueInvalid</c>) where it has none: a list, a SecureString.</returns>
    public static string? Text(string name, object? value) => value is null ? null
        : HasText(value) ? Convert.ToString(value, CultureInfo.InvariantCulture)
        : throw new LabException(
            LabErrorKind.InvalidArgument, "ValueInvalid",
            $"The value of '{name}' has the type {value.GetType().Name}, which has no text form: give a string, a number or a boolean.");

    /// <summary>Whether a value has a text of its own, and not just the name of its type (System.Object[]).</summary>
    /// <param name="value">The value.</param>
    /// <returns>True if so.</returns>
    internal static bool HasText(object value) => value is string || value.ToString() != value.GetType().ToString();
}
