using Amazon.Runtime.Internal;
using Amazon.SecurityToken;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Identity;

/// <summary>The SDK's STS client, with our retries.</summary>
/// <param name="aws">Where to, and as whom.</param>
internal sealed class StsClient(AwsConnection aws)
    : AmazonSecurityTokenServiceClient(aws.Credentials(), aws.Configure("STS", new AmazonSecurityTokenServiceConfig { MaxErrorRetry = 4 }))
{
    /// <inheritdoc/>
    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        base.CustomizeRuntimePipeline(pipeline);
        AwsRetryPolicy.Install(pipeline, Config);
    }
}
