using System.Net.Sockets;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using CloudLab.Core.Common.Reporting;

namespace CloudLab.Core.Sessions.Aws;

/// <summary>
/// The SDK's standard retries, except that a server that is not there at all is asked twice and no more: whoever mistyped
/// an endpoint should not wait for it. Temporary credentials that the service calls expired are replaced once, where they can be; and a clock
/// that is off, which the SDK makes up for in silence, is spoken of.
/// </summary>
/// <param name="config">The client's configuration.</param>
internal sealed class AwsRetryPolicy(IClientConfig config) : StandardRetryPolicy(config)
{
    private const string Renewed = "CloudLab.CredentialsRenewed";

    /// <summary>Puts the policy into a client's pipeline.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="config">The client's configuration.</param>
    public static void Install(RuntimePipeline pipeline, IClientConfig config) =>
        pipeline.ReplaceHandler<RetryHandler>(new RetryHandler(new AwsRetryPolicy(config)));

    /// <inheritdoc/>
    public override Task<bool> RetryForExceptionAsync(IExecutionContext executionContext, Exception exception) =>
        IsGivenUp(executionContext, exception) ? Task.FromResult(false)
            : IsRenewed(executionContext, exception) ? Task.FromResult(true)
            : base.RetryForExceptionAsync(executionContext, exception);

    /// <inheritdoc/>
    public override Task WaitBeforeRetryAsync(IExecutionContext executionContext)
    {
        TellClock(executionContext);
        return base.WaitBeforeRetryAsync(executionContext);
    }

    /// <summary>Whether an error code says that temporary credentials are over.</summary>
    /// <param name="code">The service's code.</param>
    /// <returns>True if new ones would do.</returns>
    public static bool IsExpired(string? code) => code is "ExpiredToken" or "ExpiredTokenException" or "TokenRefreshRequired" or "RequestExpired";

    /// <summary>Says that the clock is off, where the SDK has just made up for that.</summary>
    /// <param name="executionContext">The call, before it is sent again.</param>
    public static void TellClock(IExecutionContext executionContext)
    {
        if (ServiceClock.Note(executionContext.RequestContext.Request.Endpoint) is { } warning)
        {
            RequestLog.Current.Warning(warning);
        }
    }

    /// <summary>Replaces temporary credentials that have ended, once for a call. They may end before their time: the clock is off.</summary>
    /// <param name="executionContext">The call.</param>
    /// <param name="exception">Its failure.</param>
    /// <returns>True if it is worth another try.</returns>
    public static bool IsRenewed(IExecutionContext executionContext, Exception exception)
    {
        if (exception is not AmazonServiceException fault || !IsExpired(fault.ErrorCode)
            || executionContext.RequestContext is not { Identity: RefreshingAWSCredentials credentials } request || !request.ContextAttributes.TryAdd(Renewed, true))
        {
            return false;
        }

        TemporaryCredentials.Refuse(credentials, request.Request.AWS4SignerResult?.AccessKeyId);
        request.IsSigned = false;
        return true;
    }

    /// <summary>Whether nobody is at the address, and was not at the first try either.</summary>
    /// <param name="executionContext">The call.</param>
    /// <param name="exception">Its failure.</param>
    /// <returns>True for a second refused connection, or a host that has no address.</returns>
    public static bool IsGivenUp(IExecutionContext executionContext, Exception exception) =>
        executionContext.RequestContext.Retries >= 1 && IsNotThere(exception);

    /// <summary>Whether nobody is at the address.</summary>
    /// <param name="exception">The failure of a request.</param>
    /// <returns>True for a refused connection, or a host that has no address.</returns>
    public static bool IsNotThere(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is SocketException { SocketErrorCode: SocketError.ConnectionRefused or SocketError.HostNotFound or SocketError.NoData })
            {
                return true;
            }
        }

        return false;
    }
}
