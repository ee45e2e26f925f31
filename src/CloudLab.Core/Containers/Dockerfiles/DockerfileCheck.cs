using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Containers.Builds;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Containers.Dockerfiles;

/// <summary>BuildKit's own check of a Dockerfile (<c>docker buildx build --call=check</c>), as a second opinion. It builds nothing, but asks for the base images.</summary>
/// <param name="session">The session, which names the engine and the docker CLI's configuration.</param>
/// <param name="reporter">Told of what is asked.</param>
public sealed class DockerfileCheck(LabSession session, IReporter reporter)
{
    private const string ParseError = "dockerfile parse error on line ";

    private readonly BuildRun run = new(session, reporter);

    /// <summary>Checks a Dockerfile and puts both opinions together.</summary>
    /// <param name="text">Its text.</param>
    /// <param name="options">How it was reviewed.</param>
    /// <param name="found">What the review found.</param>
    /// <param name="cancellation">Ends the check.</param>
    /// <returns>The findings of both by line, and why BuildKit could not check; null if it could. Throws <see cref="LabException"/> without an engine or buildx.</returns>
    public async Task<(IReadOnlyList<LabDockerfileFinding> Findings, LabException? Problem)> CheckAsync(
        string text, DockerfileReviewOptions options, IReadOnlyList<LabDockerfileFinding> found, CancellationToken cancellation)
    {
        await run.CheckEngineAsync(builder: null, load: false, several: false, cancellation);
        string? written = options.File is null ? await ImageBuilder.WriteTextAsync(text, cancellation) : null;
        try
        {
            string file = options.File ?? written!, context = options.Context ?? Path.GetDirectoryName(file)!;
            string[] arguments =
            [
                "build", "--call=check,format=json", "--file", file,
                .. options.Platform is { } platform ? new[] { "--platform", platform } : [],
                .. options.Target is { } target ? new[] { "--target", target } : [],
            ];
            reporter.Verbose($"docker buildx {string.Join(' ', arguments)} {context}");
            (int exitCode, string output, IReadOnlyList<string> said) = await run.AskAsync(
                [.. arguments, .. options.BuildArgs.SelectMany(pair => new[] { "--build-arg", $"{pair.Key}={pair.Value}" }), context], context, ImageBuilder.Variables, cancellation);
            return Read(output) is { } answer
                ? Merge(text, options, found, answer)
                : (found, Failed(options, null, said.LastOrDefault(line => line.StartsWith("ERROR: ", StringComparison.Ordinal))?["ERROR: ".Length..] ?? $"exit code {exitCode}"));
        }
        finally
        {
            if (written is not null)
            {
                Directory.Delete(Path.GetDirectoryName(written)!, recursive: true);
            }
        }
    }

    private static JsonObject? Read(string output)
    {
        try
        {
            return JsonNode.Parse(output) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static LabException Failed(DockerfileReviewOptions options, int? line, string why) => new(
        LabErrorKind.ServiceFailed, "BuildKitCheckFailed", $"BuildKit could not check {options.File ?? "the Dockerfile"}{(line is null ? "" : $" beyond line {line}")}: {why.TrimEnd('.')}.")
    {
        Target = options.File,
        Advice = "What this module itself found is shown. BuildKit asks the registries for base images, and for the frontend that a syntax directive names.",
    };

    private static int? LineOf(JsonNode? location, string edge = "start") => (int?)location?["ranges"]?[0]?[edge]?["line"];

    private static (IReadOnlyList<LabDockerfileFinding> Findings, LabException? Problem) Merge(
        string text, DockerfileReviewOptions options, IReadOnlyList<LabDockerfileFinding> found, JsonObject answer)
    {
        Dockerfile file = Dockerfile.Parse(text);
        IgnoreComments comments = new(file, options.Hadolint.Ignored);
        List<LabDockerfileFinding> all = [.. found];
        foreach (JsonNode? warning in answer["warnings"] as JsonArray ?? [])
        {
            string name = (string?)warning?["ruleName"] ?? "";
            int line = LineOf(warning?["location"]) ?? 1;
            if (!Confirm(one => one.BuildKit == name && one.Line == line))
            {
                Take(DockerfileRule.All.FirstOrDefault(rule => rule.BuildKit == name) ?? DockerfileRule.BuildKitFinding, line, LineOf(warning?["location"], "end") ?? line, name, (string?)warning?["detail"] ?? name);
            }
        }

        LabException? problem = null;
        if (answer["buildError"] is JsonObject error)
        {
            string message = (string?)error["message"] ?? "";
            int line = LineOf(error["location"]) ?? 1;
            bool isSyntax = message.Contains(ParseError, StringComparison.Ordinal);

            // The message may quote the line, and so a secret; its end says what is wrong.
            string why = message[(message.LastIndexOf(": ", StringComparison.Ordinal) is var colon && colon >= 0 ? colon + 2 : 0)..];
            bool known = Confirm(one => one.Line == line && one.Rule is nameof(DockerfileRule.SyntaxError) or nameof(DockerfileRule.UnknownInstruction) or nameof(DockerfileRule.InstructionBeforeFrom));
            if (!known && isSyntax)
            {
                Take(DockerfileRule.SyntaxError, line, LineOf(error["location"], "end") ?? line, null, $"BuildKit cannot read the instruction: {(why.Contains('"', StringComparison.Ordinal) ? "it is not valid" : why)}.");
            }
            else if (!known)
            {
                problem = Failed(options, line, message.Contains("failed to process \"", StringComparison.Ordinal) ? why : message);
            }
        }

        return ([.. all.OrderBy(one => one.Line).ThenByDescending(one => one.Severity).ThenBy(one => one.Rule, StringComparer.Ordinal)], problem);

        bool Confirm(Predicate<LabDockerfileFinding> same)
        {
            bool any = false;
            for (int i = 0; i < all.Count; i++)
            {
                if (same(all[i]))
                {
                    all[i] = all[i].With(DockerfileReviewer.Both);
                    any = true;
                }
            }

            return any;
        }

        void Take(DockerfileRule rule, int line, int endLine, string? name, string message)
        {
            DockerfileInstruction? instruction = file.Instructions.FirstOrDefault(one => one.Line <= line && line <= one.EndLine);
            if (options.Wanted(rule) && !comments.Ignores(rule, rule.Hadolint.FirstOrDefault(), instruction?.Comments ?? []))
            {
                all.Add(new()
                {
                    File = options.File, Line = line, EndLine = endLine, Rule = rule.Id, Message = message.TrimEnd('.') + ".", Fix = rule.Fix, Hadolint = rule.Hadolint.FirstOrDefault(), BuildKit = name,
                    Severity = comments.IsError && rule.Severity < FindingSeverity.High ? FindingSeverity.High : rule.Severity, Instruction = instruction?.Name, FoundBy = DockerfileReviewer.BuildKit,
                });
            }
        }
    }
}
