using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security;
using System.Text;
using System.Text.RegularExpressions;

namespace CloudLab.NullServer;

/// <summary>The operations that a benchmark needs. Nobody has to sign, and a bucket exists as soon as it is named.</summary>
internal sealed partial class Service
{
    private const string ETagHeader = $"ETag: \"{StoredObject.ETag}\"\r\n";
    private const string Xml = "Content-Type: application/xml\r\n";

    private readonly ConcurrentDictionary<string, Bucket> buckets = new(StringComparer.Ordinal);

    // Size of each upload in parts so far, by its id.
    private readonly ConcurrentDictionary<string, long> uploads = new(StringComparer.Ordinal);
    private int lastUpload;

    /// <summary>Answers one request.</summary>
    /// <param name="request">The request, of which no body has been read.</param>
    /// <param name="connection">To whom.</param>
    public void Answer(Request request, Connection connection)
    {
        switch (request.Method)
        {
            case "PUT" when request.Key.Length > 0:
                Put(request, connection);
                break;
            case "POST":
                Post(request, connection);
                break;
            case "GET" or "HEAD" when request.Key.Length > 0:
                connection.SwallowBody(request);
                Get(request, connection);
                break;
            case "GET":
                connection.SwallowBody(request);
                connection.Write("200 OK", Xml, GetBucket(request));
                break;
            case "DELETE":
                connection.SwallowBody(request);
                Delete(request);
                connection.Write("204 No Content");
                break;
            default:
                // PUT and HEAD of a bucket.
                connection.SwallowBody(request);
                connection.Write("200 OK");
                break;
        }
    }

    private void Put(Request request, Connection connection)
    {
        long size = connection.SwallowBody(request);
        string headers = request.Header("x-amz-checksum-crc32") is { } crc ? $"{ETagHeader}x-amz-checksum-crc32: {crc}\r\n" : ETagHeader;
        string copied = $"<CopyObjectResult><LastModified>{DateTime.UtcNow:yyyy-MM-ddTHH:mm:ss.fffZ}</LastModified><ETag>\"{StoredObject.ETag}\"</ETag></CopyObjectResult>";
        if (request.Query("uploadId") is { } upload)
        {
            uploads.AddOrUpdate(upload, size, (_, before) => before + size);
            connection.Write("200 OK", headers);
        }
        else if (request.Header("x-amz-copy-source") is { } source)
        {
            string[] from = Uri.UnescapeDataString(source).TrimStart('/').Split('/', 2);
            if (BucketOf(from[0]).Find(from[1]) is { } stored)
            {
                BucketOf(request.Bucket).Put(request.Key, stored);
                connection.Write("200 OK", Xml, Encoding.UTF8.GetBytes(copied));
            }
            else
            {
                NoSuchKey(connection, request);
            }
        }
        else
        {
            BucketOf(request.Bucket).Put(request.Key, new StoredObject(size, request.KeptHeaders(), DateTime.UtcNow));
            connection.Write("200 OK", headers);
        }
    }

    private void Post(Request request, Connection connection)
    {
        string key = SecurityElement.Escape(request.Key);
        string body = connection.ReadBody(request);
        string answer;
        if (request.Asks("uploads"))
        {
            string id = Interlocked.Increment(ref lastUpload).ToString(CultureInfo.InvariantCulture);
            uploads[id] = 0;
            answer = $"<InitiateMultipartUploadResult><Bucket>{request.Bucket}</Bucket><Key>{key}</Key><UploadId>{id}</UploadId></InitiateMultipartUploadResult>";
        }
        else if (request.Query("uploadId") is { } upload)
        {
            uploads.TryRemove(upload, out long size);
            BucketOf(request.Bucket).Put(request.Key, new StoredObject(size, request.KeptHeaders(), DateTime.UtcNow));
            string checksum = request.Header("x-amz-checksum-crc32") is { } crc
                ? $"<ChecksumCRC32>{crc}</ChecksumCRC32><ChecksumType>FULL_OBJECT</ChecksumType>" : "";
            answer = $"<CompleteMultipartUploadResult><Location>/{request.Bucket}/{key}</Location><Bucket>{request.Bucket}</Bucket><Key>{key}</Key><ETag>\"{StoredObject.ETag}\"</ETag>{checksum}</CompleteMultipartUploadResult>";
        }
        else
        {
            bool quiet = body.Contains("<Quiet>true</Quiet>", StringComparison.Ordinal);
            StringBuilder deleted = new("<DeleteResult>");
            foreach (Match match in KeyElement().Matches(body))
            {
                BucketOf(request.Bucket).Remove(WebUtility.HtmlDecode(match.Groups[1].Value));
                deleted.Append(quiet ? "" : $"<Deleted>{match.Value}</Deleted>");
            }

            answer = deleted.Append("</DeleteResult>").ToString();
        }

        connection.Write("200 OK", Xml, Encoding.UTF8.GetBytes(answer));
    }

    private void Get(Request request, Connection connection)
    {
        if (BucketOf(request.Bucket).Find(request.Key) is not { } stored)
        {
            NoSuchKey(connection, request);
            return;
        }

        // bytes=1-2, bytes=1- and bytes=-2.
        long from = 0, to = stored.Size - 1;
        bool partial = request.Header("Range") is { } range && RangeHeader().Match(range) is { Success: true } match && Narrow(match, ref from, ref to);
        StringBuilder head = new(partial ? "HTTP/1.1 206 Partial Content\r\n" : "HTTP/1.1 200 OK\r\n");
        head.Append(CultureInfo.InvariantCulture, $"{ETagHeader}Last-Modified: {stored.LastModified:R}\r\nAccept-Ranges: bytes\r\n{stored.Headers}Content-Length: {to - from + 1}\r\n");
        if (partial)
        {
            head.Append(CultureInfo.InvariantCulture, $"Content-Range: bytes {from}-{to}/{stored.Size}\r\n");
        }
        else if (request.Header("x-amz-checksum-mode") is not null)
        {
            head.Append(CultureInfo.InvariantCulture, $"x-amz-checksum-crc32: {Pattern.Checksum(stored.Size)}\r\nx-amz-checksum-type: FULL_OBJECT\r\n");
        }

        connection.Send(Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()));
        if (request.Method == "GET")
        {
            Pattern.Send(connection, from, to - from + 1);
        }
    }

    private byte[] GetBucket(Request request)
    {
        if (request.Bucket.Length > 0 && !request.Asks("location"))
        {
            return BucketOf(request.Bucket).List(ListQuery.Of(request));
        }

        return Encoding.UTF8.GetBytes(request.Bucket.Length > 0
            ? "<LocationConstraint/>"
            : $"<ListAllMyBucketsResult><Buckets>{string.Concat(buckets.Keys.Select(name => $"<Bucket><Name>{name}</Name><CreationDate>2026-01-01T00:00:00.000Z</CreationDate></Bucket>"))}</Buckets></ListAllMyBucketsResult>");
    }

    private void Delete(Request request)
    {
        if (request.Query("uploadId") is { } upload)
        {
            uploads.TryRemove(upload, out _);
        }
        else if (request.Key.Length > 0)
        {
            BucketOf(request.Bucket).Remove(request.Key);
        }
        else
        {
            buckets.TryRemove(request.Bucket, out _);
        }
    }

    private static bool Narrow(Match range, ref long from, ref long to)
    {
        long size = to + 1;
        string first = range.Groups[1].Value, last = range.Groups[2].Value;
        from = first.Length > 0 ? long.Parse(first, CultureInfo.InvariantCulture) : Math.Max(0, size - long.Parse(last, CultureInfo.InvariantCulture));
        to = first.Length > 0 && last.Length > 0 ? Math.Min(long.Parse(last, CultureInfo.InvariantCulture), size - 1) : size - 1;
        return from <= to;
    }

    private static void NoSuchKey(Connection connection, Request request) => connection.Write(
        "404 Not Found", Xml, request.Method == "HEAD" ? default : "<Error><Code>NoSuchKey</Code><Message>There is no such key.</Message></Error>"u8);

    private Bucket BucketOf(string name) => buckets.GetOrAdd(name, static name => new Bucket(name));

    [GeneratedRegex("<Key>([^<]*)</Key>")]
    private static partial Regex KeyElement();

    [GeneratedRegex("^bytes=([0-9]*)-([0-9]*)$")]
    private static partial Regex RangeHeader();
}
