using System.Globalization;
using System.Xml.Linq;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Core.Identity.Principals;

/// <summary>Reads what is in IAM's answers: texts, times, numbers, tags and policy documents.</summary>
internal static class IamXml
{
    /// <summary>The text of a child.</summary>
    /// <param name="element">Its parent.</param>
    /// <param name="name">Its name.</param>
    /// <returns>The text; empty where there is none.</returns>
    public static string Text(this XElement element, string name) => element.Element(name)?.Value ?? "";

    /// <summary>The text of a child that may be missing.</summary>
    /// <param name="element">Its parent.</param>
    /// <param name="name">Its name.</param>
    /// <returns>The text; null where there is none.</returns>
    public static string? OptionalText(this XElement element, string name) => element.Element(name)?.Value is { Length: > 0 } text ? text : null;

    /// <summary>The time in a child.</summary>
    /// <param name="element">Its parent.</param>
    /// <param name="name">Its name.</param>
    /// <returns>The time; null where there is none.</returns>
    public static DateTimeOffset? Date(this XElement element, string name) =>
        DateTimeOffset.TryParse(
            element.Element(name)?.Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset date)
            ? date : null;

    /// <summary>The number in a child.</summary>
    /// <param name="element">Its parent.</param>
    /// <param name="name">Its name.</param>
    /// <returns>The number; null where there is none.</returns>
    public static int? Number(this XElement element, string name) =>
        int.TryParse(element.Element(name)?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    /// <summary>The tags in an element.</summary>
    /// <param name="tags">The element <c>Tags</c>, or null.</param>
    /// <returns>Tags by key.</returns>
    public static TextDictionary ReadTags(XElement? tags)
    {
        // By the order of the leaves, since radosgw wraps key and value each into an element of its own.
        TextDictionary read = [];
        string key = "";
        foreach (XElement leaf in (tags?.Descendants() ?? []).Where(element => !element.HasElements))
        {
            if (leaf.Name == "Key")
            {
                key = leaf.Value;
            }
            else if (leaf.Name == "Value")
            {
                read[key] = leaf.Value;
            }
        }

        return read;
    }

    /// <summary>The policy document in a text. AWS encodes documents as in a URL, some servers do not.</summary>
    /// <param name="text">The text, or null.</param>
    /// <param name="what">What it is, for the warning: <c>trust policy of role 'viewer'</c>.</param>
    /// <param name="reporter">Is warned of a text that is no policy document.</param>
    /// <returns>The document; null where there is none, or none that is understood.</returns>
    public static PolicyDocument? Document(string? text, string what, IReporter reporter)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        try
        {
            // In a text that is not encoded, a plus and a percent sign are themselves.
            return PolicyDocument.Parse(text.TrimStart().StartsWith('{') ? text : Uri.UnescapeDataString(text));
        }
        catch (LabException e)
        {
            reporter.Warning($"The {what} cannot be parsed and is left out: {e.Message}");
            return null;
        }
    }

    /// <summary>Tags as the parameters of an operation.</summary>
    /// <param name="tags">Tags by key.</param>
    /// <returns><c>Tags.member.1.Key</c>, <c>Tags.member.1.Value</c>, ….</returns>
    public static IEnumerable<(string Name, string? Value)> TagParameters(IReadOnlyDictionary<string, string> tags) =>
        tags.SelectMany((tag, index) => new (string, string?)[]
        {
            (string.Create(CultureInfo.InvariantCulture, $"Tags.member.{index + 1}.Key"), tag.Key),
            (string.Create(CultureInfo.InvariantCulture, $"Tags.member.{index + 1}.Value"), tag.Value),
        });
}
