using CloudLab.Emulator.Http;
using CloudLab.Emulator.Identity;
using CloudLab.Emulator.S3.Payload;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Operations.Objects;

/// <summary>Objects that a browser's form puts.</summary>
/// <param name="store">The store.</param>
/// <param name="access">Who may do what.</param>
/// <param name="objects">Knows what a put may do.</param>
/// <param name="verifier">Verifies signed policies.</param>
/// <param name="oldVerifier">Verifies those that are signed in the old way.</param>
/// <param name="time">The clock.</param>
internal sealed class FormOperations(
    S3Store store, S3Access access, ObjectOperations objects, SigV4Verifier verifier, SigV2UrlVerifier oldVerifier, TimeProvider time)
{
    /// <summary>Whether a request is a form.</summary>
    /// <param name="request">The request.</param>
    /// <returns>True if so.</returns>
    public static bool Applies(S3Request request) =>
        request.Headers.Get("Content-Type")?.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>POST of a bucket with a form.</summary>
    public async Task PostAsync(S3Request request, S3Bucket bucket)
    {
        string boundary = request.Headers.Get("Content-Type")!.Split(';', StringSplitOptions.TrimEntries)
            .Where(part => part.StartsWith("boundary=", StringComparison.OrdinalIgnoreCase)).Select(part => part["boundary=".Length..].Trim('"')).FirstOrDefault()
            ?? throw S3Exception.InvalidRequest("The Content-Type of the form has no boundary.");
        FormStream form = new(request.Body, boundary);
        Dictionary<string, string> fields = new(StringComparer.Ordinal) { ["bucket"] = bucket.Name };
        string? fileName = null;
        while (fileName is null && await form.NextAsync(request.Aborted) is { } field)
        {
            if (field.Name == "file")
            {
                fileName = field.FileName;
            }
            else
            {
                fields[field.Name] = S3Request.ToText(await form.ReadFieldAsync(request.Aborted));
            }
        }

        if (fileName is null)
        {
            throw S3Exception.InvalidArgument("file", "", "POST requires exactly one file upload per request.");
        }

        string key = fields.GetValueOrDefault("key")?.Replace("${filename}", fileName, StringComparison.Ordinal)
            ?? throw S3Exception.InvalidArgument("key", "", "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.");
        (long least, long most) = Authenticate(request, fields);
        request.BecomePut(key, ToHeaders(fields));
        ObjectProperties properties = ObjectHeaders.Read(request, bucket, access, time.GetUtcNow());
        objects.RequirePut(request, bucket, properties);
        ReceivedPayload payload = await PayloadReceiver.ReceiveFileAsync(request, form, store);
        if (payload.Content.Length < least || payload.Content.Length > most)
        {
            long size = payload.Content.Length;
            payload.Content.Release();
            throw size < least
                ? new S3Exception(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", ("ProposedSize", $"{size}"), ("MinSizeAllowed", $"{least}"))
                : new S3Exception(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", ("ProposedSize", $"{size}"), ("MaxSizeAllowed", $"{most}"));
        }

        S3Object value = objects.Keep(bucket, new S3Object(
            key, payload.Content, EncryptionHeaders.Tag(properties.Encryption, payload.ETag), time.GetUtcNow(), properties, payload.Checksum, null), _ => { });
        await AnswerAsync(request, bucket, value, fields);
    }

    private static HttpHeaderList ToHeaders(IReadOnlyDictionary<string, string> fields)
    {
        HttpHeaderList headers = [];
        foreach ((string name, string text) in fields)
        {
            // A header's character is a byte.
            string value = System.Text.Encoding.Latin1.GetString(System.Text.Encoding.UTF8.GetBytes(text)).ReplaceLineEndings(" ");
            headers.Add(name == "acl" ? "x-amz-acl" : name, value);
        }

        if (fields.GetValueOrDefault("tagging") is { Length: > 0 } tags)
        {
            headers.Add("x-amz-tagging", string.Join('&', Tags.FromDocument(System.Text.Encoding.UTF8.GetBytes(tags), ofBucket: false)
                .Select(tag => UrlText.Encode(tag.Key) + "=" + UrlText.Encode(tag.Value))));
        }

        return headers;
    }

    private static Task AnswerAsync(S3Request request, S3Bucket bucket, S3Object value, IReadOnlyDictionary<string, string> fields)
    {
        string location = $"/{bucket.Name}/{UrlText.Encode(value.Key, keepSlash: true)}";
        request.ExtraHeaders.Add("ETag", ObjectHeaders.Quote(value.ETag));
        ObjectHeaders.WriteStored(request, bucket, value);
        if ((fields.GetValueOrDefault("success_action_redirect") ?? fields.GetValueOrDefault("redirect")) is { Length: > 0 } target
            && Uri.TryCreate(target, UriKind.Absolute, out Uri? page))
        {
            string query = $"bucket={bucket.Name}&key={UrlText.Encode(value.Key)}&etag=%22{value.ETag}%22";
            request.ExtraHeaders.Add("Location", new UriBuilder(page) { Query = page.Query.Length > 1 ? page.Query[1..] + "&" + query : query }.Uri.AbsoluteUri);
            return request.RespondAsync(303);
        }

        request.ExtraHeaders.Add("Location", location);
        return fields.GetValueOrDefault("success_action_status") switch
        {
            "200" => request.RespondAsync(200),
            "201" => request.RespondAsync(
                new S3Xml("PostResponse", inNamespace: false).Add("Location", location).Add("Bucket", bucket.Name).Add("Key", value.Key)
                    .Add("ETag", ObjectHeaders.Quote(value.ETag)),
                201),
            _ => request.RespondAsync(204),
        };
    }

    private (long Least, long Most) Authenticate(S3Request request, Dictionary<string, string> fields)
    {
        if (fields.GetValueOrDefault("policy") is not { } policy)
        {
            return (0, PayloadReceiver.MaxSize);
        }

        request.Signature = fields.ContainsKey("x-amz-signature") ? verifier.VerifyPolicy(policy, fields) : oldVerifier.VerifyPolicy(policy, fields);
        return FormPolicy.Check(policy, fields, time.GetUtcNow());
    }
}
