using System.Runtime.CompilerServices;
using System.Xml.Linq;
using Amazon.S3;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Core.Storage.Wire;

/// <summary>
/// An S3 service as one session reaches it: what the stores and the transfer engine stand on. There are two ways out, a request of our own
/// (<see cref="SendAsync"/>) and a call of the SDK (<c>CallSdkAsync</c>); what goes wrong on either becomes a <see cref="LabException"/> here.
/// </summary>
public sealed class StorageClient
{
    // One SDK client for each connection: it keeps the signing key and the region of each bucket.
    private static readonly ConditionalWeakTable<AwsConnection, SdkClient> SdkClients = [];
    private static readonly ConditionalWeakTable<AwsConnection, S3Sender> Senders = [];

    private readonly AwsConnection aws;
    private readonly SdkClient sdk;
    private readonly S3Sender sender;

    /// <summary>Opens the service of a session; nothing is sent yet.</summary>
    /// <param name="session">Endpoint, region and credentials. Throws <see cref="LabException"/> if there are no credentials.</param>
    /// <param name="reporter">Who hears of requests, warnings and progress.</param>
    public StorageClient(LabSession session, IReporter? reporter = null)
    {
        aws = session.Aws;
        sdk = SdkClients.GetValue(aws, static connection => new SdkClient(connection));
        sender = Senders.GetValue(aws, connection => new S3Sender(connection, sdk));
        Reporter = reporter ?? NullReporter.Instance;
        Origin = new SessionOrigin(session, EndpointOf(session));
    }

    /// <summary>What everything that this client tells of remembers.</summary>
    public SessionOrigin Origin { get; }

    /// <summary>Region of the connection.</summary>
    internal string Region => aws.Region;

    /// <summary>True for a server that is not Amazon's.</summary>
    internal bool HasOwnEndpoint => aws.Endpoint("S3") is not null;

    internal IReporter Reporter { get; }

    /// <summary>Base URL of the storage service of a session.</summary>
    /// <param name="session">The session; it needs no credentials.</param>
    /// <returns><c>http://127.0.0.1:9000</c>, or Amazon's <c>https://s3.amazonaws.com</c>, whatever the region. Throws <see cref="LabException"/>.</returns>
    public static string EndpointOf(LabSession session) => session.Aws.ServiceUrl("S3");

    /// <summary>Whether the connection itself protects what is sent to a bucket, so that signing the body over is a waste.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <returns>True for https.</returns>
    internal bool IsEncrypted(string bucket) => sender.IsEncrypted(bucket);

    /// <summary>Sends a request about an object, or about a bucket where its key is empty: all that moves and lists objects.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellation">The caller's token.</param>
    /// <returns>An answer of success. Throws <see cref="LabException"/>.</returns>
    internal Task<S3Answer> SendAsync(S3Request request, CancellationToken cancellation) =>
        TellAsync(Subject.Of(request), () => sender.SendAsync(request, Reporter, cancellation), cancellation);

    /// <summary>Makes a URL that carries its signature.</summary>
    /// <param name="request">What it will be used for.</param>
    /// <param name="life">How long it is good.</param>
    /// <param name="cancellation">The caller's token.</param>
    /// <returns>The URL. Throws <see cref="LabException"/>.</returns>
    internal Task<string> PresignAsync(S3Request request, TimeSpan life, CancellationToken cancellation) =>
        TellAsync(Subject.OfObject(request.Bucket, request.Key), () => sender.PresignAsync(request, life, cancellation), cancellation);

    /// <summary>Until when the credentials in force are good; temporary ones are refreshed first if they have to be.</summary>
    /// <param name="bucket">Bucket, for an error.</param>
    /// <param name="key">Key, for an error.</param>
    /// <param name="cancellation">The caller's token.</param>
    /// <returns>Whether they end at all, and when, where that is known. Throws <see cref="LabException"/>.</returns>
    internal Task<(bool AreTemporary, DateTimeOffset? End)> CredentialsEndAsync(string bucket, string key, CancellationToken cancellation) =>
        TellAsync(Subject.OfObject(bucket, key), () => aws.CredentialsEndAsync(cancellation), cancellation);

    /// <summary>Reads the document that an answer carries.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="request">What it answers.</param>
    /// <param name="cancellation">The caller's token.</param>
    /// <returns>Its root element. Throws <see cref="LabException"/>.</returns>
    internal Task<XElement> ReadXmlAsync(S3Answer answer, S3Request request, CancellationToken cancellation) =>
        ReadAsync(request, () => answer.ReadXmlAsync(cancellation), cancellation);

    /// <summary>Reads what an answer carries.</summary>
    /// <typeparam name="T">What is made of it.</typeparam>
    /// <param name="request">The request it answers.</param>
    /// <param name="read">Reads.</param>
    /// <param name="cancellation">The caller's token.</param>
    /// <returns>What was read. Throws <see cref="LabException"/>.</returns>
    internal Task<T> ReadAsync<T>(S3Request request, Func<Task<T>> read, CancellationToken cancellation) =>
        TellAsync(Subject.Of(request), read, cancellation);

    /// <summary>Makes a call of the SDK that is about neither one bucket nor one object.</summary>
    /// <typeparam name="T">The SDK's answer.</typeparam>
    /// <param name="subject">What it is about, to begin an error message with.</param>
    /// <param name="target">What an error is about.</param>
    /// <param name="missingCode">Error code of a 404 without a body.</param>
    /// <param name="call">The call.</param>
    /// <param name="cancellation">The caller's token.</param>
    /// <returns>The answer. Throws <see cref="LabException"/>.</returns>
    internal Task<T> CallSdkAsync<T>(
        string subject, object? target, string missingCode, Func<IAmazonS3, Task<T>> call, CancellationToken cancellation) =>
        TellAsync(new Subject(subject, target, missingCode), () => call(sdk), cancellation);

    /// <summary>Makes a call of the SDK about one object.</summary>
    /// <typeparam name="T">The SDK's answer.</typeparam>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="call">The call.</param>
    /// <param name="cancellation">The caller's token.</param>
    /// <returns>The answer. Throws <see cref="LabException"/>.</returns>
    internal Task<T> CallSdkAsync<T>(string bucket, string key, Func<IAmazonS3, Task<T>> call, CancellationToken cancellation) =>
        TellAsync(Subject.OfObject(bucket, key), () => call(sdk), cancellation);

    /// <summary>Makes a call of the SDK about one bucket.</summary>
    /// <typeparam name="T">The SDK's answer.</typeparam>
    /// <param name="bucket">Bucket.</param>
    /// <param name="call">The call.</param>
    /// <param name="cancellation">The caller's token.</param>
    /// <returns>The answer. Throws <see cref="LabException"/>.</returns>
    internal Task<T> CallSdkAsync<T>(string bucket, Func<IAmazonS3, Task<T>> call, CancellationToken cancellation) =>
        TellAsync(Subject.OfBucket(bucket), () => call(sdk), cancellation);

    /// <summary>An error about an object, found here and not told by the service.</summary>
    /// <param name="kind">What went wrong.</param>
    /// <param name="code">Its id.</param>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="text">What is wrong.</param>
    /// <param name="advice">What to do.</param>
    /// <param name="inner">What it came from.</param>
    /// <returns>The exception.</returns>
    internal static LabException Problem(
        LabErrorKind kind, string code, string bucket, string key, string text, string? advice = null, Exception? inner = null)
    {
        string uri = ObjectName.Uri(bucket, key);
        return new LabException(kind, code, $"{uri}: {text}", inner) { Target = uri, Advice = advice };
    }

    // Does something with the service, whose failure is told as an error about a subject.
    private async Task<T> TellAsync<T>(Subject subject, Func<Task<T>> work, CancellationToken cancellation)
    {
        RequestLog.Current = Reporter;
        TemporaryCredentials.Cancellation = cancellation;
        try
        {
            return await work();
        }
        catch (Exception e) when (AwsErrors.Knows(e, cancellation))
        {
            LabException told = AwsErrors.From(e, aws, "S3", subject.Name, subject.Target, subject.MissingCode);
            throw told.Code == "NoSuchKey" && ObjectName.AdviceOnMissing(subject.Bucket, subject.Key) is { } advice ? told.Advising(advice)
                : told.Code != "BadRequest" || subject.Key.Length == 0 ? told
                // Only the answer to a HEAD has no reason in it.
                : !subject.Key.Contains('\0', StringComparison.Ordinal) ? told.Advising("The service gives no reason. Where the object is encrypted with a key of yours, give -CustomerKey, or -SourceCustomerKey for a source.")
                : new LabException(told.Kind, "InvalidKey", $"{subject.Name}: the service does not take a key with a NUL character (U+0000).", told)
                {
                    Target = told.Target, StatusCode = told.StatusCode, RequestId = told.RequestId,
                };
        }
        catch (Exception e) when (cancellation.IsCancellationRequested && e is not OperationCanceledException)
        {
            // What breaks because it was cancelled is a cancellation.
            throw new OperationCanceledException(e.Message, e, cancellation);
        }
    }

    /// <summary>What a request is about, for its error.</summary>
    /// <param name="Name">What a message begins with: <c>s3://movies/a</c>.</param>
    /// <param name="Target">The object that the error is about.</param>
    /// <param name="MissingCode">Error code of a 404 without a body.</param>
    /// <param name="Bucket">Bucket of an object; else empty.</param>
    /// <param name="Key">Key of an object; else empty.</param>
    private readonly record struct Subject(string Name, object? Target, string MissingCode, string Bucket = "", string Key = "")
    {
        public static Subject Of(S3Request request) => request.Key.Length > 0 ? OfObject(request.Bucket, request.Key) : OfBucket(request.Bucket);

        public static Subject OfBucket(string bucket)
        {
            BucketName.Validate(bucket);
            return new Subject($"Bucket '{bucket}'", bucket, "NoSuchBucket");
        }

        public static Subject OfObject(string bucket, string key)
        {
            BucketName.Validate(bucket);
            ObjectName.Validate(bucket, key);
            string uri = ObjectName.Uri(bucket, key);
            return new Subject(uri, uri, "NoSuchKey", bucket, key);
        }
    }
}
