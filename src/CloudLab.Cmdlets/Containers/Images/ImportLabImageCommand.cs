using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Images;

namespace CloudLab.Cmdlets.Containers.Images;

/// <summary>Loads images from tar files into the Docker Engine.</summary>
/// <remarks>
/// <para>The files are those of Export-LabImage or 'docker save', or OCI layouts, also compressed with gzip, zstd, xz or bzip2. Nothing is
/// extracted on this machine: the engine reads the file.</para>
/// <para>Errors, one for each file: FileNotFound; FileNotRead; ImageArchiveInvalid when it is not an image archive.</para>
/// </remarks>
/// <example>
/// <para>Loads the images of all tar files in a folder, if there are any.</para>
/// <code>Get-ChildItem *.tar | Import-LabImage</code>
/// </example>
/// <example>
/// <para>Builds an image, writes it to a file and loads it from there.</para>
/// <code>Build-LabImage -Path site -Tag movies/site:1.0 | Export-LabImage -Path site.tar | Import-LabImage</code>
/// </example>
/// <inputtype>Paths of files, or files as Get-ChildItem writes them.</inputtype>
[Cmdlet(VerbsData.Import, "LabImage", DefaultParameterSetName = PathSet, SupportsShouldProcess = true)]
[OutputType(typeof(LabImage))]
public sealed class ImportLabImageCommand : DockerCommand
{
    private const string PathSet = "Path", LiteralSet = "LiteralPath";

    private IReadOnlyList<string> files = [];

    /// <summary>Files to load; wildcards are allowed.</summary>
    [Parameter(ParameterSetName = PathSet, Position = 0, Mandatory = true, ValueFromPipeline = true)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Files to load, without wildcards.</summary>
    [Parameter(ParameterSetName = LiteralSet, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "FullName")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>The one platform to load: <c>linux/arm64</c>; all that the file has if omitted.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    public string? Platform { get; set; }

    /// <inheritdoc/>
    protected override object? ErrorTarget => ParameterSetName == PathSet ? Path : LiteralPath;

    /// <inheritdoc/>
    protected override void OnProcess()
    {
        List<string> found = [];
        foreach (string path in ParameterSetName == PathSet ? Path : LiteralPath)
        {
            try
            {
                found.AddRange(ParameterSetName == PathSet ? FilePath.Meant(this, path) : [FilePath.Of(this, path)]);
            }
            catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
            {
                WriteError(ErrorMapper.ToRecord(e, path));
            }
        }

        files = found;
    }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation)
    {
        ImageFiles source = new(Lab, Reporter);
        ImageStore store = new(Lab);
        string? platform = Platform is null ? null : PlatformName.Parse(Platform);
        return ForEachAsync(files, async file =>
        {
            if (!await ShouldProcessAsync(file, "Load images into the Docker Engine"))
            {
                return;
            }

            foreach (string image in await source.LoadAsync(file, platform, cancellation))
            {
                await WriteAllAsync(store.FindAsync(image, cancellation), cancellation);
            }
        });
    }
}
