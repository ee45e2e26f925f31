using System.Globalization;
using System.Xml;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Core.Storage.Listing;

/// <summary>Where a listing goes on.</summary>
/// <param name="Key">Continuation token, or key marker of a listing of versions.</param>
/// <param name="Version">Version marker, or null.</param>
internal sealed record ListingMark(string Key, string? Version);

/// <summary>One page of a listing: ListObjectsV2 or ListObjectVersions with <c>encoding-type=url</c>.</summary>
/// <param name="Entries">What it shows, in the order of the keys.</param>
/// <param name="IsTruncated">Whether there is more.</param>
/// <param name="Next">Where it goes on, or null.</param>
internal sealed record ListingPage(IReadOnlyList<object> Entries, bool IsTruncated, ListingMark? Next)
{
    private static readonly XmlReaderSettings Settings = new() { IgnoreComments = true, IgnoreWhitespace = true, CheckCharacters = false };

    /// <summary>Reads a page.</summary>
    /// <param name="body">The answer's body.</param>
    /// <param name="listing">What was asked for.</param>
    /// <returns>The page. Throws <see cref="XmlException"/> for what is no listing.</returns>
    public static ListingPage Read(Stream body, ObjectListing listing)
    {
        using XmlReader xml = XmlReader.Create(body, Settings);
        List<object> objects = new(listing.PageSize), prefixes = [];
        bool truncated = false;
        string? token = null, nextKey = null, nextVersion = null;
        xml.MoveToContent();
        if (xml.LocalName is not ("ListBucketResult" or "ListVersionsResult"))
        {
            throw new XmlException($"The response is a document '{xml.LocalName}', not a listing.");
        }

        xml.ReadStartElement();
        while (xml.NodeType == XmlNodeType.Element)
        {
            switch (xml.LocalName)
            {
                case "Contents" or "Version" or "DeleteMarker":
                    if (ReadObject(xml, listing) is { } found)
                    {
                        objects.Add(found);
                    }

                    break;
                case "CommonPrefixes":
                    ReadPrefix(xml, listing, prefixes);
                    break;
                case "IsTruncated":
                    truncated = xml.ReadElementContentAsString() == "true";
                    break;
                case "NextContinuationToken":
                    token = xml.ReadElementContentAsString();
                    break;
                case "NextKeyMarker":
                    nextKey = ObjectStore.Decode(xml.ReadElementContentAsString());
                    break;
                case "NextVersionIdMarker":
                    nextVersion = xml.ReadElementContentAsString();
                    break;
                default:
                    xml.Skip();
                    break;
            }
        }

        string? mark = listing.Versions ? nextKey : token;
        return new ListingPage(
            Merge(objects, prefixes), truncated,
            truncated && !string.IsNullOrEmpty(mark) ? new ListingMark(mark, string.IsNullOrEmpty(nextVersion) ? null : nextVersion) : null);
    }

    private static LabObject? ReadObject(XmlReader xml, ObjectListing listing)
    {
        bool isMarker = xml.LocalName == "DeleteMarker", isLatest = false;
        string key = "";
        string? etag = null, storageClass = null, version = null;
        long size = 0;
        DateTimeOffset date = default;
        if (xml.IsEmptyElement)
        {
            xml.Skip();
            return null;
        }

        xml.ReadStartElement();
        while (xml.NodeType == XmlNodeType.Element)
        {
            switch (xml.LocalName)
            {
                case "Key":
                    key = ObjectStore.Decode(xml.ReadElementContentAsString());
                    break;
                case "LastModified":
                    _ = DateTimeOffset.TryParse(
                        xml.ReadElementContentAsString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out date);
                    break;
                case "ETag":
                    etag = xml.ReadElementContentAsString().Trim('"');
                    break;
                case "Size":
                    _ = long.TryParse(xml.ReadElementContentAsString(), NumberStyles.None, CultureInfo.InvariantCulture, out size);
                    break;
                case "StorageClass":
                    storageClass = Shared(xml.ReadElementContentAsString());
                    break;
                case "VersionId":
                    version = xml.ReadElementContentAsString();
                    break;
                case "IsLatest":
                    isLatest = xml.ReadElementContentAsString() == "true";
                    break;
                default:
                    xml.Skip();
                    break;
            }
        }

        xml.ReadEndElement();
        if (listing.Filter is not null && !listing.Filter(key))
        {
            return null;
        }

        return listing.Versions
            ? new LabObjectVersion
            {
                Bucket = listing.Bucket, Key = key, Size = size, LastModified = date, ETag = etag, StorageClass = storageClass,
                VersionId = version, IsLatest = isLatest, IsDeleteMarker = isMarker,
            }
            : new LabObject { Bucket = listing.Bucket, Key = key, Size = size, LastModified = date, ETag = etag, StorageClass = storageClass };
    }

    private static void ReadPrefix(XmlReader xml, ObjectListing listing, List<object> prefixes)
    {
        if (xml.IsEmptyElement)
        {
            xml.Skip();
            return;
        }

        xml.ReadStartElement();
        while (xml.NodeType == XmlNodeType.Element)
        {
            if (xml.LocalName != "Prefix")
            {
                xml.Skip();
                continue;
            }

            string prefix = ObjectStore.Decode(xml.ReadElementContentAsString());
            if (listing.Filter is null || listing.Filter(prefix))
            {
                prefixes.Add(new LabPrefix { Bucket = listing.Bucket, Prefix = prefix });
            }
        }

        xml.ReadEndElement();
    }

    // The service gives the two apart, each in the order of its bytes.
    private static IReadOnlyList<object> Merge(List<object> objects, List<object> prefixes)
    {
        if (prefixes.Count == 0)
        {
            return objects;
        }

        List<object> all = new(objects.Count + prefixes.Count);
        int at = 0;
        foreach (object prefix in prefixes)
        {
            for (; at < objects.Count && KeyOrder.Compare(((LabObject)objects[at]).Key, ((LabPrefix)prefix).Prefix) < 0; at++)
            {
                all.Add(objects[at]);
            }

            all.Add(prefix);
        }

        all.AddRange(objects[at..]);
        return all;
    }

    // One string for the same word in a hundred thousand objects.
    private static string Shared(string storageClass) => storageClass == "STANDARD" ? "STANDARD" : storageClass;
}
