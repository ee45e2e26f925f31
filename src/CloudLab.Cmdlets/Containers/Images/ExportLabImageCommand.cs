using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Images;

namespace CloudLab.Cmdlets.Containers.Images;

/// <summary>Writes images of the Docker Engine to a tar file, which Import-LabImage and 'docker load' read, or to the pipeline.</summary>
/// <remarks>
/// <para>All images of the pipeline go into one file; layers that they share are in it once. The file gets its name when it is
/// complete: Ctrl+C and errors leave nothing behind.</para>
/// <para>With -AsByteStream the tar file goes to the pipeline in byte arrays of 128 KiB, one after the other, without ever being in memory as a
/// whole.</para>
/// <para>Errors: ImageNotFound, with the names that are similar, and nothing is written; PlatformNotFound; FileExists unless
/// -Force is given; FileNotWritten.</para>
/// </remarks>
/// <example>
/// <para>Builds an image and writes it to a compressed file.</para>
/// <code>Build-LabImage -Path site -Tag movies/site:1.0 | Export-LabImage -Path site.tar.gz</code>
/// </example>
/// <example>
/// <para>Shows what would be written.</para>
/// <code>Get-LabImage movies/* | Export-LabImage -Path movies.tar -WhatIf</code>
/// </example>
/// <example>
/// <para>Shows how an image is copied to another Docker Engine without a file.</para>
/// <code>Build-LabImage -Path site -Tag movies/site:1.0 | Export-LabImage -AsByteStream | Import-LabImage -DockerHost ssh://user@host -WhatIf</code>
/// </example>
/// <inputtype>Names of images, or objects with the property Image, as Get-LabImage and Build-LabImage write them.</inputtype>
[Cmdlet(VerbsData.Export, "LabImage", DefaultParameterSetName = FileSet, SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo), ParameterSetName = [FileSet])]
[OutputType(typeof(byte[]), ParameterSetName = [BytesSet])]
public sealed class ExportLabImageCommand : ImageCommand
{
    private const string FileSet = "File", BytesSet = "Bytes";

    private readonly List<string> images = [];
    private string file = "";

    /// <summary>File to write; with the ending .gz, .tgz or .zst it is compressed.</summary>
    [Parameter(ParameterSetName = FileSet, Position = 1, Mandatory = true)]
    [Alias("LiteralPath", "OutFile")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>Writes byte arrays to the pipeline, not a file.</summary>
    [Parameter(ParameterSetName = BytesSet, Mandatory = true)]
    public SwitchParameter AsByteStream { get; set; }

    /// <summary>The one platform to write: <c>linux/arm64</c>; all that the engine has if omitted.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    public string? Platform { get; set; }

    /// <summary>Replaces an existing file.</summary>
    [Parameter(ParameterSetName = FileSet)]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override object? ErrorTarget => AsByteStream ? images.FirstOrDefault() : Path;

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        file = AsByteStream ? "the pipeline" : FilePath.Of(this, Path);
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellation)
    {
        if (images.Count == 0)
        {
            return;
        }

        string? platform = Platform is null ? null : PlatformName.Parse(Platform);
        string what = $"Export {(images.Count == 1 ? images[0] : $"{images.Count} images: {string.Join(", ", images)}")}{(platform is null ? "" : $" for {platform}")}";
        if (!await ShouldProcessAsync(file, what))
        {
            return;
        }

        if (AsByteStream)
        {
            await foreach (byte[] piece in new ImageFiles(Lab, Reporter).ReadAsync(images, platform, cancellation))
            {
                // The next one is read when this one was taken.
                await WritePageAsync(new[] { piece });
            }
        }
        else
        {
            await WriteAsync(await new ImageFiles(Lab, Reporter).SaveAsync(images, platform, file, Force, cancellation), cancellation);
        }
    }

    /// <inheritdoc/>
    private protected override Task OneAsync(string image, CancellationToken cancellation)
    {
        if (!images.Contains(image))
        {
            images.Add(image);
        }

        return Task.CompletedTask;
    }
}
