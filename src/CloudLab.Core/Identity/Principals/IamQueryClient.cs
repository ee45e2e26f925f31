using System.Net;
using System.Xml;
using System.Xml.Linq;
using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.Credentials.Internal;
using Amazon.Runtime.Endpoints;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Auth;
using Amazon.Runtime.Internal.Transform;
using CloudLab.Core.Sessions.Aws;

namespace CloudLab.Core.Identity.Principals;

/// <summary>
/// IAM over the AWS SDK's own pipeline: its credentials, signatures, retries and connections. What the SDK's IAM package
/// would add, the marshalling of the Query protocol (parameters as a form, answers as XML), is here.
/// </summary>
internal sealed class IamQueryClient : AmazonServiceClient
{
    private const string Version = "2010-05-08";

    /// <summary>Creates a client.</summary>
    /// <param name="aws">Where to, and as whom.</param>
    public IamQueryClient(AwsConnection aws)
        : base(aws.Credentials(), Configured(aws))
    {
    }

    /// <summary>Calls one action.</summary>
    /// <param name="action">Its name: <c>CreateRole</c>.</param>
    /// <param name="parameters">Its parameters; one whose value is null is left out.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The <c>…Result</c> element without namespaces; an empty one where the action answers nothing.</returns>
    public async Task<XElement> CallAsync(
        string action, IEnumerable<KeyValuePair<string, string?>> parameters, CancellationToken cancellation)
    {
        QueryResponse response = await InvokeAsync<QueryResponse>(
            new QueryRequest(action, parameters),
            new InvokeOptions { RequestMarshaller = QueryMarshaller.Instance, ResponseUnmarshaller = QueryUnmarshaller.Instance },
            cancellation);
        return response.Document.Element(action + "Result") ?? new XElement(action + "Result");
    }

    /// <inheritdoc/>
    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        pipeline.RemoveHandler<EndpointResolver>();
        pipeline.AddHandlerAfter<Marshaller>(new CallLogHandler("iam"));
        pipeline.AddHandlerAfter<CallLogHandler>(new QueryEndpointResolver());
        pipeline.AddHandlerAfter<QueryEndpointResolver>(new SigV4Always());
        AwsRetryPolicy.Install(pipeline, Config);
    }

    private static IamConfig Configured(AwsConnection aws)
    {
        IamConfig config = aws.Configure("IAM", new IamConfig { MaxErrorRetry = 4 });

        // IAM has one endpoint a partition, and one region that requests to it are signed for.
        config.AuthenticationServiceName = "iam";
        (string url, string region) = config.ServiceURL is { } own ? (own, config.AuthenticationRegion) : GlobalEndpoint(config.RegionEndpoint);
        config.AuthenticationRegion = region;
        config.EndpointProvider = new FixedEndpoint(url);

        return config;
    }

    private static (string Url, string Region) GlobalEndpoint(RegionEndpoint region) => region.PartitionName switch
    {
        "aws-cn" => ("https://iam.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        "aws-us-gov" => ("https://iam.us-gov.amazonaws.com", "us-gov-west-1"),
        _ => ("https://iam.amazonaws.com", "us-east-1"),
    };

    private static XElement Load(Stream stream)
    {
        using XmlReader reader = XmlReader.Create(stream, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit });
        XElement root = XElement.Load(reader);
        foreach (XElement element in root.DescendantsAndSelf())
        {
            element.Name = element.Name.LocalName;
        }

        return root;
    }

    private sealed class IamConfig() : ClientConfig(new DefaultConfigurationProvider([new DefaultConfiguration { Name = DefaultConfigurationMode.Standard, RetryMode = RequestRetryMode.Standard }]))
    {
        public override string ServiceVersion => Version;

        public override string UserAgent => "cloudlab";

        public override string RegionEndpointServiceName => "iam";

        public override Endpoint DetermineServiceOperationEndpoint(ServiceOperationEndpointParameters parameters) =>
            EndpointProvider.ResolveEndpoint(new EndpointParameters());
    }

    private sealed class FixedEndpoint(string url) : IEndpointProvider
    {
        public Endpoint ResolveEndpoint(EndpointParameters parameters) => new(url);
    }

    private sealed class QueryEndpointResolver : BaseEndpointResolver
    {
        protected override EndpointParameters MapEndpointsParameters(IRequestContext requestContext) => new();
    }

    private sealed class SigV4Always : BaseAuthResolverHandler
    {
        protected override List<IAuthSchemeOption> ResolveAuthOptions(IExecutionContext executionContext) => AuthSchemeOption.DEFAULT_SIGV4;
    }

    private sealed class QueryRequest(string action, IEnumerable<KeyValuePair<string, string?>> parameters) : AmazonWebServiceRequest
    {
        public string Action { get; } = action;

        public IEnumerable<KeyValuePair<string, string?>> Parameters { get; } = parameters;
    }

    private sealed class QueryResponse : AmazonWebServiceResponse
    {
        public XElement Document { get; init; } = null!;
    }

    private sealed class QueryMarshaller : IMarshaller<IRequest, AmazonWebServiceRequest>
    {
        public static QueryMarshaller Instance { get; } = new();

        public IRequest Marshall(AmazonWebServiceRequest input)
        {
            QueryRequest query = (QueryRequest)input;
            DefaultRequest request = new(query, "IAM") { HttpMethod = "POST", ResourcePath = "/" };
            request.Parameters.Add("Action", query.Action);
            request.Parameters.Add("Version", Version);
            foreach ((string name, string? value) in query.Parameters)
            {
                if (value is not null)
                {
                    request.Parameters.Add(name, value);
                }
            }

            return request;
        }
    }

    private sealed class QueryUnmarshaller : XmlResponseUnmarshaller
    {
        public static QueryUnmarshaller Instance { get; } = new();

        public override AmazonWebServiceResponse Unmarshall(XmlUnmarshallerContext input)
        {
            XElement document = Load(input.Stream);
            return document.Name.LocalName.EndsWith("Response", StringComparison.Ordinal)
                ? new QueryResponse { Document = document }
                : throw new XmlException($"<{document.Name.LocalName}> is not an IAM response.");
        }

        public override AmazonServiceException UnmarshallException(XmlUnmarshallerContext input, Exception innerException, HttpStatusCode statusCode)
        {
            XElement? answer = null;
            try
            {
                answer = Load(input.Stream);
            }
            catch (XmlException)
            {
                // A proxy's page, or nothing at all: the status is what is known.
            }

            XElement? error = answer?.DescendantsAndSelf("Error").FirstOrDefault();
            return new AmazonServiceException(
                error?.Element("Message")?.Value ?? "", innerException, ErrorType.Unknown, error?.Element("Code")?.Value ?? "",
                (answer?.Descendants("RequestId").FirstOrDefault()?.Value ?? input.ResponseData.GetHeaderValue("x-amzn-RequestId")) ?? "",
                statusCode);
        }
    }
}
