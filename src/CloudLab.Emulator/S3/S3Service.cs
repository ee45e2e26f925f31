using CloudLab.Emulator.Http;
using CloudLab.Emulator.Identity;
using CloudLab.Emulator.S3.Operations.Buckets;
using CloudLab.Emulator.S3.Operations.Objects;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3;

/// <summary>The S3 API: verifies the signature, finds the operation, turns problems into S3's error documents.</summary>
internal sealed class S3Service
{
    private const string UnsignedPayload = "UNSIGNED-PAYLOAD";

    private static readonly string[] PayloadWords =
    [
        UnsignedPayload, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    ];

    private readonly S3Store store;
    private readonly S3Access access;
    private readonly SigV4Verifier verifier;
    private readonly SigV2UrlVerifier oldUrls;
    private readonly BucketOperations buckets;
    private readonly SettingOperations settings;
    private readonly ListOperations lists;
    private readonly ObjectOperations objects;
    private readonly CopyOperations copies;
    private readonly DeleteOperations deletes;
    private readonly TaggingOperations tags;
    private readonly AclOperations acls;
    private readonly AttributeOperations attributes;
    private readonly LockOperations locks;
    private readonly RestoreOperations restores;
    private readonly MultipartOperations multipart;
    private readonly FormOperations forms;

    /// <summary>Creates the service.</summary>
    /// <param name="account">Who holds which key and may do what.</param>
    /// <param name="region">Region of new buckets.</param>
    /// <param name="folder">Where to keep everything; null for memory only.</param>
    /// <param name="time">The clock.</param>
    public S3Service(IAccount account, string region, string? folder, TimeProvider time)
    {
        store = new S3Store(folder, time);
        access = new S3Access(account);
        verifier = new SigV4Verifier(account, time);
        oldUrls = new SigV2UrlVerifier(account, time);
        buckets = new BucketOperations(store, access, region, time);
        ObjectLookup lookup = new(store, access);
        acls = new AclOperations(store, access, lookup);
        settings = new SettingOperations(store, access, acls);
        lists = new ListOperations(access, time);
        objects = new ObjectOperations(store, access, lookup, time);
        copies = new CopyOperations(store, access, lookup, objects, time);
        deletes = new DeleteOperations(store, access, time);
        tags = new TaggingOperations(store, lookup);
        attributes = new AttributeOperations(lookup);
        locks = new LockOperations(store, access, lookup, time);
        restores = new RestoreOperations(store, lookup, time);
        multipart = new MultipartOperations(store, access, objects, copies, time);
        forms = new FormOperations(store, access, objects, verifier, oldUrls, time);
    }

    /// <summary>Answers one request.</summary>
    /// <param name="exchange">The request.</param>
    /// <returns>Done when answered.</returns>
    public async Task HandleAsync(HttpExchange exchange)
    {
        S3Request request = new(exchange);
        try
        {
            request.Locate();
            Authenticate(exchange, request);
            await DispatchAsync(request);
        }
        catch (S3Exception e) when (!exchange.Started)
        {
            await FailAsync(request, e);
        }
        catch (SignatureException e) when (!exchange.Started)
        {
            await FailAsync(request, Translate(e));
        }
        catch (Exception e) when (!exchange.Started && e is not (ClientGoneException or OperationCanceledException))
        {
            await FailAsync(request, new S3Exception(500, "InternalError", "We encountered an internal error. Please try again."));
            throw;
        }
    }

    private static S3Exception Translate(SignatureException problem) => problem.Problem switch
    {
        SignatureProblem.UnknownKey => new(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", [.. problem.Details]),
        SignatureProblem.WrongToken => new(400, "InvalidToken", problem.Message),
        SignatureProblem.ExpiredToken => new(400, "ExpiredToken", problem.Message),
        SignatureProblem.Skewed => new(403, "RequestTimeTooSkewed", problem.Message, [.. problem.Details]),
        SignatureProblem.Mismatch => new(403, "SignatureDoesNotMatch", problem.Message, [.. problem.Details]),
        SignatureProblem.Unsupported when problem.Message.Contains("service", StringComparison.Ordinal) =>
            new(400, "AuthorizationHeaderMalformed", problem.Message),
        SignatureProblem.Unsupported => new(400, "InvalidRequest", problem.Message),
        SignatureProblem.Malformed => problem.Message.StartsWith("The authorization header", StringComparison.Ordinal)
            ? new(400, "AuthorizationHeaderMalformed", problem.Message)
            : new(400, "AuthorizationQueryParametersError", problem.Message),
        _ => new(403, "AccessDenied", problem.Message, [.. problem.Details]),
    };

    private static Task FailAsync(S3Request request, S3Exception problem)
    {
        S3Xml document = new S3Xml("Error", inNamespace: false).Add("Code", problem.Code).Add("Message", problem.Message);
        foreach ((string name, string value) in problem.Details)
        {
            document.Add(name, value);
        }

        // What an answer had prepared to say is not said with an error.
        request.ExtraHeaders.Clear();
        foreach ((string name, string value) in problem.Headers)
        {
            request.ExtraHeaders.Add(name, value);
        }

        document.Add("Resource", request.Resource).Add("RequestId", request.RequestId).Add("HostId", request.HostId);
        return request.RespondAsync(document, problem.Status);
    }

    private void Authenticate(HttpExchange exchange, S3Request request)
    {
        if (!SigV4Verifier.IsSigned(exchange))
        {
            return;
        }

        if (SigV2UrlVerifier.Applies(request))
        {
            request.Signature = oldUrls.Verify(request);
            return;
        }

        string? given = exchange.Headers.Get("x-amz-content-sha256");
        if (given is not null && !PayloadWords.Contains(given) && !(given.Length == 64 && given.All(char.IsAsciiHexDigitLower)))
        {
            throw given.StartsWith("STREAMING-AWS4-ECDSA", StringComparison.Ordinal)
                ? S3Exception.NotImplemented("x-amz-content-sha256")
                : S3Exception.InvalidArgument(
                    "x-amz-content-sha256", given,
                    "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.");
        }

        bool inHeader = exchange.Headers.Contains("Authorization");
        if (inHeader && given is null && exchange.Headers.Get("Authorization")!.StartsWith("AWS4-", StringComparison.Ordinal))
        {
            throw S3Exception.InvalidRequest("Missing required header for this request: x-amz-content-sha256");
        }

        request.Signature = verifier.Verify(exchange, "s3", given ?? request.Query("X-Amz-Content-Sha256") ?? UnsignedPayload);
        if (request.Signature.Presigned)
        {
            request.TakeHeadersFromQuery();
        }
    }

    private Task DispatchAsync(S3Request request)
    {
        if (request.Bucket.Length == 0 && request.Key.Length > 0)
        {
            throw new S3Exception(400, "InvalidURI", "Couldn't parse the specified URI.");
        }

        if (request.Bucket.Length == 0)
        {
            return request.Method == "GET" ? buckets.ListAsync(request) : throw S3Exception.MethodNotAllowed(request.Method, "SERVICE");
        }

        if (request.Key.Length == 0 && request.Method == "PUT" && !request.QueryNames.Any(name => name != "x-id" && !name.StartsWith("X-Amz-", StringComparison.Ordinal)))
        {
            return buckets.CreateAsync(request);
        }

        S3Bucket bucket = store.Find(request.Bucket) ?? throw (BucketNames.IsValid(request.Bucket)
            ? S3Exception.NoSuchBucket(request.Bucket)
            : new S3Exception(400, "InvalidBucketName", "The specified bucket is not valid.", ("BucketName", request.Bucket)));
        if (request.Headers.Get("x-amz-expected-bucket-owner") is { } owner && owner != access.AccountId)
        {
            throw S3Exception.AccessDenied("Access Denied");
        }

        if (request.Method == "OPTIONS")
        {
            return CorsOperations.PreflightAsync(request, bucket);
        }

        CorsOperations.Prepare(request, bucket);
        return request.Key.Length == 0 ? DispatchBucketAsync(request, bucket) : DispatchObjectAsync(request, bucket);
    }

    private Task DispatchBucketAsync(S3Request request, S3Bucket bucket) => settings.Handle(request, bucket) ?? request.Method switch
    {
        "GET" when request.Has("uploads") => multipart.ListUploadsAsync(request, bucket),
        "GET" when request.Has("versions") => lists.ListVersionsAsync(request, bucket),
        "GET" when Unknown(request) is { } word => throw S3Exception.NotImplemented(word),
        "GET" when request.Query("list-type") == "2" => lists.ListV2Async(request, bucket),
        "GET" => lists.ListV1Async(request, bucket),
        "HEAD" => buckets.HeadAsync(request, bucket),
        "DELETE" when Unknown(request) is { } word => throw S3Exception.NotImplemented(word),
        "DELETE" => buckets.DeleteAsync(request, bucket),
        "POST" when request.Has("delete") => deletes.DeleteManyAsync(request, bucket),
        "POST" when FormOperations.Applies(request) => forms.PostAsync(request, bucket),
        "POST" or "PUT" => throw S3Exception.NotImplemented(Unknown(request) ?? request.Method),
        _ => throw S3Exception.MethodNotAllowed(request.Method, "BUCKET"),
    };

    private Task DispatchObjectAsync(S3Request request, S3Bucket bucket)
    {
        if (request.Has("tagging"))
        {
            return tags.HandleAsync(request, bucket);
        }

        if (request.Has("acl"))
        {
            return acls.OfObjectAsync(request, bucket);
        }

        if (request.Has("retention"))
        {
            return locks.RetentionAsync(request, bucket);
        }

        if (request.Has("legal-hold"))
        {
            return locks.LegalHoldAsync(request, bucket);
        }

        bool fromCopy = request.Headers.Contains("x-amz-copy-source");
        return request.Method switch
        {
            "GET" when request.Has("uploadId") => multipart.ListPartsAsync(request, bucket),
            "GET" when request.Has("attributes") => attributes.GetAsync(request, bucket),
            "GET" when Unknown(request) is { } word => throw S3Exception.NotImplemented(word),
            "GET" or "HEAD" => objects.GetAsync(request, bucket),
            "PUT" when request.Has("uploadId") && fromCopy => multipart.CopyPartAsync(request, bucket),
            "PUT" when request.Has("uploadId") => multipart.UploadPartAsync(request, bucket),
            "PUT" when Unknown(request) is { } word => throw S3Exception.NotImplemented(word),
            "PUT" when fromCopy => copies.CopyAsync(request, bucket),
            "PUT" => objects.PutAsync(request, bucket),
            "POST" when request.Has("uploads") => multipart.CreateAsync(request, bucket),
            "POST" when request.Has("restore") => restores.RestoreAsync(request, bucket),
            "POST" when request.Has("uploadId") => multipart.CompleteAsync(request, bucket),
            "DELETE" when request.Has("uploadId") => multipart.AbortAsync(request, bucket),
            "DELETE" => deletes.DeleteAsync(request, bucket),
            "POST" => throw S3Exception.NotImplemented(Unknown(request) ?? request.Method),
            _ => throw S3Exception.MethodNotAllowed(request.Method, "OBJECT"),
        };
    }

    /// <summary>A word of the query that asks for something that is not there: better refused than mistaken for a plain get or put.</summary>
    private static string? Unknown(S3Request request) => request.QueryNames.FirstOrDefault(name =>
        name is "torrent" or "restore" or "select" or "inventory" or "analytics" or "metrics"
            or "intelligent-tiering" or "metadataTable" or "session" or "renameObject");
}
