using System.Runtime.CompilerServices;
using System.Xml.Linq;
using Amazon.Runtime;
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
