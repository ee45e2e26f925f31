using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Text.RegularExpressions;
using CloudLab.Cmdlets.Pipeline;

namespace CloudLab.Cmdlets.Containers.Completers;

/// <summary>Offers the stages and the arguments of the Dockerfile that would be built.</summary>
public sealed partial class DockerfileCompleter : IArgumentCompleter
{
    private const int LongestDockerfile = 10 << 20;

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
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

    // The same places as the cmdlet looks in.
    private static string? Text(IDictionary bound)
    {
        if (bound["DockerfileText"] is { } given)
        {
            return given is IEnumerable<object> lines ? string.Join('\n', lines) : $"{given}";
        }

        // The session's own proxy refuses while a pipeline runs, and a completion runs in one.
        using PowerShell shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        string current = shell.AddCommand("Microsoft.PowerShell.Management\\Get-Location").AddParameter("PSProvider", "FileSystem").Invoke<PathInfo>().FirstOrDefault()?.ProviderPath
            ?? Environment.CurrentDirectory;
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
