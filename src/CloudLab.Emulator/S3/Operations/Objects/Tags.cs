using System.Xml.Linq;
using CloudLab.Emulator.Http;

namespace CloudLab.Emulator.S3.Operations.Objects;

/// <summary>Tags of objects and buckets, in a header or a document.</summary>
internal static class Tags
{
    private const int MaxObjectTags = 10;
    private const int MaxBucketTags = 50;

    /// <summary>Reads <c>x-amz-tagging</c>.</summary>
    /// <param name="text">The header, written like a query; null for none.</param>
    /// <returns>The tags.</returns>
    public static IReadOnlyList<KeyValuePair<string, string>> FromHeader(string? text) => Check(
        text is null ? [] : [.. UrlText.ParseQuery(text).Select(tag => KeyValuePair.Create(tag.Name, tag.Value))], MaxObjectTags);

    /// <summary>Reads a Tagging document.</summary>
    /// <param name="document">The document.</param>
    /// <param name="ofBucket">True for a bucket, which may have more.</param>
    /// <returns>The tags.</returns>
    public static IReadOnlyList<KeyValuePair<string, string>> FromDocument(byte[] document, bool ofBucket)
    {
        XElement set = S3Xml.Children(S3Xml.Parse(document, "Tagging"), "TagSet").FirstOrDefault() ?? throw S3Exception.MalformedXml();
        return FromElement(set, ofBucket);
    }

    /// <summary>Reads the tags in an element.</summary>
    /// <param name="set">The element around them.</param>
    /// <param name="ofBucket">True for a bucket, which may have more.</param>
    /// <returns>The tags.</returns>
    public static IReadOnlyList<KeyValuePair<string, string>> FromElement(XElement set, bool ofBucket)
    {
        List<KeyValuePair<string, string>> tags = [];
        foreach (XElement tag in S3Xml.Children(set, "Tag"))
        {
            tags.Add(KeyValuePair.Create(
                S3Xml.Text(tag, "Key") ?? throw S3Exception.MalformedXml(), S3Xml.Text(tag, "Value") ?? throw S3Exception.MalformedXml()));
        }

        return Check(tags, ofBucket ? MaxBucketTags : MaxObjectTags);
    }

    /// <summary>Writes a Tagging document.</summary>
    /// <param name="tags">The tags.</param>
    /// <returns>The document.</returns>
    public static S3Xml ToDocument(IEnumerable<KeyValuePair<string, string>> tags)
    {
        S3Xml document = new S3Xml("Tagging").Open("TagSet");
        foreach ((string key, string value) in tags)
        {
            document.Open("Tag").Add("Key", key).Add("Value", value).Close();
        }

        return document;
    }

    private static List<KeyValuePair<string, string>> Check(List<KeyValuePair<string, string>> tags, int max)
    {
        if (tags.Count > max)
        {
            throw max == MaxObjectTags
                ? new S3Exception(400, "BadRequest", $"Object tags cannot be greater than {max}")
                : new S3Exception(400, "BadRequest", $"Bucket tag count cannot be greater than {max}");
        }

        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach ((string key, string value) in tags)
        {
            if (key.Length is 0 or > 128)
            {
                throw new S3Exception(400, "InvalidTag", "The TagKey you have provided is invalid", ("TagKey", key));
            }

            if (key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase))
            {
                throw new S3Exception(400, "InvalidTag", "System tags cannot be added/updated by requester", ("TagKey", key));
            }

            if (value.Length > 256)
            {
                throw new S3Exception(400, "InvalidTag", "The TagValue you have provided is invalid", ("TagValue", value));
            }

            if (!seen.Add(key))
            {
                throw new S3Exception(400, "InvalidTag", "Cannot provide multiple Tags with the same key", ("TagKey", key));
            }
        }

        return tags;
    }
}
