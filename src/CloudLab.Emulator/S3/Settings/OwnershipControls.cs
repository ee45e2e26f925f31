using System.Xml.Linq;

namespace CloudLab.Emulator.S3.Settings;

/// <summary>Who owns a bucket's objects.</summary>
internal static class OwnershipControls
{
    /// <summary>The bucket's owner, and there are no access control lists.</summary>
    public const string BucketOwnerEnforced = "BucketOwnerEnforced";

    /// <summary>Whoever writes them, and access control lists count.</summary>
    public const string ObjectWriter = "ObjectWriter";

    /// <summary>Reads and checks the document.</summary>
    /// <param name="root">The document.</param>
    /// <returns>The owner. Throws MalformedXML.</returns>
    public static string Read(XElement root) =>
        S3Xml.Children(root, "Rule").ToArray() is [var rule] && S3Xml.Text(rule, "ObjectOwnership") is { } ownership && IsKnown(ownership)
            ? ownership
            : throw S3Exception.MalformedXml();

    /// <summary>Whether S3 knows a word for an owner.</summary>
    /// <param name="ownership">The word.</param>
    /// <returns>True if so.</returns>
    public static bool IsKnown(string ownership) => ownership is BucketOwnerEnforced or ObjectWriter or "BucketOwnerPreferred";
}
