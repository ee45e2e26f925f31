using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Compose;

namespace CloudLab.Cmdlets.Containers.Compose;

/// <summary>Base of the cmdlets for compose projects: which project is meant.</summary>
public abstract class ComposeCommand : DockerCommand
{
    /// <summary>Compose files, each adding to those before it, or the folder of one. As in docker compose, the file of the current folder or of the nearest one above it if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LiteralPath", "FullName", "File", "f")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Name of the project; without -Path, a project that exists in the Docker Engine. If omitted, the name in the file, or that of its folder.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Project", "p")]
    [ArgumentCompleter(typeof(ComposeCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ProjectName { get; set; }

    /// <summary>Profiles to enable; * for all.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ComposeCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Profile { get; set; } = [];

    /// <summary>Files with values for the variables in the compose file, instead of .env beside it.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] EnvFile { get; set; } = [];

    /// <inheritdoc/>
    protected override object? ErrorTarget => ProjectName ?? Path.FirstOrDefault();

    /// <summary>The project that the parameters mean.</summary>
    private protected ComposeSource Source { get; private set; } = null!;

    /// <inheritdoc/>
    protected override void OnProcess()
    {
        Source = ComposeInput.Of(this, Path, ProjectName, Profile, EnvFile);
        string? missing = Source.Files.FirstOrDefault(file => !File.Exists(file));
        bool given = MyInvocation.BoundParameters.ContainsKey(nameof(ProjectName)) && !MyInvocation.ExpectingInput;
        if (missing is null)
        {
            return;
        }

        if (given || ProjectName is null)
        {
            throw new LabException(
                LabErrorKind.NotFound, "ComposeFileNotFound", $"There is no compose file or folder '{missing}'. Services are given with -Service, projects that exist with -ProjectName.") { Target = missing };
        }

        // A project from the pipeline names the files that it was started with, which may be gone.
        Source = Source with { Files = [] };
    }
}
