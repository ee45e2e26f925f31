using System.Globalization;
using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Xml;
using System.Xml.Linq;
using Amazon.Runtime;
using Amazon.S3;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Common.Waiting;
using CloudLab.Core.Sessions.Aws;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Core.Storage.Wire;

/// <summary>
/// Signs the requests that move and list objects and sends them over the connection's own HttpClient;
/// <see cref="StorageClient.SendAsync"/> is the way to it. The SDK's pipeline costs several times as much for each request (see
/// benchmarks/README.md); settings of buckets, which are few, still go through it (<see cref="SdkClient"/>). Credentials and the
/// rules of endpoints are the SDK's. A request that fails for a reason that passes is sent again, after a pause that doubles, with jitter.
/// </summary>
internal sealed class S3Sender
{
    private const int Attempts = 5;

    // Who is asked to slow down should not be the reason that the work fails.
    private const int AttemptsWhenSlow = 9;

    private const long AskFirstFrom = 1024 * 1024;

    private readonly AwsConnection aws;
    private readonly S3AddressBook addresses;
    private readonly SigV4 signer = new();
    private TimeSpan clockOffset;

    /// <summary>Makes the sender of a connection; nothing is sent yet.</summary>
    /// <param name="aws">The connection.</param>
    /// <param name="sdk">The SDK's client of the same connection.</param>
    public S3Sender(AwsConnection aws, IAmazonS3 sdk)
    {
        this.aws = aws;
        addresses = new S3AddressBook(aws, sdk);
    }

    /// <summary>Whether bodies to a bucket go through TLS, so that a signature over them is a waste.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <returns>True for https.</returns>
    public bool IsEncrypted(string bucket) => addresses.Find(bucket).IsEncrypted;

    /// <summary>Sends a request and reads the head of the answer.</summary>
    /// <param name="request">The request.</param>
    /// <param name="reporter">Hears of further tries.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <returns>An answer of success. Throws <see cref="AmazonS3Exception"/> for another one, and what HttpClient throws.</returns>
    public async Task<S3Answer> SendAsync(S3Request request, IReporter reporter, CancellationToken cancellation)
    {
        bool clockSet = false, regionSet = false, keysRenewed = false;
        for (int attempt = 1; ; attempt++)
        {
            HttpResponseMessage? answer = null;
            AmazonS3Exception fault;
            string? region;
            try
            {
                answer = await SendOnceAsync(request, cancellation);
                if (await FaultAsync(request, answer, cancellation) is not { } found)
                {
                    S3CallName.Note(request);
                    return new S3Answer(answer);
                }

                (fault, region) = found;
            }
            catch (Exception e)
            {
                answer?.Dispose();
                if (!Passes(e, cancellation) || attempt >= (AwsRetryPolicy.IsNotThere(e) ? 2 : Attempts))
                {
                    throw;
                }

                await AgainAsync(request, attempt, attempt, e.Message, reporter, cancellation);
                continue;
            }

            DateTimeOffset? serverTime = answer.Headers.Date;
            Uri answerUrl = answer.RequestMessage!.RequestUri!;
            answer.Dispose();
            if (!clockSet && fault.ErrorCode == "RequestTimeTooSkewed" && serverTime is { } now)
            {
                clockSet = true;
                clockOffset = now - DateTimeOffset.UtcNow;
                if (ServiceClock.Note(answerUrl, clockOffset) is { } warning)
                {
                    reporter.Warning(warning);
                }
            }
            else if (!regionSet && region is not null && addresses.Learn(request.Bucket, region))
            {
                regionSet = true;
                reporter.Verbose($"Bucket '{request.Bucket}' is in {region}.");
            }
            else if (!keysRenewed && AwsRetryPolicy.IsExpired(fault.ErrorCode)
                && aws.Credentials() is RefreshingAWSCredentials refreshing)
            {
                keysRenewed = true;
                TemporaryCredentials.Refuse(refreshing, request.SignedBy);
            }
            else if (attempt < (IsSlowDown(fault) ? AttemptsWhenSlow : Attempts) && Passes(fault))
            {
                await AgainAsync(
                    request, attempt, IsSlowDown(fault) ? attempt + 1 : attempt, $"{fault.ErrorCode} {fault.Message}", reporter, cancellation);
            }
            else
            {
                throw fault;
            }
        }
    }

    /// <summary>Makes a URL that carries its signature.</summary>
    /// <param name="request">What it will be used for; its body is not signed.</param>
    /// <param name="life">How long it is good.</param>
    /// <param name="cancellation">Cancels a request for keys.</param>
    /// <returns>The URL.</returns>
    public async Task<string> PresignAsync(S3Request request, TimeSpan life, CancellationToken cancellation)
    {
        S3Address address = addresses.Find(request.Bucket);
        ImmutableCredentials keys = await addresses.KeysAsync(request.Bucket, address, cancellation);
        return signer.Presign(
            keys, address, request.Method.Method, Path(address, request), request.Query, request.Headers, life, DateTimeOffset.UtcNow + clockOffset);
    }

    private static string Path(S3Address address, S3Request request) => address.BasePath + SigV4.Encode(request.Key, keepSlash: true);

    private async Task<HttpResponseMessage> SendOnceAsync(S3Request request, CancellationToken cancellation)
    {
        S3Address address = addresses.Find(request.Bucket);
        ImmutableCredentials keys = await addresses.KeysAsync(request.Bucket, address, cancellation);
        request.SignedBy = keys.AccessKey;
        string path = Path(address, request), query = SigV4.Query(request.Query);
        List<(string Name, string Value)> headers = [.. request.Headers];
        string hash = request.Body is null or { Length: 0 } ? SigV4.EmptyHash
            : address.IsEncrypted ? SigV4.Unsigned
            : request.BodyHash ?? HashOf(request.Body);
        signer.Sign(keys, address, request.Method.Method, path, query, headers, hash, DateTimeOffset.UtcNow + clockOffset);

        // Keys are opaque: the path goes out as it was signed, with any "/../" in it.
        Uri url = new($"{address.Origin}{path}{(query.Length > 0 ? "?" : "")}{query}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using HttpRequestMessage message = new(request.Method, url);
        if (request.Method == HttpMethod.Put || request.Method == HttpMethod.Post)
        {
            // Also of nothing: headers such as Content-Type need a content.
            S3Body body = request.Body ?? S3Body.Empty;
            message.Content = body.ToContent();
            message.Headers.ExpectContinue = body.Length >= AskFirstFrom && request.Query.Count == 0;
        }

        foreach ((string name, string value) in headers)
        {
            if (!message.Headers.TryAddWithoutValidation(name, value))
            {
                message.Content?.Headers.TryAddWithoutValidation(name, value);
            }
        }

        try
        {
            return await aws.Http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation);
        }
        catch (Exception e) when (e is not HttpRequestException
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError
                or HttpRequestError.ProxyTunnelError,
        })
        {
            request.AnswersLost++;
            throw;
        }
    }

    private static string HashOf(S3Body body)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        body.Read(hash.AppendData);
        return Convert.ToHexString(hash.GetHashAndReset()).ToLowerInvariant();
    }

    private static Task AgainAsync(S3Request request, int attempt, int patience, string why, IReporter reporter, CancellationToken cancellation)
    {
        reporter.Verbose($"{request.Method} {ObjectName.Uri(request.Bucket, request.Key)} again (attempt {attempt + 1}) after: {why}");
        return Backoff.DelayAsync(patience, cancellation);
    }

    // What the answer says went wrong, and the region that it names; null for success.
    private static async Task<(AmazonS3Exception Fault, string? Region)?> FaultAsync(
        S3Request request, HttpResponseMessage answer, CancellationToken cancellation)
    {
        if (!answer.IsSuccessStatusCode)
        {
            return ToException(await ErrorAsync(answer, request.Method, cancellation), answer, answer.StatusCode);
        }

        if (!request.MayFailLate)
        {
            return null;
        }

        // Small answers; kept in memory so that they can be read again.
        await answer.Content.LoadIntoBufferAsync();
        return await LateErrorAsync(answer, cancellation) is { } late ? ToException(late, answer, HttpStatusCode.InternalServerError) : null;
    }

    private static async Task<XElement?> LateErrorAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        if (answer.Content.Headers.ContentLength == 0)
        {
            return null;
        }

        // Not disposed: the stream is the buffered content itself.
        Stream body = await answer.Content.ReadAsStreamAsync(cancellation);
        XElement root = (await XDocument.LoadAsync(body, LoadOptions.PreserveWhitespace, cancellation)).Root!;
        body.Position = 0;
        return root.Name.LocalName == "Error" ? root : null;
    }

    private static async Task<XElement?> ErrorAsync(HttpResponseMessage answer, HttpMethod method, CancellationToken cancellation)
    {
        if (method == HttpMethod.Head || answer.Content.Headers.ContentLength == 0)
        {
            return null;
        }

        using Stream body = await answer.Content.ReadAsStreamAsync(cancellation);
        try
        {
            return (await XDocument.LoadAsync(body, LoadOptions.PreserveWhitespace, cancellation)).Root;
        }
        catch (XmlException)
        {
            // A proxy's page, or nothing at all: the status says what there is to say.
            return null;
        }
    }

    private static (AmazonS3Exception Fault, string? Region) ToException(XElement? error, HttpResponseMessage answer, HttpStatusCode status)
    {
        string? Header(string name) => answer.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First() : null;
        string code = error?.Text("Code") ?? "";
        string message = error?.Text("Message") ?? "";
        if (code == "RequestTimeTooSkewed" && Time(error?.Text("ServerTime")) is { } server)
        {
            message = $"{message.TrimEnd('.')}: this machine's clock is {ServiceClock.Describe(server - DateTimeOffset.UtcNow)}.";
        }

        AmazonS3Exception fault = new(
            message, null, (int)status >= 500 ? ErrorType.Receiver : ErrorType.Sender, code,
            error?.Text("RequestId") ?? Header("x-amz-request-id"), status, Header("x-amz-id-2"));
        bool elsewhere = status is HttpStatusCode.MovedPermanently or HttpStatusCode.TemporaryRedirect
            || code is "AuthorizationHeaderMalformed" or "PermanentRedirect" || (status == HttpStatusCode.BadRequest && error is null);
        return (fault, elsewhere ? error?.Text("Region") ?? Header("x-amz-bucket-region") : null);
    }

    private static DateTimeOffset? Time(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : null;

    private static bool IsSlowDown(AmazonS3Exception fault) =>
        fault.ErrorCode is "SlowDown" or "Throttling" or "ThrottlingException" or "RequestLimitExceeded" || (int)fault.StatusCode == 429;

    private static bool Passes(AmazonS3Exception fault) =>
        (int)fault.StatusCode is 500 or 502 or 503 or 504 or 429 || IsSlowDown(fault)
        || fault.ErrorCode is "RequestTimeout" or "InternalError" or "ServiceUnavailable" or "OperationAborted";

    private static bool Passes(Exception e, CancellationToken cancellation) =>
        !cancellation.IsCancellationRequested
        && e is HttpRequestException or IOException or XmlException or OperationCanceledException
        && e is not HttpRequestException { InnerException: AuthenticationException };

}
