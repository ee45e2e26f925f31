using System.Runtime.CompilerServices;
using System.Xml.Linq;
using Amazon.SecurityToken;
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

    private readonly AwsConnection aws;

    /// <summary>Opens the services of a session; nothing is sent yet.</summary>
    /// <param name="session">Endpoint, region and credentials.</param>
    /// <param name="reporter">Who hears of requests and warnings.</param>
    public IdentityClient(LabSession session, IReporter? reporter = null)
    {
        aws = session.Aws;
        Reporter = reporter ?? NullReporter.Instance;
    }

    internal IReporter Reporter { get; }

    /// <summary>True for a server that is not Amazon's.</summary>
    internal bool HasOwnEndpoint => aws.Endpoint("STS") is not null;

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
            () => IamClients.GetValue(aws, static connection => new IamQueryClient(connection))
                .CallAsync(action, parameters.Select(p => KeyValuePair.Create(p.Name, p.Value)), cancellation),
            cancellation);
    }

    /// <summary>Calls one action of STS.</summary>
    /// <typeparam name="T">The SDK's answer.</typeparam>
    /// <param name="action">Its name: <c>AssumeRole</c>.</param>
    /// <param name="subject">What it is about, to begin an error message with.</param>
    /// <param name="target">The object an error is about.</param>
    /// <param name="call">The call.</param>
    /// <param name="cancellation">The caller's token.</param>
    /// <returns>The answer. Throws <see cref="LabException"/>.</returns>
    internal Task<T> StsAsync<T>(
        string action, string subject, object? target, Func<IAmazonSecurityTokenService, Task<T>> call, CancellationToken cancellation)
    {
        Reporter.Verbose($"STS {action}: {subject}");
        return CallAsync(
            "STS", subject, target,
            () => call(StsClients.GetValue(aws, static connection => new StsClient(connection, connection.Credentials()))),
            cancellation);
    }

    private async Task<T> CallAsync<T>(
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
            throw AwsErrors.From(e, aws, service, subject, target);
        }
        catch (Exception e) when (cancellation.IsCancellationRequested && e is not (OperationCanceledException or LabException))
        {
            // What breaks because it was cancelled is a cancellation.
            throw new OperationCanceledException(e.Message, e, cancellation);
        }
    }
}
