using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Management.Automation;
using CloudLab.Cmdlets.Sessions;
using CloudLab.Core.Common;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Pipeline;

/// <summary>What argument completers share: the session that the command line so far means, a time limit, quoting.</summary>
internal static class Completion
{
    /// <summary>How many names of a service are offered: more than a person reads.</summary>
    public const int MostOffers = 200;

    /// <summary>How long a person who pressed Tab waits.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromMilliseconds(450);

    /// <summary>Asks a service for names; what has not come when the time is over, or when something fails, is not offered.</summary>
    /// <param name="bound">Parameters on the command line so far.</param>
    /// <param name="ask">Asks, with the session that these parameters and the runspace's default add up to.</param>
    /// <returns>What to offer.</returns>
    public static IReadOnlyList<CompletionResult> Ask(
        IDictionary bound, Func<LabSession, CancellationToken, IAsyncEnumerable<CompletionResult>> ask)
    {
        ConcurrentQueue<CompletionResult> offers = [];
        try
        {
            LabSession session = LabSession.Resolve(Options(bound), "parameter", Bound<LabSession>(bound, "Session") ?? DefaultSession.Get());
            using CancellationTokenSource limit = new(Patience);
            CancellationToken token = limit.Token;
            Task answer = Task.Run(
                async () =>
                {
                    await foreach (CompletionResult offer in ask(session, token).WithCancellation(token))
                    {
                        offers.Enqueue(offer);
                    }
                },
                token);
            answer.Wait(Patience);
        }
        catch (Exception)
        {
            // A completer has nobody to tell: no credentials, no server, no such bucket all mean nothing to offer.
        }

        return [.. offers];
    }

    /// <summary>
    /// Whether this thread works for a completion. PowerShell completes the paths of a drive by resolving and listing them as
    /// any command would, so only the stack tells.
    /// </summary>
    /// <returns>True if it does.</returns>
    public static bool IsUnderWay() =>
        new StackTrace(false).GetFrames().Any(frame => frame.GetMethod()?.DeclaringType?.FullName == "System.Management.Automation.CommandCompletion");

    /// <summary>The value of a parameter that stands on the command line already.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="bound">Parameters so far.</param>
    /// <param name="name">Name of the parameter.</param>
    /// <returns>Its value, or null.</returns>
    public static T? Bound<T>(IDictionary bound, string name)
        where T : class
    {
        object? value = bound[name];
        return (value is PSObject wrapper ? wrapper.BaseObject : value) as T;
    }

    /// <summary>What is typed so far, without the quote it may begin with.</summary>
    /// <param name="word">The word at the cursor.</param>
    /// <returns>The text meant.</returns>
    public static string Unquote(string word) => word switch
    {
        ['\'', ..] => word[1..].TrimEnd('\'').Replace("''", "'", StringComparison.Ordinal),
        ['"', ..] => word[1..].TrimEnd('"').Replace("`$", "$", StringComparison.Ordinal),
        _ => word,
    };

    /// <summary>The names that begin with what is typed so far.</summary>
    /// <param name="names">All names.</param>
    /// <param name="word">The word at the cursor.</param>
    /// <returns>What to offer.</returns>
    public static IEnumerable<CompletionResult> Offers(IEnumerable<string> names, string word) => names
        .Where(name => name.StartsWith(Unquote(word), StringComparison.OrdinalIgnoreCase))
        .Select(name => Offer(name, CompletionResultType.ParameterValue));

    /// <summary>One name to offer, quoted where PowerShell would read it otherwise.</summary>
    /// <param name="text">The name.</param>
    /// <param name="type">What it is.</param>
    /// <param name="tip">More about it; the name itself if null.</param>
    /// <returns>The offer.</returns>
    public static CompletionResult Offer(string text, CompletionResultType type = CompletionResultType.ParameterValue, string? tip = null)
    {
        bool plain = text.Length > 0 && text[0] is not ('-' or '@' or '#' or '<' or '>')
            && text.All(c => char.IsLetterOrDigit(c) || c is '.' or '-' or '_' or '/' or ':' or '+' or '=' or '~' or '@' or '%' or '^');
        return new CompletionResult(
            plain ? text : PowerShellText.Quote(text), text, type, string.IsNullOrEmpty(tip) ? text : tip);
    }

    private static SessionOptions Options(IDictionary bound) => new()
    {
        ProfileName = Bound<string>(bound, nameof(AwsCommand.ProfileName)),
        Region = Bound<string>(bound, nameof(AwsCommand.Region)),
        EndpointUrl = bound[nameof(AwsCommand.EndpointUrl)] switch
        {
            Uri url => url,
            string text when Uri.TryCreate(text, UriKind.Absolute, out Uri? url) => url,
            _ => null,
        },
        KubeConfig = bound[nameof(KubeCommand.KubeConfig)] switch
        {
            string one => one,
            object[] many => string.Join(Path.PathSeparator, many),
            _ => null,
        },
        KubeContext = bound[nameof(KubeCommand.Context)] is object[] contexts
            ? contexts.FirstOrDefault()?.ToString()
            : Bound<string>(bound, nameof(KubeCommand.Context)),
        DockerHost = Bound<string>(bound, nameof(DockerCommand.DockerHost)),
        DockerContext = Bound<string>(bound, nameof(DockerCommand.DockerContext)),
        Keys = Bound<PSCredential>(bound, nameof(AwsCommand.Credential)) is { } credential ? Secrets.ToKeys(credential, null) : null,
    };
}
