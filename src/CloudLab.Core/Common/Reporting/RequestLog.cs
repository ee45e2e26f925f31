using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace CloudLab.Core.Common.Reporting;

/// <summary>
/// Says each HTTP request to whoever runs the current command. Connections outlive commands, so the reporter flows
/// with the asynchronous call and is not held by the connection.
/// </summary>
public static class RequestLog
{
    private static readonly AsyncLocal<IReporter?> Reporter = new();

    /// <summary>Who hears of the requests made from here on in this asynchronous flow.</summary>
    public static IReporter Current
    {
        get => Reporter.Value ?? NullReporter.Instance;
        set => Reporter.Value = value;
    }
}

/// <summary>The end of every HTTP pipeline in Core: one verbose line a request, without secrets.</summary>
internal sealed partial class RequestLogHandler : DelegatingHandler
{
    /// <summary>A handler whose inner one is set by whoever builds the pipeline.</summary>
    public RequestLogHandler()
    {
    }

    /// <summary>A handler over another one.</summary>
    /// <param name="inner">The handler that sends.</param>
    public RequestLogHandler(HttpMessageHandler inner)
        : base(inner)
    {
    }

    /// <summary>A URL with the values of signing and token parameters taken out.</summary>
    /// <param name="url">The URL of a request.</param>
    /// <returns>Text that may be shown.</returns>
    // Of a URL that is not to be canonicalized (an S3 key may hold "/../") .NET gives only these parts.
    internal static string Redact(Uri url) =>
        SecretParameter().Replace($"{url.Scheme}://{url.Authority}{url.PathAndQuery}", "$1(hidden)");

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        IReporter reporter = RequestLog.Current;
        if (ReferenceEquals(reporter, NullReporter.Instance))
        {
            return await base.SendAsync(request, cancellationToken);
        }

        // A redirect changes it, to an address that may hold a signature.
        string url = Redact(request.RequestUri!);
        long start = Stopwatch.GetTimestamp();
        try
        {
            HttpResponseMessage answer = await base.SendAsync(request, cancellationToken);
            Tell(((int)answer.StatusCode).ToString(CultureInfo.InvariantCulture));
            return answer;
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            Tell(e.Message);
            throw;
        }

        void Tell(string outcome) => reporter.Verbose(string.Create(
            CultureInfo.InvariantCulture,
            $"{request.Method} {url} -> {outcome} ({Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms)"));
    }

    [GeneratedRegex("(X-Amz-(?:Signature|Credential|Security-Token)=|X-Goog-(?:Signature|Credential)=|(?:access_)?token=|Signature=|sig=)[^&]*", RegexOptions.IgnoreCase)]
    private static partial Regex SecretParameter();
}
