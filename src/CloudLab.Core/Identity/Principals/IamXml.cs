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

    /// <summary>The members of a list.</summary>
    /// <param name="element">Its parent.</param>
    /// <param name="list">Its name.</param>
    /// <returns>The members; none where there is no list.</returns>
    public static IEnumerable<XElement> Members(this XElement element, string list) => element.Element(list)?.Elements("member") ?? [];

    /// <summary>What to ask for the next page with.</summary>
    /// <param name="page">A page.</param>
    /// <param name="last">The marker that it was asked for with.</param>
    /// <returns>The marker; null where there are no more pages, or it does not move, which would never end.</returns>
    public static string? NextMarker(this XElement page, string? last) =>
        page.Element("IsTruncated")?.Value is "true" && page.OptionalText("Marker") is { } next && next != last ? next : null;

    /// <summary>The ARN of a user's or a role's permissions boundary.</summary>
    /// <param name="principal">The user or role.</param>
    /// <returns>The ARN; null where there is none.</returns>
    public static string? BoundaryArn(this XElement principal) => principal.Element("PermissionsBoundary") is not { } boundary ? null
        : boundary.HasElements ? boundary.OptionalText("PermissionsBoundaryArn")
        // Some servers write it without the element around it.
        : boundary.Value is { Length: > 0 } arn ? arn : null;

    /// <summary>Reads a policy document as IAM writes it: AWS encodes it as in a URL, some servers do not, and then a plus and a percent sign are themselves.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The document. Throws <see cref="LabException"/> (MalformedPolicyDocument).</returns>
    public static PolicyDocument Parse(string text) => PolicyDocument.Parse(text.TrimStart().StartsWith('{') ? text : Uri.UnescapeDataString(text));

    /// <summary>The policy document in a text, if it is understood.</summary>
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
            return Parse(text);
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
