using System.Globalization;
using CloudLab.Emulator.S3.Checksums;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Operations.Objects;

/// <summary>What S3 knows of an object besides its data, in one document.</summary>
/// <param name="lookup">Finds versions.</param>
internal sealed class AttributeOperations(ObjectLookup lookup)
{
    /// <summary>?attributes of an object.</summary>
    public Task GetAsync(S3Request request, S3Bucket bucket)
    {
        S3Object value = lookup.Peek(request, bucket, "s3:GetObject", "s3:GetObjectAttributes");
        EncryptionHeaders.RequireKey(request, value);
        string[] wanted = request.Headers.All("x-amz-object-attributes").SelectMany(names => names.Split(',', StringSplitOptions.TrimEntries)).ToArray();
        if (wanted.Length == 0)
        {
            throw S3Exception.InvalidRequest("At least one object attribute must be specified in the x-amz-object-attributes header.");
        }

        S3Xml document = new("GetObjectAttributesResponse");
        if (wanted.Contains("ETag"))
        {
            document.Add("ETag", value.ETag);
        }

        if (wanted.Contains("Checksum") && value.Checksum is { } checksum)
        {
            document.Open("Checksum").Add(checksum.Algorithm.Element(), checksum.Value).Add("ChecksumType", checksum.TypeName).Close();
        }

        if (wanted.Contains("ObjectParts") && value.Parts is { } parts)
        {
            WriteParts(request, document, parts);
        }

        if (wanted.Contains("StorageClass"))
        {
            document.Add("StorageClass", value.Properties.StorageClass);
        }

        if (wanted.Contains("ObjectSize"))
        {
            document.Add("ObjectSize", value.Content.Length);
        }

        request.ExtraHeaders.Add("Last-Modified", value.LastModified.ToString("R", CultureInfo.InvariantCulture));
        return request.RespondAsync(document);
    }

    private static void WriteParts(S3Request request, S3Xml document, IReadOnlyList<ObjectPart> parts)
    {
        document.Open("ObjectParts").Add("PartsCount", parts.Count);

        // Parts without checksums are not listed.
        if (parts.Any(part => part.Checksum is not null))
        {
            int max = Number(request, "x-amz-max-parts", 1000), marker = Number(request, "x-amz-part-number-marker", 0);
            ObjectPart[] page = [.. parts.Where(part => part.Number > marker).Take(max + 1)];
            bool truncated = page.Length > max;
            document.Add("PartNumberMarker", marker).Add("NextPartNumberMarker", page.Take(max).LastOrDefault()?.Number ?? 0)
                .Add("MaxParts", max).Add("IsTruncated", truncated && max > 0);
            foreach (ObjectPart part in page.Take(max))
            {
                document.Open("Part").Add("PartNumber", part.Number).Add("Size", part.Size);
                if (part.Checksum is { } checksum)
                {
                    document.Add(checksum.Algorithm.Element(), checksum.Value);
                }

                document.Close();
            }
        }

        document.Close();
    }

    private static int Number(S3Request request, string header, int fallback) => request.Headers.Get(header) is not { } text
        ? fallback
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw S3Exception.InvalidArgument(header, text, $"Provided {header} not an integer or within integer range");
}
