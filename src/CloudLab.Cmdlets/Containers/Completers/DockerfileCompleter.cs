using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Containers.Builds;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Containers.Completers;

/// <summary>Offers the stages and the arguments of the Dockerfile that would be built, or the targets of the bake file.</summary>
public sealed partial class DockerfileCompleter : IArgumentCompleter
{
    private const int LongestDockerfile = 10 << 20;

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        if (parameterName == "Target" && fakeBoundParameters.Contains("Bake"))
        {
            return Targets(fakeBoundParameters, Completion.Unquote(wordToComplete));
        }

        if (Text(fakeBoundParameters) is not { } text)
        {
            return [];
        }

        string word = Completion.Unquote(wordToComplete);
        return parameterName == "Target"
            ? Stage().Matches(text).Select(match => match.Groups["name"].Value).Where(name => name.StartsWith(word, StringComparison.OrdinalIgnoreCase)).Distinct()
                .Select(name => Completion.Offer(name))
            : Argument().Matches(text).DistinctBy(match => match.Groups["name"].Value)
                .Where(match => match.Groups["name"].Value.StartsWith(word.TrimStart('@', '{', ' '), StringComparison.OrdinalIgnoreCase))
                .Select(match => new CompletionResult(
                    $"@{{ {match.Groups["name"].Value} = '{match.Groups["value"].Value.Trim('"', '\'').Replace("'", "''", StringComparison.Ordinal)}' }}",
                    match.Groups["name"].Value, CompletionResultType.ParameterValue, match.Value.Trim()));
    }

    private static IReadOnlyList<CompletionResult> Targets(IDictionary bound, string word)
    {
        string current = Current();
        ImageBakeOptions options = new()
        {
            Files = bound["Bake"] is IEnumerable<object> several ? [.. several.Select(file => $"{file}")] : [$"{bound["Bake"]}"],
            Folder = System.IO.Path.GetFullPath(Completion.Bound<string>(bound, "Path") ?? ".", current),
            WorkingFolder = current,
        };
        return Completion.Ask(bound, (session, cancellation) => NamesAsync(session, cancellation));

        async IAsyncEnumerable<CompletionResult> NamesAsync(LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
        {
            foreach (CompletionResult offer in Completion.Offers(await new ImageBaker(session, NullReporter.Instance).NamesAsync(options, cancellation), word))
            {
                yield return offer;
            }
        }
    }

    /// <summary>The current folder of the file system.</summary>
    /// <returns>Its full path.</returns>
    internal static string Current()
    {
        // The session's own proxy refuses while a pipeline runs, and a completion runs in one.
        using PowerShell shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        return shell.AddCommand("Microsoft.PowerShell.Management\\Get-Location").AddParameter("PSProvider", "FileSystem").Invoke<PathInfo>().FirstOrDefault()?.ProviderPath
            ?? Environment.CurrentDirectory;
    }

    // The same places as the cmdlet looks in.
    private static string? Text(IDictionary bound)
    {
        if (bound["DockerfileText"] is { } given)
        {
            return given is IEnumerable<object> lines ? string.Join('\n', lines) : $"{given}";
        }

        string current = Current();
        string context = System.IO.Path.GetFullPath(Completion.Bound<string>(bound, "Path") ?? ".", current);
        string name = Completion.Bound<string>(bound, "Dockerfile") ?? "Dockerfile";
        string[] places = bound.Contains("Dockerfile") ? [System.IO.Path.GetFullPath(name, current), System.IO.Path.GetFullPath(name, context)] : [System.IO.Path.Combine(context, name)];
        try
        {
            return Array.Find(places, File.Exists) is { } file && new FileInfo(file).Length < LongestDockerfile ? File.ReadAllText(file) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"^[ \t]*FROM[ \t]+\S.*?[ \t]AS[ \t]+(?<name>\S+)", RegexOptions.IgnoreCase | RegexOptions.Multiline)]
    private static partial Regex Stage();

    [GeneratedRegex(@"^[ \t]*ARG[ \t]+(?<name>[A-Za-z_]\w*)(?:=(?<value>""[^""\r\n]*""|'[^'\r\n]*'|[^\s]*))?", RegexOptions.IgnoreCase | RegexOptions.Multiline)]
    private static partial Regex Argument();
}
