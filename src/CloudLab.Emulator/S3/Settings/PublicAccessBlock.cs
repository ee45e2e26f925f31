using System.Xml.Linq;

namespace CloudLab.Emulator.S3.Settings;

/// <summary>What public access is refused in spite of policies and lists.</summary>
/// <param name="BlockAcls">Access control lists that open something may not be put.</param>
/// <param name="IgnoreAcls">Those that are there open nothing.</param>
/// <param name="BlockPolicy">Policies that open something may not be put.</param>
/// <param name="RestrictBuckets">The one that is there opens nothing to strangers.</param>
internal sealed record PublicAccessBlock(bool BlockAcls, bool IgnoreAcls, bool BlockPolicy, bool RestrictBuckets)
{
    private static readonly string[] Names = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];

    /// <summary>Nothing is refused.</summary>
    public static PublicAccessBlock None { get; } = new(false, false, false, false);

    /// <summary>Reads and checks the document, and completes it with what S3 adds.</summary>
    /// <param name="root">The document.</param>
    /// <returns>What it says. Throws MalformedXML.</returns>
    public static PublicAccessBlock Read(XElement root)
    {
        bool[] values = [.. Names.Select(name =>
        {
            string? text = S3Xml.Text(root, name);
            if (text is null)
            {
                root.Add(new XElement(root.Name.Namespace + name, "false"));
            }

            return text?.Trim().ToUpperInvariant() switch
            {
                "TRUE" => true,
                "FALSE" or null => false,
                _ => throw S3Exception.MalformedXml(),
            };
        })];
        return new PublicAccessBlock(values[0], values[1], values[2], values[3]);
    }
}
