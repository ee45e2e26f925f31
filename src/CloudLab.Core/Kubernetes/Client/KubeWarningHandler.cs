using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using CloudLab.Core.Common.Reporting;

namespace CloudLab.Core.Kubernetes.Client;

/// <summary>Passes on what a server wants people to know (a deprecated version, a misspelled field), once a command.</summary>
internal sealed partial class KubeWarningHandler : DelegatingHandler
{
    private static readonly ConditionalWeakTable<IReporter, HashSet<string>> Said = [];

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage answer = await base.SendAsync(request, cancellationToken);
        if (answer.IsSuccessStatusCode && answer.Headers.Contains("Warning"))
        {
            PassOn(answer.Headers.Warning);
        }

        return answer;
    }

    private static void PassOn(IEnumerable<WarningHeaderValue> warnings)
    {
        IReporter reporter = RequestLog.Current;
        HashSet<string> said = Said.GetOrCreateValue(reporter);
        foreach (WarningHeaderValue warning in warnings.Where(warning => warning.Code == 299))
        {
            string text = Escaped().Replace(warning.Text is ['"', .., '"'] quoted ? quoted[1..^1] : warning.Text, "$1");
            bool news;
            lock (said)
            {
                news = said.Add(text);
            }

            if (news)
            {
                reporter.Warning(text);
            }
        }
    }

    [GeneratedRegex(@"\\(.)")]
    private static partial Regex Escaped();
}
