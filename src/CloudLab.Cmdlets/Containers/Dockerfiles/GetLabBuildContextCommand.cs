using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Dockerfiles;

namespace CloudLab.Cmdlets.Containers.Dockerfiles;

/// <summary>Lists the files of a build context: what docker build sends to the engine, how large it is, or what .dockerignore leaves out.</summary>
/// <remarks>
/// <para>The patterns of .dockerignore are matched as the engine's own matcher does, which is not that of .gitignore: a pattern without a slash counts only at the
/// top of the context, ** is any number of folders, the last pattern that matches decides, and ! brings back. NAME.dockerignore beside the
/// Dockerfile NAME counts instead of .dockerignore.</para>
/// <para>Files and links are listed, and folders that are sent with nothing in them. With -Ignored a folder that is left out as a whole is one entry with the length and the number of
/// all files in it. BuildKit sends of all this only what COPY and ADD take, and only what has changed.</para>
/// <para>No engine is needed.</para>
/// <para>Errors: BuildContextNotFound, DockerfileNotFound, DockerignoreInvalid with the line, FolderUnreadable.</para>
/// </remarks>
/// <example>
/// <para>Shows how large a build context is.</para>
/// <code>Get-LabBuildContext site | Measure-Object Length -Sum</code>
/// </example>
/// <example>
/// <para>Shows which folders are the largest.</para>
/// <code>Get-LabBuildContext site | Group-Object { $_.Path.Split('/')[0] } | Select-Object Name, Count, @{ n = 'Length'; e = { ($_.Group | Measure-Object Length -Sum).Sum } } | Sort-Object Length -Descending</code>
/// </example>
/// <example>
/// <para>Shows what is left out, and by which line of the ignore file.</para>
/// <code>Get-LabBuildContext site -Ignored | Format-Table Path, Length, Pattern, PatternLine</code>
/// </example>
/// <inputtype>Folders of build contexts, or objects with the properties Path and Dockerfile.</inputtype>
/// <seealso cref="TestLabDockerfileCommand"/>
/// <seealso cref="Builds.BuildLabImageCommand"/>
[Cmdlet(VerbsCommon.Get, "LabBuildContext")]
[OutputType(typeof(LabBuildContextItem))]
public sealed class GetLabBuildContextCommand : LabCommand
{
    private string folder = "";
    private string? dockerfile;

    /// <summary>Folder of the build context; the current one if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LiteralPath", "FullName", "Context", "ContextPath")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = ".";

    /// <summary>Dockerfile, whose own ignore file counts if there is one; searched for in the current folder, then in the build context. <c>Dockerfile</c> in the context if omitted.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("File", "f")]
    [ValidateNotNullOrEmpty]
    public string? Dockerfile { get; set; }

    /// <summary>Lists what is left out instead of what is sent.</summary>
    [Parameter]
    public SwitchParameter Ignored { get; set; }

    /// <inheritdoc/>
    protected override object? ErrorTarget => folder;

    /// <inheritdoc/>
    protected override void OnProcess()
    {
        folder = FilePath.Of(this, Path);
        dockerfile = null;
        if (Dockerfile is not null)
        {
            string[] places = [FilePath.Of(this, Dockerfile), System.IO.Path.GetFullPath(Dockerfile, folder)];
            dockerfile = Array.Find(places, File.Exists)
                ?? throw new LabException(LabErrorKind.NotFound, "DockerfileNotFound", $"There is no Dockerfile '{places[0]}'.") { Target = places[0] };
        }
    }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) =>
        WriteAllAsync(BuildContext.ListAsync(folder, dockerfile, Ignored, problem => WriteProblem(problem, problem.Target), cancellation), cancellation);
}
