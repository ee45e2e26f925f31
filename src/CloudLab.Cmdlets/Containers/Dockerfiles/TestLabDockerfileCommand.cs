using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Builds;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Containers.Dockerfiles;
using CloudLab.Core.Containers.Images;

namespace CloudLab.Cmdlets.Containers.Dockerfiles;

/// <summary>Reviews Dockerfiles for mistakes, secrets, and what makes images large, slow to build or unsafe.</summary>
/// <remarks>
/// <para>Nothing is built and no engine is needed. docs/dockerfile-review.md lists the rules, with the names that hadolint and BuildKit have for them. Rules that
/// good files break, too, are optional: only -Rule with their name looks for them.</para>
/// <para>Comments switch rules off, by any of their names: <c># hadolint ignore=DL3006</c> and <c># check=skip=JSONArgsRecommended</c> for the next
/// instruction, <c># hadolint global ignore=DL3008</c> and, in the first lines, <c># check=skip=…;error=true</c> for the file. What <c>.hadolint.yaml</c> in the
/// folder of the Dockerfile or the current one ignores or overrides counts, too.</para>
/// <para>-BuildKit also asks BuildKit's own check (docker buildx build --call=check). Findings of both are shown once; FoundBy says whose they are. BuildKit
/// asks the registries for base images.</para>
/// <para>Values that may be secret are not shown.</para>
/// <para>Errors: DockerfileNotFound, DockerfileInvalid, FileUnreadable, BuildTargetNotFound, BuildKitCheckFailed; RuleUnknown, BuildContextNotFound, HadolintConfigInvalid,
/// NoDockerEngine and BuildxNotFound end the command.</para>
/// </remarks>
/// <example>
/// <para>Reviews the Dockerfile of a folder.</para>
/// <code>Test-LabDockerfile site</code>
/// </example>
/// <example>
/// <para>Shows what to write instead.</para>
/// <code>'FROM alpine', 'RUN apk add curl', 'CMD curl localhost' | Test-LabDockerfile | Format-List Line, Rule, Hadolint, Message, Fix</code>
/// </example>
/// <example>
/// <para>Reviews all Dockerfiles below the current folder and writes a report for code scanning.</para>
/// <code>Get-ChildItem -Recurse -Filter *Dockerfile | Test-LabDockerfile -Severity Medium -OutputFormat Sarif | Set-Content dockerfiles.sarif</code>
/// </example>
/// <example>
/// <para>Counts the findings of each rule.</para>
/// <code>Test-LabDockerfile site | Group-Object Rule -NoElement | Sort-Object Count -Descending</code>
/// </example>
/// <inputtype>Paths, files of Get-ChildItem, or the text of a Dockerfile, as a whole or line by line.</inputtype>
/// <seealso cref="Builds.BuildLabImageCommand"/>
/// <seealso cref="GetLabBuildContextCommand"/>
[Cmdlet(VerbsDiagnostic.Test, "LabDockerfile", DefaultParameterSetName = PathSet)]
[OutputType(typeof(LabDockerfileFinding), typeof(string))]
public sealed class TestLabDockerfileCommand : DockerCommand
{
    private const string PathSet = "Path", LiteralPathSet = "LiteralPath", ContentSet = "Content";

    private readonly List<LabDockerfileFinding> findings = [];
    private readonly List<string> lines = [];
    private readonly List<string> files = [], texts = [], reviewed = [];
    private DockerfileReviewOptions options = new();
    private DockerfileCheck? check;
    private string location = "";
    private string? context;

    /// <summary>Dockerfiles, or folders with a Dockerfile; wildcards are allowed. The current folder if omitted. The pipeline also takes the text itself.</summary>
    [Parameter(ParameterSetName = PathSet, Position = 0, ValueFromPipeline = true)]
    [SupportsWildcards]
    [AllowEmptyString]
    [ValidateNotNull]
    public string[] Path { get; set; } = ["."];

    /// <summary>Dockerfiles, or folders with a Dockerfile, without wildcards.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP", "FullName")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>The Dockerfile itself, as text; several strings are its lines.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ContentSet)]
    [Alias("DockerfileText")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [AllowEmptyString]
    [ValidateNotNull]
    public string[] Content { get; set; } = [];

    /// <summary>Folder of the build context, where it is not that of the Dockerfile: its .dockerignore counts, and sources of COPY that it does not have are found.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ContextPath { get; set; }

    /// <summary>Only these rules, the optional ones among them: ids, names of hadolint (<c>DL3006</c>), wildcards.</summary>
    [Parameter]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(DockerfileRuleCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Rule { get; set; }

    /// <summary>Not these rules: ids, names of hadolint, wildcards.</summary>
    [Parameter]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(DockerfileRuleCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? ExcludeRule { get; set; }

    /// <summary>Lowest severity to show: Low, Medium, High or Critical.</summary>
    [Parameter]
    public FindingSeverity Severity { get; set; }

    /// <summary>Stage that is built; only it and the stages that it needs are reviewed.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(DockerfileCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Target { get; set; }

    /// <summary>Platform to build for: it decides what TARGETPLATFORM is, and whether the image is one of Windows.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Platform { get; set; }

    /// <summary>Values for the Dockerfile's ARGs: <c>@{ VERSION = '1.2' }</c>. A null value is taken from the environment.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(DockerfileCompleter))]
    [ValidateNotNull]
    public Hashtable BuildArg { get; set; } = [];

    /// <summary>Also asks BuildKit's own check, for which an engine and docker buildx are needed.</summary>
    [Parameter]
    public SwitchParameter BuildKit { get; set; }

    /// <summary>Object for findings as objects, Sarif for one SARIF 2.1.0 text, JUnit for one JUnit XML text, with paths relative to the current folder.</summary>
    [Parameter]
    public ReviewFormat OutputFormat { get; set; }

    /// <inheritdoc/>
    protected override object? ErrorTarget => ContextPath;

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        location = SessionState.Path.CurrentFileSystemLocation.ProviderPath;
        context = ContextPath is null ? null : FilePath.Of(this, ContextPath);
        if (context is not null && !Directory.Exists(context))
        {
            throw new LabException(LabErrorKind.InvalidArgument, "BuildContextNotFound", $"There is no folder '{context}': -ContextPath takes the folder of the build context.") { Target = context };
        }

        RuleFilter filter = new(Rule, ExcludeRule, DockerfileRule.All, "docs/dockerfile-review.md");
        options = new DockerfileReviewOptions
        {
            Context = context,
            Target = Target,
            Platform = Platform is null ? null : PlatformName.Parse(Platform),
            BuildArgs = BuildLabImageCommand.Texts(BuildArg).Select(pair => (pair.Key, Value: pair.Value ?? Environment.GetEnvironmentVariable(pair.Key)))
                .Where(pair => pair.Value is not null).ToDictionary(pair => pair.Key, pair => pair.Value!, StringComparer.Ordinal),
            Wanted = filter.Wants,
        };
    }

    /// <inheritdoc/>
    protected override void OnProcess()
    {
        files.Clear();
        texts.Clear();
        switch (ParameterSetName)
        {
            case ContentSet:
                texts.Add(string.Join('\n', Content));
                break;
            case LiteralPathSet:
                files.AddRange(LiteralPath.Select(path => FilePath.Of(this, path)));
                break;
            default:
                Array.ForEach(Path, Take);
                break;
        }
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        foreach (string text in texts)
        {
            await ReviewAsync(null, text, cancellation);
        }

        await ForEachAsync(files, async path =>
        {
            string file = DockerfileText.Find(path);
            await ReviewAsync(file, await DockerfileText.ReadAsync(file, cancellation), cancellation);
        });
    }

    /// <inheritdoc/>
    protected override async Task AfterInputAsync(CancellationToken cancellation)
    {
        if (lines.Count > 0)
        {
            await ReviewAsync(null, string.Join('\n', lines), cancellation);
        }
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellation)
    {
        if (OutputFormat != ReviewFormat.Object)
        {
            await WriteAsync(OutputFormat == ReviewFormat.Sarif ? DockerfileReview.ToSarif(findings, location) : DockerfileReview.ToJUnit(findings, reviewed, location), cancellation);
        }
    }

    // From the pipeline the text itself may come, whole or line by line; once a line has come, all are lines.
    private void Take(string path)
    {
        if (MyInvocation.ExpectingInput && (lines.Count > 0 || DockerfileText.IsText(path)))
        {
            if (path.TrimEnd().Contains('\n', StringComparison.Ordinal))
            {
                texts.Add(path);
            }
            else
            {
                lines.Add(path);
            }

            return;
        }

        if (path.Length == 0)
        {
            throw new LabException(LabErrorKind.InvalidData, "DockerfileNotFound", "A path is empty: give the path of a Dockerfile, or of a folder with one.");
        }

        files.AddRange(FilePath.Meant(this, path).Where(file => !WildcardPattern.ContainsWildcardCharacters(path) || (!file.EndsWith(".dockerignore", StringComparison.Ordinal) && File.Exists(file))));
    }

    private async Task ReviewAsync(string? file, string text, CancellationToken cancellation)
    {
        (HadolintConfig config, string? path) = HadolintConfig.Find(file is null ? [location] : [System.IO.Path.GetDirectoryName(file)!, location]);
        if (path is not null)
        {
            Reporter.Verbose($"{path} is taken into account.");
        }

        DockerfileReviewOptions own = options with { File = file, Hadolint = config };
        IReadOnlyList<LabDockerfileFinding> found = DockerfileReview.Review(text, own);
        if (file is not null)
        {
            reviewed.Add(file);
        }

        Reporter.Verbose($"{file ?? "The Dockerfile"} was reviewed: {found.Count} findings.");
        if (BuildKit)
        {
            (found, LabException? problem) = await (check ??= new DockerfileCheck(Lab, Reporter)).CheckAsync(text, own, found, cancellation);
            if (problem is not null)
            {
                WriteProblem(problem, file);
            }
        }

        foreach (LabDockerfileFinding finding in found.Where(finding => finding.Severity >= Severity))
        {
            if (OutputFormat != ReviewFormat.Object)
            {
                findings.Add(finding);
            }
            else
            {
                await WriteAsync(finding, cancellation);
            }
        }
    }
}
