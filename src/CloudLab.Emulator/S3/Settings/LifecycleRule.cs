using System.Globalization;
using System.Xml.Linq;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Settings;

/// <summary>When objects expire or go to another storage class. The emulator says when; it moves nothing.</summary>
internal sealed class LifecycleRule
{
    private const int MaxRules = 1000;
    private static readonly string[] Actions =
        ["Expiration", "Transition", "NoncurrentVersionExpiration", "NoncurrentVersionTransition", "AbortIncompleteMultipartUpload"];

    private static readonly string[] Classes = ["STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "DEEP_ARCHIVE", "GLACIER_IR"];

    private readonly bool enabled;
    private readonly string prefix = "";
    private readonly List<KeyValuePair<string, string>> tags = [];
    private readonly long? greaterThan;
    private readonly long? lessThan;
    private readonly int? days;
    private readonly DateTimeOffset? date;

    private LifecycleRule(XElement rule)
    {
        Id = ReadId(rule);
        enabled = S3Xml.Text(rule, "Status") switch
        {
            "Enabled" => true,
            "Disabled" => false,
            _ => throw S3Exception.MalformedXml(),
        };
        XElement? filter = S3Xml.Children(rule, "Filter").FirstOrDefault(), old = S3Xml.Children(rule, "Prefix").FirstOrDefault();
        if (filter is null == old is null)
        {
            throw S3Exception.MalformedXml();
        }

        // A filter has one condition, or several in And.
        XElement[] conditions = filter is null ? [old!] : [.. filter.Elements()];
        if (conditions.Length > 1)
        {
            throw S3Exception.MalformedXml();
        }

        foreach (XElement condition in conditions is [{ Name.LocalName: "And" } and] ? and.Elements() : conditions)
        {
            switch (condition.Name.LocalName)
            {
                case "Prefix":
                    prefix = condition.Value;
                    break;
                case "Tag":
                    tags.Add(KeyValuePair.Create(
                        S3Xml.Text(condition, "Key") ?? throw S3Exception.MalformedXml(), S3Xml.Text(condition, "Value") ?? throw S3Exception.MalformedXml()));
                    break;
                case "ObjectSizeGreaterThan":
                    greaterThan = Size(condition);
                    break;
                case "ObjectSizeLessThan":
                    lessThan = Size(condition);
                    break;
                default:
                    throw S3Exception.MalformedXml();
            }
        }

        XElement[] actions = [.. rule.Elements().Where(element => Actions.Contains(element.Name.LocalName))];
        if (actions.Length == 0)
        {
            throw S3Exception.InvalidRequest("At least one action needs to be specified in a rule.");
        }

        foreach (XElement action in actions)
        {
            Check(action);
        }

        if (S3Xml.Children(rule, "Expiration").FirstOrDefault() is { } expiration)
        {
            (days, date) = When(expiration, "Expiration", atLeast: 1);
        }
    }

    /// <summary>Name of the rule.</summary>
    public string Id { get; }

    /// <summary>Reads and checks a LifecycleConfiguration, and gives an id to rules that have none.</summary>
    /// <param name="root">The document.</param>
    /// <returns>Its rules. Throws MalformedXML, InvalidRequest or InvalidArgument.</returns>
    public static IReadOnlyList<LifecycleRule> ReadAll(XElement root)
    {
        LifecycleRule[] rules = [.. S3Xml.Children(root, "Rule").Select(rule => new LifecycleRule(rule))];
        if (rules.Length is 0 or > MaxRules)
        {
            throw S3Exception.MalformedXml();
        }

        return rules.GroupBy(rule => rule.Id, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw S3Exception.InvalidArgument("ID", twice.Key, "Rule ID must be unique. Found same ID for more than one rule")
            : rules;
    }

    /// <summary>When the object expires by this rule.</summary>
    /// <param name="value">A current object.</param>
    /// <returns>A midnight; null where the rule does not say.</returns>
    public DateTimeOffset? Expires(S3Object value)
    {
        if (!enabled || !value.Key.StartsWith(prefix, StringComparison.Ordinal)
            || value.Content.Length <= greaterThan || value.Content.Length >= lessThan
            || !tags.All(tag => value.Properties.Tags.Contains(tag)))
        {
            return null;
        }

        return days is { } count ? NextMidnight(value.LastModified.AddDays(count)) : date;
    }

    private static DateTimeOffset NextMidnight(DateTimeOffset time)
    {
        DateTimeOffset midnight = new(time.UtcDateTime.Date, TimeSpan.Zero);
        return midnight == time ? midnight : midnight.AddDays(1);
    }

    private static string ReadId(XElement rule)
    {
        XElement? element = S3Xml.Children(rule, "ID").FirstOrDefault();
        if (element is { Value.Length: > 255 })
        {
            throw S3Exception.InvalidArgument("ID", element.Value, "ID length should not exceed allowed limit of 255");
        }

        if (element is null)
        {
            rule.AddFirst(element = new XElement(rule.Name.Namespace + "ID"));
        }

        if (element.Value.Length == 0)
        {
            element.Value = Guid.NewGuid().ToString();
        }

        return element.Value;
    }

    private static void Check(XElement action)
    {
        switch (action.Name.LocalName)
        {
            case "Expiration":
                bool? marker = S3Xml.Text(action, "ExpiredObjectDeleteMarker")?.Equals("true", StringComparison.OrdinalIgnoreCase);
                (int? count, DateTimeOffset? on) = When(action, "Expiration", atLeast: 1);
                if (count is null && on is null == marker is null)
                {
                    throw S3Exception.MalformedXml();
                }

                break;
            case "Transition":
                string target = Class(action);
                if (When(action, "Transition", 0) is (null, null))
                {
                    throw S3Exception.MalformedXml();
                }

                if (target is "STANDARD_IA" or "ONEZONE_IA" && When(action, "Transition", 0).Days is < 30 and { } early)
                {
                    throw S3Exception.InvalidArgument(
                        "Days", $"{early}", $"'Days' in Transition action must be greater than or equal to 30 for storageClass '{target}'");
                }

                break;
            case "NoncurrentVersionExpiration":
                _ = Number(action, "NoncurrentDays", "NoncurrentVersionExpiration", 1) ?? throw S3Exception.MalformedXml();
                break;
            case "NoncurrentVersionTransition":
                Class(action);
                _ = Number(action, "NoncurrentDays", "NoncurrentVersionTransition", 0) ?? throw S3Exception.MalformedXml();
                break;
            default:
                _ = Number(action, "DaysAfterInitiation", "AbortIncompleteMultipartUpload", 1) ?? throw S3Exception.MalformedXml();
                break;
        }
    }

    private static string Class(XElement action) => S3Xml.Text(action, "StorageClass") is { } name && Classes.Contains(name)
        ? name
        : throw S3Exception.MalformedXml();

    private static (int? Days, DateTimeOffset? Date) When(XElement action, string name, int atLeast)
    {
        int? count = Number(action, "Days", name, atLeast);
        if (S3Xml.Text(action, "Date") is not { } text)
        {
            return (count, null);
        }

        if (count is not null || !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset on))
        {
            throw S3Exception.MalformedXml();
        }

        return on.UtcDateTime.TimeOfDay == TimeSpan.Zero
            ? (null, on)
            : throw S3Exception.InvalidArgument("Date", text, "'Date' must be at midnight GMT");
    }

    private static int? Number(XElement action, string element, string name, int atLeast)
    {
        if (S3Xml.Text(action, element) is not { } text)
        {
            return null;
        }

        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number))
        {
            throw S3Exception.MalformedXml();
        }

        return number >= atLeast
            ? number
            : throw S3Exception.InvalidArgument(
                element, text, $"'{element}' for {name} action must be a {(atLeast > 0 ? "positive" : "nonnegative")} integer");
    }

    private static long Size(XElement condition) =>
        long.TryParse(condition.Value, NumberStyles.None, CultureInfo.InvariantCulture, out long size) ? size : throw S3Exception.MalformedXml();
}
