using Amazon.EC2;
using Amazon.Runtime.Internal;
using CloudLab.Core.Sessions.Aws;

namespace CloudLab.Core.Identity.Instances;

/// <summary>The SDK's EC2 client, with our retries. Its assembly is large; only <see cref="InstanceStore"/> touches it.</summary>
/// <param name="aws">Where to, and as whom.</param>
internal sealed class Ec2Client(AwsConnection aws)
    : AmazonEC2Client(aws.Credentials(), aws.Configure("EC2", new AmazonEC2Config { MaxErrorRetry = 4 }))
{
    /// <inheritdoc/>
    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        base.CustomizeRuntimePipeline(pipeline);
        AwsRetryPolicy.Install(pipeline, Config);
    }
}
