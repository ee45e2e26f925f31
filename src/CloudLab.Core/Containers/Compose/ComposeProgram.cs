using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Containers.Engine;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Containers.Compose;

/// <summary><c>docker compose</c> itself, which alone knows what a compose file means.</summary>
/// <param name="session">Names the engine and the docker CLI's configuration.</param>
/// <param name="reporter">Told what is run, and of progress.</param>
internal sealed class ComposeProgram(LabSession session, IReporter reporter)
{
    private static readonly Dictionary<string, string> Variables = new() { ["NO_COLOR"] = "1", ["COMPOSE_MENU"] = "0" };

    private readonly Lazy<DockerPlugin> compose = new(() => DockerPlugin.Compose(session.Docker));

    /// <summary>Resolves a project.</summary>
    /// <param name="source">The project.</param>
    /// <param name="cancellation">Ends compose.</param>
    /// <param name="services">Services that are meant with those that they depend on, also where their profile is not enabled; all of the enabled profiles if there are none.</param>
    /// <returns>The resolved project. Throws <see cref="LabException"/> where it is invalid.</returns>
    public async Task<ComposeModel> ResolveAsync(ComposeSource source, CancellationToken cancellation, IReadOnlyList<string>? services = null)
    {
        (int exitCode, string output, ComposeMessages said) = await RunAsync(source, ["config", "--format", "json", "--", .. services ?? []], null, cancellation);
        if (exitCode != 0)
        {
            throw said.Explain(source, exitCode);
        }

        return Model(output, said);
    }

    /// <summary>Values of variables in a project's environment: the process's own and, where it has none, those of .env.</summary>
    /// <param name="source">The project.</param>
    /// <param name="names">Names of variables.</param>
    /// <param name="cancellation">Ends compose.</param>
    /// <returns>Those that are set.</returns>
    public async Task<Dictionary<string, string>> ValuesAsync(ComposeSource source, IReadOnlyCollection<string> names, CancellationToken cancellation)
    {
        if (names.Count == 0)
        {
            return [];
        }

        // A file that uses them, since 'config --environment' writes text in which a value of several lines has no end.
        JsonObject values = new(names.Where(name => name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')).Select(name => KeyValuePair.Create(name, (JsonNode?)$"${{{name}+=}}${{{name}-}}")));
        string file = Path.Combine(Path.GetTempPath(), $"cloudlab-compose-{Guid.NewGuid():N}.json");
        try
        {
            await File.WriteAllTextAsync(file, new JsonObject { ["name"] = "values", ["services"] = new JsonObject(), ["x-values"] = values }.ToJsonString(), cancellation);
            ComposeSource asked = new() { Folder = Path.GetDirectoryName(source.FirstFile) ?? source.Folder, Files = [file], ProjectName = "values", EnvFiles = source.EnvFiles };
            (int exitCode, string output, ComposeMessages said) = await RunAsync(asked, ["--project-directory", asked.Folder, "config", "--format", "json"], null, cancellation);
            return exitCode == 0
                ? ComposeModel.Map(Model(output, said).Root, "x-values").Select(pair => (pair.Key, Value: $"{pair.Value}")).Where(pair => pair.Value.Length > 0).ToDictionary(pair => pair.Key, pair => pair.Value[1..])
                : throw said.Explain(source, exitCode);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Runs compose.</summary>
    /// <param name="source">The project.</param>
    /// <param name="arguments">What to do.</param>
    /// <param name="activity">What progress calls it; null to show none.</param>
    /// <param name="cancellation">Ends compose and its processes.</param>
    /// <param name="dryRun">Whether it only says what it would do.</param>
    /// <returns>Its exit code, its output and what it said.</returns>
    public async Task<(int ExitCode, string Output, ComposeMessages Said)> RunAsync(
        ComposeSource source, IEnumerable<string> arguments, string? activity, CancellationToken cancellation, bool dryRun = false)
    {
        string[] all = ["--progress", "json", .. dryRun ? ["--dry-run"] : Array.Empty<string>(), .. source.Arguments(), .. arguments];
        reporter.Verbose("docker compose " + string.Join(' ', all.Select(part => part.Contains(' ', StringComparison.Ordinal) ? $"\"{part}\"" : part)));
        using ProgressMeter? meter = activity is null ? null : new ProgressMeter(reporter, activity);
        ComposeMessages said = new(step =>
        {
            reporter.Verbose($"{step.Id}: {step.Status}");
            meter?.Note($"{step.Id} {step.Status}");
        });
        List<string> lines = [];
        int exitCode = await compose.Value.RunAsync(all, source.Folder, Variables, lines.Add, said.Read, cancellation);
        return (exitCode, string.Join('\n', lines), said);
    }

    private static ComposeModel Model(string output, ComposeMessages said)
    {
        try
        {
            return new ComposeModel((JsonObject)JsonNode.Parse(output)!, said);
        }
        catch (Exception e) when (e is JsonException or InvalidCastException or InvalidOperationException or NullReferenceException)
        {
            throw new LabException(LabErrorKind.ServiceFailed, "ComposeAnswerInvalid", "docker compose config wrote something other than a project: install version 2.29 or later.", e);
        }
    }
}
