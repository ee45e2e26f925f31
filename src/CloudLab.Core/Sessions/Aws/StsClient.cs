using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.SecurityToken;

namespace CloudLab.Core.Sessions.Aws;

/// <summary>The SDK's STS client, with our retries.</summary>
/// <param name="aws">Where to.</param>
/// <param name="credentials">As whom.</param>
internal sealed class StsClient(AwsConnection aws, AWSCredentials credentials)
    : AmazonSecurityTokenServiceClient(credentials, aws.Configure("STS", new AmazonSecurityTokenServiceConfig { MaxErrorRetry = 4 }))
{
    /// <inheritdoc/>
    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        base.CustomizeRuntimePipeline(pipeline);
        pipeline.AddHandlerAfter<Marshaller>(new CallLogHandler("sts"));
        AwsRetryPolicy.Install(pipeline, Config);
    }
}
