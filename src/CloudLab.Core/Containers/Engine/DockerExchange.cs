using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Containers.Engine;

/// <summary>What Docker.DotNet lacks, added to its requests and answers on their way.</summary>
/// <param name="pool">Sends the requests.</param>
/// <param name="unreachable">Explains why there is no answer.</param>
internal sealed class DockerExchange(HttpMessageHandler pool, Func<HttpRequestException, LabException> unreachable) : DelegatingHandler(pool)
{
    /// <summary>The version of the API that the last answer named; PingAsync does not return it.</summary>
    public string? ApiVersion { get; private set; }

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Uri url = request.RequestUri!;
        if (IsInspection(url.AbsolutePath) && !url.Query.Contains("platform=", StringComparison.Ordinal))
        {
            // InspectImageAsync reads manifests but has no parameter that asks for them. Engines before 1.48 ignore it. The inspection of one
            // platform does not go together with it.
            request.RequestUri = new Uri($"{url.AbsoluteUri}{(url.Query.Length > 0 ? '&' : '?')}manifests=1");
        }

        try
        {
            HttpResponseMessage answer = await base.SendAsync(request, cancellationToken);
            ApiVersion = answer.Headers.TryGetValues("Api-Version", out IEnumerable<string>? values) ? values.First() : null;
            return answer;
        }
        catch (HttpRequestException e) when (request.Content is not EngineHttpContent { Begun: true })
        {
            // Only here can it be told from an answer that breaks off: the package reads the whole answer in one call.
            throw unreachable(e);
        }
    }

    private static bool IsInspection(string path) =>
        path.Contains("/images/", StringComparison.Ordinal)
        && path.EndsWith("/json", StringComparison.Ordinal)
        && !path.EndsWith("/images/json", StringComparison.Ordinal);
}
