using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Containers.Images;

namespace CloudLab.Core.Containers.Dockerfiles;

/// <summary>
/// Reviews a Dockerfile. <see cref="DockerfileRule.All"/> are the rules. Nothing is sent anywhere, and no image is looked at: what only the base
/// image knows is left to BuildKit's own check.
/// </summary>
public sealed partial class DockerfileReview
{
    private static readonly string[] PlatformNames =
        ["BUILDPLATFORM", "BUILDOS", "BUILDARCH", "BUILDVARIANT", "BUILDOSVERSION", "TARGETPLATFORM", "TARGETOS", "TARGETARCH", "TARGETVARIANT", "TARGETOSVERSION", "TARGETSTAGE"];

    private const int MostNames = 300;

    private readonly Dockerfile file;
    private readonly DockerfileReviewOptions options;
    private readonly IgnoreComments comments;
    private readonly Dictionary<string, string> defaults = new(StringComparer.Ordinal), global = new(StringComparer.Ordinal);
    private readonly HashSet<string> globalNames = new(StringComparer.Ordinal);
    private readonly List<DockerfileStage> stages = [];
    private readonly Dictionary<string, List<DockerfileStage>> byName = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<LabDockerfileFinding> findings = [];
    private readonly HashSet<string> mentioned = new(StringComparer.Ordinal);
    private IgnoreFile? ignore;
    private string? context;
    private DockerfileStage? current;

    private DockerfileReview(Dockerfile file, DockerfileReviewOptions options)
    {
        (this.file, this.options) = (file, options);
        comments = new(file, options.Hadolint.Ignored);
        context = options.Context ?? (options.File is null ? null : Path.GetDirectoryName(options.File));
    }

    private bool IsWindows => Platform(options.Platform).StartsWith("windows/", StringComparison.Ordinal);

    /// <summary>Reviews a Dockerfile.</summary>
    /// <param name="text">Its text.</param>
    /// <param name="options">How.</param>
    /// <returns>Findings by line. Throws <see cref="LabException"/> (<c>BuildTargetNotFound</c>) for a target that does not exist.</returns>
    public static IReadOnlyList<LabDockerfileFinding> Review(string text, DockerfileReviewOptions options) => new DockerfileReview(Dockerfile.Parse(text), options).Run();

    /// <summary>Writes findings as SARIF 2.1.0, which code scanning and editors read.</summary>
    /// <param name="findings">The findings.</param>
    /// <param name="folder">Folder that the paths of files are relative to.</param>
    /// <returns>JSON text.</returns>
    public static string ToSarif(IEnumerable<LabDockerfileFinding> findings, string folder) => SarifReport.Write(
        "Test-LabDockerfile", "docker", DockerfileRule.All,
        findings.Select(finding => new SarifFinding(
            finding.Rule, finding.Severity, $"{finding.Message} {finding.Fix}", finding.File ?? Path.Combine(folder, "Dockerfile"), finding.Line, finding.EndLine, null,
            new("dockerfileFinding/v1", SarifReport.Fingerprint(finding.Rule, finding.Stage, finding.Instruction, finding.Message)))),
        folder);

    /// <summary>Writes findings as JUnit XML, which build servers show as failed tests.</summary>
    /// <param name="findings">The findings.</param>
    /// <param name="files">Full paths of all files that were reviewed.</param>
    /// <param name="folder">Folder that the paths of files are relative to.</param>
    /// <returns>XML text.</returns>
    public static string ToJUnit(IEnumerable<LabDockerfileFinding> findings, IEnumerable<string> files, string folder) => JUnitReport.Write(
        "Test-LabDockerfile",
        findings.Select(finding => new JUnitFinding(
            finding.File, finding.Line, $"{finding.Rule} line {finding.Line} {finding.Instruction}".TrimEnd(), finding.Rule, finding.Severity, finding.Message, finding.Fix)),
        files, folder);

    private static string Platform(string? name) => name ?? $"linux/{System.Runtime.InteropServices.RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        System.Runtime.InteropServices.Architecture.Arm => "arm/v7",
        _ => "amd64",
    }}";

    private IReadOnlyList<LabDockerfileFinding> Run()
    {
        foreach (DockerfileProblem problem in file.Problems)
        {
            AddAt(problem.IsUnknown ? DockerfileRule.UnknownInstruction : DockerfileRule.SyntaxError, problem.Line, problem.EndLine, problem.Instruction, problem.Message, problem.Fix, []);
        }

        ReadIgnoreFile();
        ReadGlobals();
        ReadStages();
        ReviewForm();
        HashSet<DockerfileStage>? needed = options.Target is { } target ? Target(target).Needed() : null;
        DockerfileStage? last = options.Target is { } name ? Target(name) : stages.LastOrDefault();
        HashSet<DockerfileStage> shipped = [.. last?.Chain() ?? []];
        foreach (DockerfileStage stage in stages)
        {
            int before = findings.Count;
            current = stage;
            ReviewStage(stage, shipped.Contains(stage));
            if (stage == last)
            {
                ReviewImage(stage);
            }

            if (needed?.Contains(stage) == false)
            {
                findings.RemoveRange(before, findings.Count - before);
            }
        }

        current = null;
        ReviewUnused(last);
        return [.. findings.OrderBy(finding => finding.Line).ThenByDescending(finding => finding.Severity).ThenBy(finding => finding.Rule, StringComparer.Ordinal)];
    }

    private void Add(DockerfileRule rule, DockerfileInstruction about, string message, string? fix = null, string? hadolint = null, FindingSeverity? severity = null) =>
        AddAt(rule, about.Line, about.EndLine, about.Name, message, fix ?? rule.Fix, about.Comments, hadolint, severity);

    private void AddAt(
        DockerfileRule rule, int line, int endLine, string instruction, string message, string fix, IEnumerable<DockerfileComment> near, string? hadolint = null, FindingSeverity? severity = null)
    {
        hadolint ??= rule.Hadolint.FirstOrDefault();
        if (!options.Wanted(rule) || comments.Ignores(rule, hadolint, near))
        {
            return;
        }

        FindingSeverity given = options.Hadolint.Severities.TryGetValue(hadolint ?? rule.Id, out FindingSeverity own) ? own : severity ?? rule.Severity;
        findings.Add(new()
        {
            File = options.File, Line = line, EndLine = endLine, Rule = rule.Id, Message = message, Fix = fix, Hadolint = hadolint, BuildKit = rule.BuildKit,
            Severity = comments.IsError && rule.BuildKit is not null && given < FindingSeverity.High ? FindingSeverity.High : given,
            Instruction = instruction.Length == 0 ? null : instruction, Stage = current?.Label,
        });
    }

    private ExpandedWord Expand(string word, Dictionary<string, string> variables) => DockerfileWord.Expand(word, file.Escape, name => variables.GetValueOrDefault(name));

    private void ReadIgnoreFile()
    {
        if (context is null || !Directory.Exists(context))
        {
            context = null;
            return;
        }

        try
        {
            ignore = IgnoreFile.Find(context, options.File);
        }
        catch (LabException e) when (e.Code == "DockerignoreInvalid")
        {
            AddAt(DockerfileRule.DockerignoreInvalid, 1, 1, "", e.Message, DockerfileRule.DockerignoreInvalid.Fix, []);
        }
    }

    private void ReadGlobals()
    {
        string platform = Platform(options.Platform);
        string[] parts = platform.Split('/');
        foreach (string side in new[] { "BUILD", "TARGET" })
        {
            string[] own = side == "TARGET" ? parts : Platform(null).Split('/');
            (defaults[side + "PLATFORM"], defaults[side + "OS"], defaults[side + "ARCH"]) = (string.Join('/', own), own[0], own[1]);
            (defaults[side + "VARIANT"], defaults[side + "OSVERSION"]) = (own.Length > 2 ? own[2] : "", "");
        }

        defaults["TARGETSTAGE"] = options.Target ?? "default";
        foreach ((string name, string value) in defaults)
        {
            global[name] = value;
        }

        foreach (DockerfileInstruction instruction in file.Instructions)
        {
            if (instruction.Name == "FROM")
            {
                break;
            }

            if (instruction.Name != "ARG")
            {
                Add(DockerfileRule.InstructionBeforeFrom, instruction, $"{instruction.Name} stands before the first FROM.");
                continue;
            }

            foreach ((string name, string? value) in instruction.Pairs())
            {
                globalNames.Add(name);
                if (value is not null)
                {
                    defaults[name] = Expand(value, defaults).Text;
                    global[name] = Expand(value, global).Text;
                }

                if (options.BuildArgs.TryGetValue(name, out string? given))
                {
                    global[name] = given;
                }
            }
        }
    }

    private void ReadStages()
    {
        foreach (DockerfileInstruction instruction in file.Instructions)
        {
            if (instruction.Name == "FROM")
            {
                DockerfileStage stage = new(stages.Count, instruction) { Base = Expand(instruction.Words[0], global).Text };
                stages.Add(stage);
                if (stage.Name is { } name)
                {
                    (byName.TryGetValue(name, out List<DockerfileStage>? same) ? same : byName[name] = []).Add(stage);
                }
            }
            else if (stages.Count > 0)
            {
                stages[^1].Instructions.Add(instruction);
                mentioned.UnionWith(instruction.Name is "ARG" or "ENV" ? instruction.Pairs().Select(pair => pair.Name) : []);
            }
        }

        foreach (DockerfileStage stage in stages)
        {
            IEnumerable<string> names = stage.Instructions.Where(instruction => instruction.Name is "COPY").Select(instruction => instruction.Flag("from"))
                .Concat(stage.Instructions.Where(instruction => instruction.Name == "RUN").SelectMany(instruction => instruction.FlagValues("mount")).Select(mount => MountValue(mount, "from")))
                .OfType<string>();
            stage.Sources.UnionWith(names.Select(name => Find(name, stage.Index)).OfType<DockerfileStage>());
        }
    }

    /// <summary>The stage that a name or a number means for a later stage.</summary>
    private DockerfileStage? Find(string name, int before) => int.TryParse(name, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int number)
        ? number < Math.Min(before, stages.Count) ? stages[number] : null
        : byName.TryGetValue(name, out List<DockerfileStage>? same) ? Last(same, before) : null;

    private static DockerfileStage? Last(List<DockerfileStage> same, int before)
    {
        int low = 0, high = same.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = same[middle].Index < before ? (middle + 1, high) : (low, middle);
        }

        return low > 0 ? same[low - 1] : null;
    }

    // To compare names with each other takes time, and where there are so many nobody has mistyped one.
    private static string? Near(string name, IEnumerable<string> names) => names.Take(MostNames).ToArray() is { Length: < MostNames } few ? NearestNames.Find(name, few) : null;

    private DockerfileStage Target(string name) => Find(name, stages.Count) ?? throw new LabException(
        LabErrorKind.NotFound, "BuildTargetNotFound",
        $"There is no stage '{name}' in {options.File ?? "the Dockerfile"}.{NearestNames.Say(name, stages.Select(stage => stage.Name).OfType<string>())}") { Target = options.File };

    private static string? MountValue(string mount, string key) => mount.Split(',').Select(part => part.Split('=', 2))
        .Where(pair => pair.Length == 2 && pair[0].Trim().Equals(key, StringComparison.OrdinalIgnoreCase)).Select(pair => pair[1]).FirstOrDefault();

    private void ReviewUnused(DockerfileStage? last)
    {
        HashSet<DockerfileStage> used = last?.Needed() ?? [];
        foreach (DockerfileStage stage in stages.Where(stage => !used.Contains(stage)))
        {
            Add(DockerfileRule.StageUnused, stage.From, $"Nothing uses the stage {stage.Label}.");
        }
    }

    // Case of instructions, comments, and other matters of form.
    private void ReviewForm()
    {
        foreach (DockerfileComment comment in file.Comments)
        {
            if (Dockerfile.Directive(comment.Text) is { } directive && (directive is { Name: "escape", Value: "\\" or "`" } || (directive.Name == "syntax" && directive.Value.Contains('/', StringComparison.Ordinal)))
                && !file.Directives.Values.Any(known => known.Line == comment.Line) && !file.Problems.Any(problem => problem.Line == comment.Line))
            {
                AddAt(
                    DockerfileRule.DirectiveTooLate, comment.Line, comment.Line, "", $"The directive {directive.Name} is an ordinary comment here.", DockerfileRule.DirectiveTooLate.Fix, [comment]);
            }
        }

        DockerfileInstruction[] counted = [.. stages.SelectMany(stage => stage.Instructions.Prepend(stage.From))];
        int lower = counted.Count(instruction => instruction.Keyword == instruction.Keyword.ToLowerInvariant()), upper = counted.Count(instruction => instruction.Keyword == instruction.Name);
        foreach (DockerfileStage stage in stages)
        {
            current = stage;
            foreach (DockerfileInstruction instruction in stage.Instructions.Prepend(stage.From))
            {
                string meant = lower > upper ? instruction.Name.ToLowerInvariant() : instruction.Name;
                if (instruction.Keyword != meant)
                {
                    Add(DockerfileRule.ConsistentInstructionCasing, instruction, $"{instruction.Keyword} is not in the same case as most of the others.", $"Write {meant}.");
                }
            }
        }

        current = null;
        foreach (DockerfileInstruction instruction in file.Instructions)
        {
            if (instruction.EmptyContinuation is { } line)
            {
                AddAt(
                    DockerfileRule.NoEmptyContinuation, line, line, instruction.Name, $"{instruction.Name} of line {instruction.Line} goes on over an empty line.", DockerfileRule.NoEmptyContinuation.Fix,
                    instruction.Comments);
            }

            string[] names = instruction.Name == "ARG" ? [.. instruction.Pairs().Select(pair => pair.Name)] : instruction.Name == "FROM" && instruction.Words.Count == 3 ? [instruction.Words[2].ToLowerInvariant()] : [];
            DockerfileComment? description = instruction.Comments.LastOrDefault(comment => comment.Line < instruction.Line);
            if (names.Length > 0 && description is not null && !names.Contains(description.Text.Split(' ')[0]))
            {
                Add(DockerfileRule.InvalidDefinitionDescription, instruction, $"The comment before {instruction.Name} does not begin with {names[0]}.", $"# {names[0]} description");
            }
        }
    }
}
