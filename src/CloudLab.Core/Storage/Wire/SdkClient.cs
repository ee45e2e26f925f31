using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.S3;
using Amazon.S3.Internal;
using CloudLab.Core.Sessions.Aws;

namespace CloudLab.Core.Storage.Wire;

/// <summary>
/// The AWS SDK's client of S3, with what it lacks put into its pipeline: it sends what is asked for seldom (settings, tags, listings of uploads)
/// and knows the rules of endpoints. <see cref="StorageClient.CallSdkAsync{T}(string, Func{IAmazonS3, Task{T}}, CancellationToken)"/> is the way to it.
/// </summary>
internal sealed class SdkClient : AmazonS3Client
{
    private const int Retries = 4;

    /// <summary>Creates a client.</summary>
    /// <param name="aws">Where to, and as whom.</param>
    /// <param name="region">Region of Amazon's endpoint; the connection's own if null.</param>
    public SdkClient(AwsConnection aws, string? region = null)
        : base(aws.Credentials(), aws.Configure("S3", new AmazonS3Config
        {
            // A server of one's own has no DNS name for each bucket.
            ForcePathStyle = aws.Endpoint("S3") is not null,

            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            MaxErrorRetry = Retries,
        }, region))
    {
    }

    /// <inheritdoc/>
    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        base.CustomizeRuntimePipeline(pipeline);
        pipeline.AddHandlerAfter<Marshaller>(new AbsenceIsTold());
        pipeline.AddHandlerAfter<Marshaller>(new CallLogHandler("s3"));
        pipeline.AddHandlerAfter<Signer>(new LeadingSlash());
        pipeline.ReplaceHandler<RetryHandler>(new RetryHandler(new RetryPolicy(Config)));
    }

    // S3's own retries, with the same limit for a server that is not there as the other services have.
    private sealed class RetryPolicy(IClientConfig config) : AmazonS3StandardRetryPolicy(config)
    {
        public override Task<bool> RetryForExceptionAsync(IExecutionContext executionContext, Exception exception) =>
            AwsRetryPolicy.IsGivenUp(executionContext, exception) ? Task.FromResult(false)
                : AwsRetryPolicy.IsRenewed(executionContext, exception) ? Task.FromResult(true)
                : base.RetryForExceptionAsync(executionContext, exception);

        public override Task WaitBeforeRetryAsync(IExecutionContext executionContext)
        {
            AwsRetryPolicy.TellClock(executionContext);
            return base.WaitBeforeRetryAsync(executionContext);
        }
    }

    // For some configurations of buckets the SDK takes 404 as an empty answer, whatever is missing: the configuration or the bucket.
    private sealed class AbsenceIsTold : PipelineHandler
    {
        public override Task<T> InvokeAsync<T>(IExecutionContext executionContext)
        {
            executionContext.RequestContext.Request.Suppress404Exceptions = false;
            return base.InvokeAsync<T>(executionContext);
        }
    }

    // Path style: the SDK signs "/bucket" + "/" + "/key" but then drops one slash where it puts the URL together.
    private sealed class LeadingSlash : PipelineHandler
    {
        public override async Task<T> InvokeAsync<T>(IExecutionContext executionContext)
        {
            IRequest request = executionContext.RequestContext.Request;
            Uri signed = request.Endpoint;
            if (request.PathResources.TryGetValue("{Key+}", out string? key) && key.StartsWith('/') && !signed.AbsolutePath.EndsWith('/'))
            {
                request.Endpoint = new Uri(signed.AbsoluteUri + "/");
            }

            try
            {
                return await base.InvokeAsync<T>(executionContext);
            }
            finally
            {
                // For the signature of the next try.
                request.Endpoint = signed;
            }
        }
    }
}
