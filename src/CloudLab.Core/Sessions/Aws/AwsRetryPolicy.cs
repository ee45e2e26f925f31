using System.Net.Sockets;
using Amazon.Runtime;
using Amazon.Runtime.Internal;

namespace CloudLab.Core.Sessions.Aws;

/// <summary>
/// The SDK's standard retries, except that a server that is not there at all is asked twice and no more: whoever mistyped
/// an endpoint should not wait for it.
/// </summary>
/// <param name="config">The client's configuration.</param>
internal sealed class AwsRetryPolicy(IClientConfig config) : StandardRetryPolicy(config)
{
    /// <summary>Puts the policy into a client's pipeline.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="config">The client's configuration.</param>
    public static void Install(RuntimePipeline pipeline, IClientConfig config) =>
        pipeline.ReplaceHandler<RetryHandler>(new RetryHandler(new AwsRetryPolicy(config)));

    /// <inheritdoc/>
    public override Task<bool> RetryForExceptionAsync(IExecutionContext executionContext, Exception exception) =>
        IsGivenUp(executionContext, exception)
            ? Task.FromResult(false)
            : base.RetryForExceptionAsync(executionContext, exception);

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
