using System.Collections.Concurrent;
using System.Globalization;
using System.Security;
using System.Text;
using CloudLab.Core.Storage.Listing;

namespace CloudLab.NullServer;

/// <summary>A bucket's keys in order at one time, and the pages of them that were asked for.</summary>
/// <param name="generation">The bucket's count of changes then.</param>
/// <param name="objects">Objects in the order of their keys.</param>
internal sealed class Listing(int generation, KeyValuePair<string, StoredObject>[] objects)
{
    private readonly ConcurrentDictionary<ListQuery, byte[]> pages = new();

    public int Generation => generation;

    /// <summary>A page as XML; each is made once.</summary>
    /// <param name="bucket">Name of the bucket.</param>
    /// <param name="query">Which page.</param>
    /// <returns>UTF-8.</returns>
    public byte[] Page(string bucket, ListQuery query) => pages.GetOrAdd(query, query => Encoding.UTF8.GetBytes(Render(bucket, query)));

    private static string Text(string value, bool encoded) =>
        encoded ? Uri.EscapeDataString(value).Replace("%2F", "/", StringComparison.Ordinal) : SecurityElement.Escape(value);

    private string Render(string bucket, ListQuery query)
    {
        (string root, string item) = query.Kind == ListKind.Versions ? ("ListVersionsResult", "Version") : ("ListBucketResult", "Contents");
        StringBuilder items = new(), prefixes = new();
        int count = 0, next = First(query);
        string last = "";
        while (next < objects.Length && count < query.Most && objects[next].Key.StartsWith(query.Prefix, StringComparison.Ordinal))
        {
            (string key, StoredObject stored) = objects[next++];
            int cut = query.Delimiter.Length == 0 ? -1 : key.IndexOf(query.Delimiter, query.Prefix.Length, StringComparison.Ordinal);
            if (cut >= 0)
            {
                last = key[..(cut + query.Delimiter.Length)];
                prefixes.Append(CultureInfo.InvariantCulture, $"<CommonPrefixes><Prefix>{Text(last, query.Encoded)}</Prefix></CommonPrefixes>");
                next = Skip(next, last);
            }
            else
            {
                last = key;
                items.Append(
                    CultureInfo.InvariantCulture,
                    $"<{item}><Key>{Text(key, query.Encoded)}</Key>{(query.Kind == ListKind.Versions ? "<VersionId>null</VersionId><IsLatest>true</IsLatest>" : "")}<LastModified>{stored.LastModified:yyyy-MM-ddTHH:mm:ss.fffZ}</LastModified><ETag>&quot;{StoredObject.ETag}&quot;</ETag><Size>{stored.Size}</Size><StorageClass>STANDARD</StorageClass></{item}>");
            }

            count++;
        }

        bool more = next < objects.Length && objects[next].Key.StartsWith(query.Prefix, StringComparison.Ordinal);
        string onward = !more ? "" : query.Kind switch
        {
            ListKind.V2 => $"<NextContinuationToken>{SecurityElement.Escape(last)}</NextContinuationToken>",
            ListKind.V1 => $"<NextMarker>{Text(last, query.Encoded)}</NextMarker>",
            _ => $"<NextKeyMarker>{Text(last, query.Encoded)}</NextKeyMarker><NextVersionIdMarker>null</NextVersionIdMarker>",
        };
        string counted = query.Kind == ListKind.V2 ? $"<KeyCount>{count}</KeyCount>" : "";
        string encoding = query.Encoded ? "<EncodingType>url</EncodingType>" : "";
        return $"""
            <?xml version="1.0" encoding="UTF-8"?>
            <{root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>{bucket}</Name><Prefix>{Text(query.Prefix, query.Encoded)}</Prefix><Delimiter>{Text(query.Delimiter, query.Encoded)}</Delimiter><MaxKeys>{query.Most}</MaxKeys>{encoding}{counted}<IsTruncated>{(more ? "true" : "false")}</IsTruncated>{onward}{items}{prefixes}</{root}>
            """;
    }

    private int First(ListQuery query)
    {
        string from = KeyOrder.Compare(query.After, query.Prefix) >= 0 ? query.After : query.Prefix;
        int low = 0, high = objects.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            int order = KeyOrder.Compare(objects[middle].Key, from);
            (low, high) = order < 0 || (order == 0 && query.After == from) ? (middle + 1, high) : (low, middle);
        }

        return query.Delimiter.Length > 0 && query.After.EndsWith(query.Delimiter, StringComparison.Ordinal) ? Skip(low, query.After) : low;
    }

    private int Skip(int index, string prefix)
    {
        while (index < objects.Length && objects[index].Key.StartsWith(prefix, StringComparison.Ordinal))
        {
            index++;
        }

        return index;
    }
}
