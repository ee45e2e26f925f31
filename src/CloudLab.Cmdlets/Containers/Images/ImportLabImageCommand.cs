using System.IO.Pipelines;
using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Images;

namespace CloudLab.Cmdlets.Containers.Images;

/// <summary>Loads images from tar files, or from bytes of the pipeline, into the Docker Engine.</summary>
/// <remarks>
/// <para>The files are those of Export-LabImage or 'docker save', or OCI layouts as one tar file, also compressed with gzip, zstd, xz or bzip2. Nothing is
/// extracted on this machine: the engine reads the file.</para>
/// <para>Bytes and byte arrays from the pipeline are one tar file together and are sent while they arrive; each stream is a tar file of its own and is
/// read from where it stands.</para>
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
/// <example>
/// <para>Builds an image and takes it through the pipeline, as it goes from one engine to another.</para>
/// <code>Build-LabImage -Path site -Tag movies/site:1.0 | Export-LabImage -AsByteStream | Import-LabImage</code>
/// </example>
/// <inputtype>Paths of files, files as Get-ChildItem writes them, or bytes, byte arrays and streams.</inputtype>
[Cmdlet(VerbsData.Import, "LabImage", DefaultParameterSetName = PathSet, SupportsShouldProcess = true)]
[OutputType(typeof(LabImage))]
public sealed class ImportLabImageCommand : DockerCommand
{
    private const string PathSet = "Path", LiteralSet = "LiteralPath", ObjectSet = "InputObject";
    private const string Bytes = "bytes of the pipeline", Action = "Load images into the Docker Engine";

    private IReadOnlyList<string> files = [];
    private object? given;
    private Pipe? pipe;
    private ImageFiles? source;
    private ImageStore? store;
    private bool refused;

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

    /// <summary>Bytes of a tar file, or streams.</summary>
    [Parameter(ParameterSetName = ObjectSet, Mandatory = true, ValueFromPipeline = true)]
    [ImageBytes]
    [ValidateNotNull]
    public object? InputObject { get; set; }

    /// <summary>The one platform to load: <c>linux/arm64</c>; all that the file has if omitted.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    public string? Platform { get; set; }

    private ImageFiles Source => source ??= new(Lab, Reporter);

    private string? Chosen => Platform is null ? null : PlatformName.Parse(Platform);

    /// <inheritdoc/>
    protected override object? ErrorTarget => ParameterSetName switch { PathSet => Path, LiteralSet => LiteralPath, _ => Bytes };

    /// <inheritdoc/>
    protected override void OnProcess()
    {
        List<string> found = [];
        given = ParameterSetName == ObjectSet ? InputObject : null;
        if (given is not null)
        {
            files = [];
            return;
        }

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
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        switch (given)
        {
            case Stream stream:
                await ForEachAsync([stream], async one =>
                {
                    string name = one is FileStream file ? file.Name : "a stream of the pipeline";
                    if (await ShouldProcessAsync(name, Action))
                    {
                        await ShowAsync(await Source.LoadAsync(one, name, Chosen, cancellation), cancellation);
                    }
                });
                break;
            case byte single:
                await TakeAsync(new[] { single }, cancellation);
                break;
            case byte[] several:
                await TakeAsync(several, cancellation);
                break;
            case object[] items:
                await TakeAsync(items.Select(item => LanguagePrimitives.ConvertTo<byte>(item)).ToArray(), cancellation);
                break;
        }

        await ForEachAsync(files, async file =>
        {
            if (await ShouldProcessAsync(file, Action))
            {
                await ShowAsync(await Source.LoadAsync(file, Chosen, cancellation), cancellation);
            }
        });
    }

    /// <inheritdoc/>
    protected override async Task AfterInputAsync(CancellationToken cancellation)
    {
        if (pipe is not null)
        {
            await pipe.Writer.CompleteAsync();
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            // A pipeline that broke off before its end: what was sent so far is no whole tar file.
            pipe?.Writer.Complete(new OperationCanceledException());
        }

        base.Dispose(disposing);
    }

    private async Task TakeAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        if (pipe is null && !refused)
        {
            refused = !await ShouldProcessAsync(Bytes, Action);
            if (!refused)
            {
                pipe = new Pipe();
                Stream bytesAhead = pipe.Reader.AsStream();
                await StartAsync(Bytes, async stopping =>
                {
                    await using (bytesAhead)
                    {
                        await ShowAsync(await Source.LoadAsync(bytesAhead, Bytes, Chosen, stopping), stopping);
                    }
                });
            }
        }

        if (pipe is not null)
        {
            // Waits while the engine is behind. What comes after an error of the engine is not wanted any more.
            await pipe.Writer.WriteAsync(bytes, cancellation);
        }
    }

    private async Task ShowAsync(IReadOnlyList<string> images, CancellationToken cancellation)
    {
        store ??= new(Lab);
        foreach (string image in images)
        {
            await WriteAllAsync(store.FindAsync(image, cancellation), cancellation);
        }
    }
}
