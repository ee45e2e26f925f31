using System.Xml.Linq;

namespace CloudLab.Emulator.S3.Storage;

/// <summary>A line of an access control list.</summary>
/// <param name="Grantee">Canonical user id, or URI of a group.</param>
/// <param name="Permission">READ, WRITE, READ_ACP, WRITE_ACP or FULL_CONTROL.</param>
internal sealed record AccessGrant(string Grantee, string Permission)
{
    /// <summary>Everybody.</summary>
    public const string AllUsers = "http://acs.amazonaws.com/groups/global/AllUsers";

    /// <summary>Whoever signs.</summary>
    public const string AuthenticatedUsers = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";

    /// <summary>Whether the grantee is a group.</summary>
    public bool IsGroup => Grantee.StartsWith("http", StringComparison.Ordinal);

    /// <summary>Reads and checks an AccessControlPolicy.</summary>
    /// <param name="root">The document.</param>
    /// <returns>Its lines. Throws MalformedXML.</returns>
    public static IReadOnlyList<AccessGrant> ReadAll(XElement root)
    {
        XElement list = S3Xml.Children(root, "AccessControlList").FirstOrDefault() ?? throw S3Exception.MalformedXml();
        return [.. S3Xml.Children(list, "Grant").Select(grant =>
        {
            XElement grantee = S3Xml.Children(grant, "Grantee").FirstOrDefault() ?? throw S3Exception.MalformedXml();
            return new AccessGrant(
                S3Xml.Text(grantee, "ID") ?? S3Xml.Text(grantee, "URI") ?? throw S3Exception.MalformedXml(),
                S3Xml.Text(grant, "Permission") is "READ" or "WRITE" or "READ_ACP" or "WRITE_ACP" or "FULL_CONTROL"
                    ? S3Xml.Text(grant, "Permission")!
                    : throw S3Exception.MalformedXml());
        })];
    }
}
