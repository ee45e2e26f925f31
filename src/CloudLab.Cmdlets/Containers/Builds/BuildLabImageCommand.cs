using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Builds;

namespace CloudLab.Cmdlets.Containers.Builds;

/// <summary>Builds container images from a Dockerfile or a bake file, for one platform or several, and optionally pushes them.</summary>
/// <remarks>
/// <para>The build runs in docker buildx, which must be installed; all Dockerfile features work. Progress shows the
/// step, -Verbose each step with its time and its full output, and warnings are the findings of the Dockerfile
/// checks.</para>
/// <para>Without -Push, -Output and -OutputPath the image goes into the Docker Engine, with all its platforms. More than one platform needs the containerd
/// image store; the cmdlet checks this before it builds. With -Push the image goes to the registry that its
/// names refer to, with the credentials of Connect-LabRegistry or 'docker login'. To build for another processor, the engine's machine needs qemu if
/// the Dockerfile has RUN steps.</para>
/// <para>-Bake builds the targets of a bake file together and writes one result for each; a target that fails is one error, and the others are
/// built. -WhatIf shows the targets and their tags. Images go into the Docker Engine if the bake file has no other output for them.</para>
/// <para>Ctrl+C stops the build and all its processes. The values of build arguments are never shown; secrets should still be passed with
/// -Secret, because build arguments stay in the image's history.</para>
/// <para>Errors: BuildContextNotFound and DockerfileNotFound before anything is started; TagInvalid and PlatformInvalid end the
/// command. BuildStepFailed names the step, its line in the Dockerfile, the exit code and the last lines of its output;
/// DockerfileInvalid names the invalid line; BaseImageUnavailable, BuildTargetNotFound, PlatformCannotRun,
/// ImageStoreSinglePlatform, RegistryUnauthorized, RegistryUnreachable and BuildFailed explain themselves. With -Bake also
/// BakeFileNotFound, BakeFileInvalid with the line, BakeTargetNotFound with the existing names, BakeTargetNotBuilt, and BakePrivilegesNeeded
/// with what to -Allow. NoDockerEngine and
/// BuildxNotFound when the engine or buildx is missing; these end the command.</para>
/// </remarks>
/// <example>
/// <para>Builds the image of the folder site.</para>
/// <code>Build-LabImage -Path site -Tag movies/site:1.0</code>
/// </example>
/// <example>
/// <para>Builds it for two platforms and shows the digest of each.</para>
/// <code>Build-LabImage -Path site -Tag movies/site:1.0 -Platform linux/amd64,linux/arm64 | Select-Object -ExpandProperty Platforms</code>
/// </example>
/// <example>
/// <para>Shows what would be pushed and where, without doing it.</para>
/// <code>Build-LabImage -Path site -Tag 127.0.0.1:5000/movies/site:1.0 -Platform linux/amd64,linux/arm64 -Push -WhatIf</code>
/// </example>
/// <example>
/// <para>Builds from a Dockerfile that is text, and shows what each step took.</para>
/// <code>(Build-LabImage -Path site -DockerfileText 'FROM scratch', 'COPY . /site' -Tag movies/site:text).Steps</code>
/// </example>
/// <example>
/// <para>Shows which images a bake file would build.</para>
/// <code>
/// '{ "target": { "default": { "context": "site", "tags": ["movies/site:baked"] } } }' | Set-Content docker-bake.json
/// Build-LabImage -Bake docker-bake.json -WhatIf
/// </code>
/// </example>
/// <inputtype>Folders of build contexts, or objects with the properties Path, Tag and Dockerfile.</inputtype>
[Cmdlet("Build", "LabImage", DefaultParameterSetName = DockerfileSet, SupportsShouldProcess = true)]
[OutputType(typeof(LabImageBuild))]
public sealed class BuildLabImageCommand : DockerCommand
{
    private const string DockerfileSet = "Dockerfile", BakeSet = "Bake";

    private string contextPath = "";
    private string workingFolder = "";
    private string? outputPath;

    /// <summary>Folder of the build context, or, with -Bake, the folder to which the paths in the bake file are relative; the current one if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LiteralPath", "FullName", "Context")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = ".";

    /// <summary>Names for the image: <c>[registry/]repository[:tag]</c>.</summary>
    [Parameter(ParameterSetName = DockerfileSet, Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("t")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string[] Tag { get; set; } = [];

    /// <summary>Dockerfile; searched for in the current folder, then in the build context. <c>Dockerfile</c> in the context if omitted.</summary>
    [Parameter(ParameterSetName = DockerfileSet, ValueFromPipelineByPropertyName = true)]
    [Alias("File", "f")]
    [ValidateNotNullOrEmpty]
    public string? Dockerfile { get; set; }

    /// <summary>The Dockerfile itself, as text; several strings are its lines.</summary>
    [Parameter(ParameterSetName = DockerfileSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? DockerfileText { get; set; }

    /// <summary>Platforms to build for: <c>linux/amd64,linux/arm64</c>; the builder's own if omitted.</summary>
    [Parameter(ParameterSetName = DockerfileSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    public string[] Platform { get; set; } = [];

    /// <summary>Values for the Dockerfile's ARGs: <c>@{ VERSION = '1.2' }</c>. A null value is taken from the environment.</summary>
    [Parameter(ParameterSetName = DockerfileSet)]
    [ArgumentCompleter(typeof(DockerfileCompleter))]
    [ValidateNotNull]
    public Hashtable BuildArg { get; set; } = [];

    /// <summary>Labels for the image: <c>@{ 'org.opencontainers.image.source' = 'https://example.org' }</c>.</summary>
    [Parameter(ParameterSetName = DockerfileSet)]
    [ValidateNotNull]
    public Hashtable Label { get; set; } = [];

    /// <summary>Secrets for RUN --mount=type=secret: <c>id=token,src=token.txt</c> or <c>id=token,env=TOKEN</c>.</summary>
    [Parameter(ParameterSetName = DockerfileSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Secret { get; set; } = [];

    /// <summary>ssh agents or keys for RUN --mount=type=ssh: <c>default</c>, or <c>id=/path/to/key</c>.</summary>
    [Parameter(ParameterSetName = DockerfileSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Ssh { get; set; } = [];

    /// <summary>Bake files to build from: docker-bake.hcl, docker-bake.json, compose files. Searched for in the current folder, then in -Path; later ones add to the first.</summary>
    [Parameter(ParameterSetName = BakeSet, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string[] Bake { get; set; } = [];

    /// <summary>Overrides for targets of the bake file: <c>site.platform=linux/arm64</c>, <c>*.args.VERSION=1.2</c>.</summary>
    [Parameter(ParameterSetName = BakeSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Set { get; set; } = [];

    /// <summary>Values for the variables of the bake file: <c>@{ TAG = '1.2' }</c>. The environment's hold for the others.</summary>
    [Parameter(ParameterSetName = BakeSet)]
    [ValidateNotNull]
    public Hashtable Variable { get; set; } = [];

    /// <summary>What the bake file may use in addition: <c>fs.read=../shared</c>, <c>network.host</c>, <c>security.insecure</c>.</summary>
    [Parameter(ParameterSetName = BakeSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Allow { get; set; } = [];

    /// <summary>Stage of the Dockerfile to build; the last if omitted. With -Bake, targets and groups of the bake file; the group default if omitted.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(DockerfileCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Target { get; set; } = [];

    /// <summary>Pushes the image to the registry that its names refer to.</summary>
    [Parameter]
    public SwitchParameter Push { get; set; }

    /// <summary>Also loads the image into the Docker Engine when -Push or -Output is given.</summary>
    [Parameter]
    public SwitchParameter Load { get; set; }

    /// <summary>Other outputs in the syntax of buildx: <c>type=oci,dest=site.tar</c>, <c>type=local,dest=out</c>.</summary>
    [Parameter(ParameterSetName = DockerfileSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Output { get; set; } = [];

    /// <summary>Writes the result to this folder, or, with the ending .tar, to an OCI archive that Import-LabImage reads.</summary>
    [Parameter(ParameterSetName = DockerfileSet)]
    [ValidateNotNullOrEmpty]
    public string? OutputPath { get; set; }

    /// <summary>Runs every step without using the cache.</summary>
    [Parameter]
    public SwitchParameter NoCache { get; set; }

    /// <summary>Checks the registries for newer base images.</summary>
    [Parameter]
    public SwitchParameter Pull { get; set; }

    /// <summary>Name of a buildx builder; the one chosen with 'docker buildx use' if omitted.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BuilderCompleter))]
    public string? Builder { get; set; }

    /// <summary>Caches to read, in the syntax of buildx: <c>type=registry,ref=127.0.0.1:5000/cache</c>.</summary>
    [Parameter(ParameterSetName = DockerfileSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] CacheFrom { get; set; } = [];

    /// <summary>Caches to write, in the syntax of buildx: <c>type=local,dest=cache</c>.</summary>
    [Parameter(ParameterSetName = DockerfileSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] CacheTo { get; set; } = [];

    /// <summary>Provenance to attach: true, false, min or max; buildx's own choice if omitted.</summary>
    [Parameter]
    [ValidateSet("true", "false", "min", "max")]
    public string? Provenance { get; set; }

    /// <summary>Attestations to attach, in the syntax of buildx: <c>type=sbom</c>, <c>type=provenance,mode=max</c>.</summary>
    [Parameter(ParameterSetName = DockerfileSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Attest { get; set; } = [];

    /// <inheritdoc/>
    protected override object? ErrorTarget => Path;

    /// <inheritdoc/>
    protected override void OnProcess()
    {
        contextPath = FilePath.Of(this, Path);
        workingFolder = SessionState.Path.CurrentFileSystemLocation.Path;
        outputPath = OutputPath is null ? null : FilePath.Of(this, OutputPath);
    }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) => ParameterSetName == BakeSet ? BakeAsync(cancellation) : BuildAsync(cancellation);

    private async Task BuildAsync(CancellationToken cancellation)
    {
        if (Target.Length > 1)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "TargetInvalid", "A build of a Dockerfile ends in one stage: give one -Target, or several with -Bake.");
        }

        string[] outputs = Joined(Output, "type");
        ImageBuildOptions options = ImageBuilder.Check(new ImageBuildOptions
        {
            ContextPath = contextPath,
            WorkingFolder = workingFolder,
            Dockerfile = Dockerfile,
            Tags = Tag,
            Platforms = Platform,
            BuildArgs = Texts(BuildArg),
            Labels = Texts(Label),
            Secrets = Joined(Secret, "id"),
            Target = Target.FirstOrDefault(),
            Push = Push,
            Load = Load,
            DockerfileText = DockerfileText is null ? null : string.Join('\n', DockerfileText),
            Ssh = Ssh,
            Attestations = Joined(Attest, "type"),
            Outputs = outputPath is null ? outputs
                // buildx reads an output as a line of CSV, in which a path may contain a comma.
                : [.. outputs, outputPath.EndsWith(".tar", StringComparison.OrdinalIgnoreCase) ? $"type=oci,\"dest={outputPath}\"" : $"type=local,\"dest={outputPath}\""],
            NoCache = NoCache,
            Pull = Pull,
            Builder = Builder,
            CacheFrom = Joined(CacheFrom, "type"),
            CacheTo = Joined(CacheTo, "type"),
            Provenance = Provenance?.ToLowerInvariant(),
        });
        string platforms = options.Platforms.Count > 0 ? " for " + string.Join(", ", options.Platforms) : "";
        string target = options.Tags.Count > 0 ? string.Join(", ", options.Tags) : contextPath;
        if (!await ShouldProcessAsync(target, $"Build from '{contextPath}'{platforms}{(Push ? " and push" : "")}"))
        {
            return;
        }

        LabImageBuild build = await new ImageBuilder(Lab, Reporter).BuildAsync(options, cancellation);
        await WriteBuildAsync(build, "", cancellation);
    }

    // Without quotes PowerShell makes a list of id=token,src=token.txt: what begins with another key than the first one belongs to the value before it.
    private static string[] Joined(string[] values, string first)
    {
        List<string> joined = [];
        foreach (string value in values)
        {
            string before = joined.LastOrDefault() ?? "";
            int equals = value.IndexOf('=', StringComparison.Ordinal);
            if (before.StartsWith(first + "=", StringComparison.Ordinal) && equals > 0 && value[..equals] != first && value[..equals].All(c => char.IsAsciiLetterLower(c) || c is '-' or '_'))
            {
                joined[^1] = $"{before},{value}";
            }
            else
            {
                joined.Add(value);
            }
        }

        return [.. joined];
    }

    private async Task BakeAsync(CancellationToken cancellation)
    {
        ImageBakeOptions options = ImageBaker.Check(new ImageBakeOptions
        {
            Files = Bake,
            Folder = contextPath,
            WorkingFolder = workingFolder,
            Targets = Target,
            Overrides = Set,
            Variables = Texts(Variable),
            Allowed = Allow,
            Push = Push,
            Load = Load,
            NoCache = NoCache,
            Pull = Pull,
            Builder = Builder,
            Provenance = Provenance?.ToLowerInvariant(),
        });
        ImageBaker baker = new(Lab, Reporter);
        List<BakeTarget> agreed = [];
        foreach (BakeTarget target in await baker.PlanAsync(options, cancellation))
        {
            string platforms = target.Platforms.Count > 0 ? " for " + string.Join(", ", target.Platforms) : "";
            string name = target.Tags.Count > 0 ? string.Join(", ", target.Tags) : target.Name;
            if (await ShouldProcessAsync(name, $"Build the target {target.Name} of '{string.Join("', '", options.Files)}'{platforms}{(target.Pushes ? " and push" : "")}"))
            {
                agreed.Add(target);
            }
        }

        await baker.BakeAsync(
            options, agreed, build => WriteBuildAsync(build, $"{build.Target}: ", cancellation), (target, problem) => WriteProblem(problem, target), cancellation);
    }

    private async Task WriteBuildAsync(LabImageBuild build, string prefix, CancellationToken cancellation)
    {
        foreach (LabBuildWarning warning in build.Warnings)
        {
            Reporter.Warning($"{prefix}{System.IO.Path.GetFileName(build.Dockerfile) ?? "Dockerfile"}: {warning.Message}");
        }

        await WriteAsync(build, cancellation);
    }

    /// <summary>A table of names and values as text.</summary>
    /// <param name="table">The table.</param>
    /// <returns>Names and values.</returns>
    internal static Dictionary<string, string?> Texts(Hashtable table)
    {
        Dictionary<string, string?> texts = [];
        foreach (DictionaryEntry entry in table)
        {
            string name = Text("", entry.Key)!;
            texts[name] = Text(name, entry.Value);
        }

        return texts;
    }

    // Booleans as Dockerfiles and labels have them.
    private static string? Text(string name, object? value) => PlainObject.Of(value) switch
    {
        bool flag => flag ? "true" : "false",
        var plain => TextTable.Text(name, plain),
    };
}
