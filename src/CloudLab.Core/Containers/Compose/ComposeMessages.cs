using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;

namespace CloudLab.Core.Containers.Compose;

/// <summary>One step of <c>docker compose --progress json</c>.</summary>
/// <param name="Id">What it is about: <c>Container movies-web-1</c>, or a service.</param>
/// <param name="Status">What happens to it: Creating, Created, Pulling.</param>
internal sealed record ComposeStep(string Id, string Status);

/// <summary>What <c>docker compose --progress json</c> says on its error output, in JSON lines and in the text of old versions.</summary>
/// <param name="onStep">Told each step.</param>
internal sealed partial class ComposeMessages(Action<ComposeStep>? onStep = null)
{
    private readonly List<string> warnings = [], errors = [], rest = [];

    /// <summary>Warnings, each once.</summary>
    public IReadOnlyList<string> Warnings => warnings;

    /// <summary>The steps that failed or were seen last, by what they are about.</summary>
    public Dictionary<string, string> Steps { get; } = [];

    /// <summary>What went wrong; empty where nothing did.</summary>
    public string Problem => string.Join(" ", errors.Count > 0 ? errors : rest).ReplaceLineEndings(" ").Trim();

    /// <summary>Takes a line.</summary>
    /// <param name="line">The line.</param>
    public void Read(string line)
    {
        if (!line.StartsWith('{') || Parse(line) is not { } message)
        {
            if (Plain().Match(line) is { Success: true } plain)
            {
                Add(warnings, Unquoted(plain.Groups["text"].Value));
            }
            else if (line.Length > 0)
            {
                rest.Add(line);
            }

            return;
        }

        if (StrictJson.Text(message, "msg") is { } warning)
        {
            Add(StrictJson.Text(message, "level") is "error" or "fatal" ? errors : warnings, warning);
        }
        else if (message["error"] is not null)
        {
            Add(errors, StrictJson.Text(message, "message") ?? "");
        }
        else if (StrictJson.Text(message, "id") is { } id && (StrictJson.Text(message, "status") ?? StrictJson.Text(message, "text")) is { } status)
        {
            Steps[id] = status;
            onStep?.Invoke(new ComposeStep(id, status));
        }
    }

    /// <summary>Hands the warnings on.</summary>
    /// <param name="reporter">Who is told.</param>
    public void Warn(IReporter reporter)
    {
        foreach (string warning in warnings)
        {
            reporter.Warning(warning);
        }
    }

    /// <summary>The error for a compose that failed.</summary>
    /// <param name="source">The project.</param>
    /// <param name="exitCode">Its exit code.</param>
    /// <returns>The error, in one line.</returns>
    public LabException Explain(ComposeSource source, int exitCode)
    {
        string text = Problem;
        (LabErrorKind kind, string code, string message, string? advice) = text switch
        {
            _ when text.Contains("no configuration file provided", StringComparison.Ordinal) => (
                LabErrorKind.NotFound, "ComposeFileNotFound", $"There is no compose.yaml in '{source.Folder}' or the folders above it: give the file with -Path, or a project that exists with -ProjectName.", null),
            _ when MissingFile().Match(text) is { Success: true } file => (
                LabErrorKind.NotFound, file.Value.StartsWith("env file", StringComparison.Ordinal) || source.EnvFiles.Any(env => text.Contains(env, StringComparison.Ordinal)) ? "ComposeEnvFileNotFound" : "ComposeFileNotFound",
                $"There is no file '{file.Groups["path"].Value}', which the compose project needs.", null),
            _ when text.Contains("unknown flag", StringComparison.Ordinal) || text.Contains("unsupported --progress", StringComparison.Ordinal) => (
                LabErrorKind.NotSupported, "ComposeTooOld", "This docker compose is too old: install version 2.29 or later.", text),
            _ when Interpolation().Match(text) is { Success: true } at => (
                // What follows is the text itself, which may be a password.
                LabErrorKind.InvalidData, "ComposeFileInvalid", $"{at.Groups["place"].Value} is not a valid use of variables: write $$ for a dollar sign.", null),
            _ when text.Contains("no such service", StringComparison.Ordinal) => (
                LabErrorKind.NotFound, "ComposeServiceNotFound", $"{Sentence(text)} Get-LabCompose lists the services.", null),
            _ when Disabled().Match(text) is { Success: true } service => (
                LabErrorKind.InvalidData, "ComposeFileInvalid", $"The service '{service.Groups["one"].Value}' depends on '{service.Groups["other"].Value}', which does not exist or is in a profile that is not enabled (-Profile).", null),
            _ when text.Contains("Cannot connect to the Docker daemon", StringComparison.Ordinal) => (
                LabErrorKind.ConnectionFailed, "NoDockerEngine", Sentence(text), null),
            _ when IsFileProblem(text) => (
                LabErrorKind.InvalidData, "ComposeFileInvalid", Sentence(text), "Test-LabCompose shows everything that is wrong with the file."),
            _ when text.Length == 0 => (LabErrorKind.ServiceFailed, "ComposeFailed", $"docker compose ended with exit code {exitCode} and said nothing.", null),
            _ => (LabErrorKind.ServiceFailed, "ComposeFailed", Sentence(text), null),
        };
        return new LabException(kind, code, message)
        {
            Target = code is "ComposeFileNotFound" or "ComposeEnvFileNotFound" && MissingFile().Match(text) is { Success: true } missing ? missing.Groups["path"].Value : source.Shown,
            Advice = advice,
        };
    }

    /// <summary>File and line that a problem names.</summary>
    /// <param name="text">The problem.</param>
    /// <returns>Both, or null for what is not named.</returns>
    public static (string? File, int? Line) Place(string text) => (
        InFile().Match(text) is { Success: true } file ? file.Groups["path"].Value : null,
        OnLine().Match(text) is { Success: true } line && int.TryParse(line.Groups["line"].Value, out int number) ? number : null);

    private static bool IsFileProblem(string text) =>
        FileProblem().IsMatch(text);

    private static string Sentence(string text) => text.Length == 0 ? "" : char.ToUpperInvariant(text[0]) + text[1..].TrimEnd('.', ' ') + ".";

    // Go writes what is not printable in a way of its own, which .NET does not always read.
    private static string Unquoted(string text)
    {
        try
        {
            return Regex.Unescape(text);
        }
        catch (ArgumentException)
        {
            return text;
        }
    }

    private static JsonObject? Parse(string line)
    {
        try
        {
            return JsonNode.Parse(line) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void Add(List<string> list, string text)
    {
        if (!list.Contains(text))
        {
            list.Add(text);
        }
    }

    [GeneratedRegex("^time=\"[^\"]*\" level=warning msg=\"(?<text>(?:[^\"\\\\]|\\\\.)*)\"")]
    private static partial Regex Plain();

    [GeneratedRegex("(?:env file |open |stat |couldn't find env file: )(?<path>(?:[A-Za-z]:)?[^:]+?)(?: not found|: no such file or directory|: The system cannot find the (?:file|path) specified|$)")]
    private static partial Regex MissingFile();

    [GeneratedRegex(@"^invalid interpolation format for (?<place>\S+?)\.? ")]
    private static partial Regex Interpolation();

    [GeneratedRegex("service \"(?<one>[^\"]+)\" depends on undefined service \"(?<other>[^\"]+)\"")]
    private static partial Regex Disabled();

    [GeneratedRegex(@"invalid compose project|^validating |^yaml: |failed to parse|while interpolating|additional properties|must be |mapping key|^services\.|is not valid|invalid ")]
    private static partial Regex FileProblem();

    [GeneratedRegex(@"(?:validating |failed to parse |parsing )(?<path>(?:[A-Za-z]:)?[^:]+): ")]
    private static partial Regex InFile();

    [GeneratedRegex(@"line (?<line>\d+)")]
    private static partial Regex OnLine();
}
