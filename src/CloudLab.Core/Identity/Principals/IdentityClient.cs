using System.Runtime.CompilerServices;
using System.Xml.Linq;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.SecurityToken;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;

namespace CloudLab.Core.Identity.Principals;

/// <summary>IAM and STS as one session reaches them: what roles and caller identity stand on.</summary>
public sealed class IdentityClient
{
    // One SDK client for each connection: it keeps the signing key.
    private static readonly ConditionalWeakTable<AwsConnection, IamQueryClient> IamClients = [];
    private static readonly ConditionalWeakTable<AwsConnection, StsClient> StsClients = [];

    /// <summary>Opens the services of a session; nothing is sent yet.</summary>
    /// <param name="session">Endpoint, region and credentials.</param>
    /// <param name="reporter">Who hears of requests and warnings.</param>
    public IdentityClient(LabSession session, IReporter? reporter = null)
    {
        Session = session;
        Reporter = reporter ?? NullReporter.Instance;
    }

    /// <summary>The session.</summary>
    internal LabSession Session { get; }

    internal IReporter Reporter { get; }

    private AwsConnection Aws => Session.Aws;

    /// <summary>The access key of the caller's long-lived credentials; null for temporary ones.</summary>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <returns>The access key id. Throws <see cref="LabException"/>.</returns>
    internal async Task<string?> AccessKeyAsync(CancellationToken cancellation)
    {
        ImmutableCredentials keys = await Aws.Credentials().GetCredentialsAsync().WaitAsync(cancellation);
        return keys.UseToken ? null : keys.AccessKey;
    }

    /// <summary>The same services with other keys.</summary>
    /// <param name="keys">The keys.</param>
    /// <returns>A client of its own.</returns>
    internal IdentityClient With(AwsKeys keys) => new(LabSession.Resolve(new SessionOptions { Keys = keys }, "access key", Session), Reporter);

    /// <summary>Lists the caller's buckets for no other reason than to have its keys verified, on a server whose STS does not.</summary>
    /// <param name="subject">What it is about, to begin an error message with.</param>
    /// <param name="target">The object an error is about.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when the keys are accepted. Throws <see cref="LabException"/>.</returns>
    internal async Task CallS3Async(string subject, object? target, CancellationToken cancellation)
    {
        Reporter.Verbose($"S3 ListBuckets: {subject}");
        using AmazonS3Client s3 = new(Aws.Credentials(), Aws.Configure("S3", new AmazonS3Config { ForcePathStyle = true }));
        await CallAsync("S3", subject, target, () => s3.ListBucketsAsync(cancellation), cancellation);
    }

    /// <summary>True for a server that is not Amazon's.</summary>
    internal bool HasOwnEndpoint => Aws.Endpoint("STS") is not null;

    /// <summary>Calls one action of IAM.</summary>
    /// <param name="action">Its name: <c>CreateRole</c>.</param>
    /// <param name="subject">What it is about, to begin an error message with: <c>Role 'viewer'</c>.</param>
    /// <param name="target">The object an error is about.</param>
    /// <param name="cancellation">The caller's token.</param>
    /// <param name="parameters">Its parameters; one whose value is null is left out.</param>
    /// <returns>The <c>…Result</c> element without namespaces. Throws <see cref="LabException"/>.</returns>
    internal Task<XElement> IamAsync(
        string action, string subject, object? target, CancellationToken cancellation, params (string Name, string? Value)[] parameters)
    {
        Reporter.Verbose($"IAM {action}: {subject}");
        return CallAsync(
            "IAM", subject, target,
            () => IamClients.GetValue(Aws, static connection => new IamQueryClient(connection))
                .CallAsync(action, parameters.Select(p => KeyValuePair.Create(p.Name, p.Value)), cancellation),
            cancellation);
    }

    /// <summary>Calls one action of IAM that answers an item.</summary>
    /// <param name="action">Its name: <c>CreateRole</c>.</param>
    /// <param name="subject">What it is about, to begin an error message with.</param>
    /// <param name="target">The object an error is about.</param>
    /// <param name="cancellation">The caller's token.</param>
    /// <param name="parameters">Its parameters; one whose value is null is left out.</param>
    /// <returns>The item (<see cref="IamOperations"/>). Throws <see cref="LabException"/>.</returns>
    internal async Task<XElement> IamItemAsync(
        string action, string subject, object? target, CancellationToken cancellation, params (string Name, string? Value)[] parameters) =>
        (await IamAsync(action, subject, target, cancellation, parameters)).Element(IamOperations.AnswerOf(action))
        ?? throw new LabException(
            LabErrorKind.ServiceFailed, "InvalidResponse", $"{subject}: the response to {action} contains no {IamOperations.AnswerOf(action)}.") { Target = target };

    /// <summary>Calls one action of IAM that answers a list, page by page.</summary>
    /// <param name="action">Its name: <c>ListRoles</c>.</param>
    /// <param name="subject">What it is about, to begin an error message with.</param>
    /// <param name="target">The object an error is about.</param>
    /// <param name="cancellation">Ends the list.</param>
    /// <param name="parameters">Its parameters; one whose value is null is left out.</param>
    /// <returns>The members of the list. Throws <see cref="LabException"/>.</returns>
    internal async IAsyncEnumerable<XElement> IamListAsync(
        string action, string subject, object? target, [EnumeratorCancellation] CancellationToken cancellation, params (string Name, string? Value)[] parameters)
    {
        string? marker = null;
        do
        {
            XElement page = await IamAsync(action, subject, target, cancellation, [.. parameters, ("Marker", marker)]);
            foreach (XElement member in page.Members(IamOperations.AnswerOf(action)))
            {
                yield return member;
            }

            marker = page.NextMarker(marker);
        }
        while (marker is not null);
    }

    /// <summary>The same where a server that is not Amazon's may not have the action: then there is nothing of it.</summary>
    /// <param name="action">Its name.</param>
    /// <param name="subject">What it is about.</param>
    /// <param name="target">The object an error is about.</param>
    /// <param name="cancellation">Ends the list.</param>
    /// <param name="parameters">Its parameters.</param>
    /// <returns>The members of the list. Throws <see cref="LabException"/>.</returns>
    internal async IAsyncEnumerable<XElement> IamOptionalListAsync(
        string action, string subject, object? target, [EnumeratorCancellation] CancellationToken cancellation, params (string Name, string? Value)[] parameters)
    {
        await using IAsyncEnumerator<XElement> items = IamListAsync(action, subject, target, cancellation, parameters).GetAsyncEnumerator(cancellation);
        while (true)
        {
            try
            {
                if (!await items.MoveNextAsync())
                {
                    yield break;
                }
            }
            catch (LabException e) when (e.Kind == LabErrorKind.NotSupported)
            {
                Reporter.Verbose($"The service does not support {action}: {subject} is treated as having none.");
                yield break;
            }

            yield return items.Current;
        }
    }

    /// <summary>A managed policy with its version in force.</summary>
    /// <param name="arn">ARN of the policy.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Both as IAM writes them; the document is in the version (<see cref="IamXml.Parse"/>). Throws <see cref="LabException"/> (NoSuchEntity).</returns>
    internal async Task<(XElement Policy, XElement Version)> IamManagedPolicyAsync(string arn, CancellationToken cancellation)
    {
        string subject = $"Policy '{arn}'";
        XElement policy = await IamItemAsync("GetPolicy", subject, arn, cancellation, ("PolicyArn", arn));
        string id = policy.Text("DefaultVersionId");
        return (policy, await IamItemAsync("GetPolicyVersion", $"Version {id} of {subject}", arn, cancellation, ("PolicyArn", arn), ("VersionId", id)));
    }

    /// <summary>The tags of something, where a server only tells them when asked for them.</summary>
    /// <param name="action">The action: <c>ListRoleTags</c>.</param>
    /// <param name="subject">What it is about.</param>
    /// <param name="item">It as the service described it; its tags are used if they are there.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <param name="parameter">What names it.</param>
    /// <returns>Tags by key. Throws <see cref="LabException"/>.</returns>
    internal async Task<TextDictionary> IamTagsAsync(
        string action, string subject, XElement item, CancellationToken cancellation, (string Name, string? Value) parameter)
    {
        if (item.Element("Tags") is { } tags || !HasOwnEndpoint)
        {
            return IamXml.ReadTags(item.Element("Tags"));
        }

        try
        {
            // Whole, and not by its members: radosgw names them otherwise.
            return IamXml.ReadTags((await IamAsync(action, subject, parameter.Value, cancellation, parameter)).Element("Tags"));
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotSupported)
        {
            Reporter.Verbose($"The service does not support {action}: {subject} is shown without tags.");
            return [];
        }
    }

    /// <summary>Calls one action of STS.</summary>
    /// <typeparam name="T">The SDK's answer.</typeparam>
    /// <param name="action">Its name: <c>AssumeRole</c>.</param>
    /// <param name="subject">What it is about, to begin an error message with.</param>
    /// <param name="target">The object an error is about.</param>
    /// <param name="call">The call.</param>
    /// <param name="cancellation">The caller's token.</param>
    /// <param name="anonymous">True where the request itself proves who asks, so that it is not signed.</param>
    /// <returns>The answer. Throws <see cref="LabException"/>.</returns>
    internal Task<T> StsAsync<T>(
        string action, string subject, object? target, Func<IAmazonSecurityTokenService, Task<T>> call, CancellationToken cancellation, bool anonymous = false)
    {
        Reporter.Verbose($"STS {action}: {subject}");
        return CallAsync(
            "STS", subject, target,
            async () =>
            {
                if (!anonymous)
                {
                    return await call(StsClients.GetValue(Aws, static connection => new StsClient(connection, connection.Credentials())));
                }

                using StsClient unsigned = new(Aws, new AnonymousAWSCredentials());
                return await call(unsigned);
            },
            cancellation);
    }

    /// <summary>Calls a service; what goes wrong becomes a <see cref="LabException"/>.</summary>
    /// <typeparam name="T">The service's answer.</typeparam>
    /// <param name="service">Service id: <c>STS</c>.</param>
    /// <param name="subject">What it is about, to begin an error message with.</param>
    /// <param name="target">The object an error is about.</param>
    /// <param name="call">The call.</param>
    /// <param name="cancellation">The caller's token.</param>
    /// <returns>The answer. Throws <see cref="LabException"/>.</returns>
    internal async Task<T> CallAsync<T>(
        string service, string subject, object? target, Func<Task<T>> call, CancellationToken cancellation)
    {
        RequestLog.Current = Reporter;
        TemporaryCredentials.Cancellation = cancellation;
        try
        {
            return await call();
        }
        catch (Exception e) when (AwsErrors.Knows(e, cancellation))
        {
            throw AwsErrors.From(e, Aws, service, subject, target);
        }
        catch (Exception e) when (cancellation.IsCancellationRequested && e is not (OperationCanceledException or LabException))
        {
            // What breaks because it was cancelled is a cancellation.
            throw new OperationCanceledException(e.Message, e, cancellation);
        }
    }
}
