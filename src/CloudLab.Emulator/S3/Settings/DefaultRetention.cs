using System.Globalization;
using System.Xml.Linq;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Settings;

/// <summary>The lock that a bucket gives to objects whose writer asks for none.</summary>
/// <param name="Mode">GOVERNANCE or COMPLIANCE.</param>
/// <param name="Days">Days; null where it is years.</param>
/// <param name="Years">Years; null where it is days.</param>
internal sealed record DefaultRetention(string Mode, int? Days, int? Years)
{
    /// <summary>Reads and checks an ObjectLockConfiguration.</summary>
    /// <param name="root">The document.</param>
    /// <returns>The lock; null where it has no rule. Throws MalformedXML or InvalidArgument.</returns>
    public static DefaultRetention? Read(XElement root)
    {
        if (S3Xml.Text(root, "ObjectLockEnabled") != "Enabled")
        {
            throw S3Exception.MalformedXml();
        }

        if (S3Xml.Children(root, "Rule").FirstOrDefault() is not { } rule)
        {
            return null;
        }

        XElement retention = S3Xml.Children(rule, "DefaultRetention").FirstOrDefault() ?? throw S3Exception.MalformedXml();
        string? mode = S3Xml.Text(retention, "Mode"), days = S3Xml.Text(retention, "Days"), years = S3Xml.Text(retention, "Years");
        if (!ObjectRetention.IsMode(mode) || days is null == years is null)
        {
            throw S3Exception.MalformedXml();
        }

        return int.TryParse(days ?? years, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) && number > 0
            && number <= (days is null ? 100 : 36500)
            ? new DefaultRetention(mode!, days is null ? null : number, days is null ? number : null)
            : throw S3Exception.InvalidArgument(
                days is null ? "Years" : "Days", (days ?? years)!, "Default retention period must be a positive integer value.");
    }

    /// <summary>The lock of an object.</summary>
    /// <param name="now">When it is written.</param>
    /// <returns>The lock.</returns>
    public ObjectRetention From(DateTimeOffset now) => new(Mode, Days is { } days ? now.AddDays(days) : now.AddYears(Years!.Value));
}
