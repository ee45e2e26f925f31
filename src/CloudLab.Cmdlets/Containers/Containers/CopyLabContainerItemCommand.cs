using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Files;

namespace CloudLab.Cmdlets.Containers.Containers;

/// <summary>Copies files and folders into containers and volumes, out of them, and between them.</summary>
/// <remarks>
/// <para>A path in a container is written as container:/path. The rules are those of 'docker cp': into an existing folder, the source keeps its name; else the destination is the new name; a source
/// that ends with /. means the content of the folder. The container need not run. Between two containers no local file is made.</para>
/// <para>A path in a volume is written as volume://name/path. The engine reaches volumes only through containers, so one is made from the smallest image that it has, is never started, and is
/// removed at the end.</para>
/// <para>What comes out of a container is not trusted: nothing is written outside the destination, and links that lead out of the copied folder are left out with a warning. What goes
/// into a container belongs to its root user.</para>
/// <para>Errors: ContainerPathNotFound, ContainerNotFound with the nearest names, DestinationNotFound, DestinationIsFile, SourceIsLink, CopyIntoItself, ContainerReadOnly, TarUnsafe; VolumeNotFound with the nearest names; VolumeNeedsImage when the engine has no image. LocalCopy when both paths are
/// local.</para>
/// </remarks>
/// <example>
/// <para>Copies a file out of a container.</para>
/// <code>Copy-LabContainerItem web:/srv/site/index.html .</code>
/// </example>
/// <example>
/// <para>Copies the content of a folder into a container.</para>
/// <code>Copy-LabContainerItem ./site/. web:/srv/site</code>
/// </example>
/// <example>
/// <para>Copies a folder from one container to another.</para>
/// <code>Copy-LabContainerItem web:/srv/site backup:/srv</code>
/// </example>
/// <example>
/// <para>Puts the content of a folder into a volume, and saves a file of it.</para>
/// <code>Copy-LabContainerItem ./data/. volume://movies
/// Copy-LabContainerItem volume://movies/movies.json ./saved.json</code>
/// </example>
/// <inputtype>System.String: paths, or files as Get-ChildItem writes them.</inputtype>
/// <seealso cref="GetLabContainerChangeCommand"/>
/// <seealso cref="InvokeLabContainerCommand"/>
/// <seealso cref="Kubernetes.Streams.CopyLabPodItemCommand"/>
[Cmdlet(VerbsCommon.Copy, "LabContainerItem", SupportsShouldProcess = true)]
[OutputType(typeof(LabContainerCopy))]
public sealed class CopyLabContainerItemCommand : DockerCommand
{
    private ContainerCopier? copier;
    private string[] sources = [];
    private string destination = "";

    /// <summary>What to copy: <c>container:/path</c>, <c>volume://name/path</c>, or a local file or folder.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Source", "FullName", "LiteralPath")]
    [ArgumentCompleter(typeof(ContainerPathCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Where to: <c>container:/path</c>, <c>volume://name/path</c>, or a local folder or file.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ArgumentCompleter(typeof(ContainerPathCompleter))]
    [ValidateNotNullOrEmpty]
    public string Destination { get; set; } = "";

    /// <summary>Copies what a link points to, where the source itself is a link.</summary>
    [Parameter]
    [Alias("L")]
    public SwitchParameter FollowLink { get; set; }

    /// <inheritdoc/>
    protected override Task BeginAsync(CancellationToken cancellation)
    {
        copier = new ContainerCopier(Lab, Reporter);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override void OnProcess()
    {
        sources = [.. Path.Select(Local)];
        destination = Local(Destination);
    }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) =>
        ForEachAsync(sources, async source =>
        {
            (ContainerPath? from, ContainerPath? to) = (ContainerPath.Parse(source), ContainerPath.Parse(destination));
            if (from is null && to is null)
            {
                throw new LabException(
                    LabErrorKind.InvalidArgument, "LocalCopy", $"Neither '{source}' nor '{Destination}' is in a container or a volume: write container:/path or volume://name/path, or use Copy-Item.") { Target = source };
            }

            if (await ShouldProcessAsync(destination, $"Copy '{source}'"))
            {
                await WriteAsync(
                    (from, to) switch
                    {
                        (not null, not null) => await copier!.TransferAsync(from, to, FollowLink, cancellation),
                        (not null, null) => await copier!.ReceiveAsync(from, destination, FollowLink, cancellation),
                        _ => await copier!.SendAsync(source, to!, FollowLink, cancellation),
                    },
                    cancellation);
            }
        });

    /// <inheritdoc/>
    protected override Task EndAsync(CancellationToken cancellation) => copier!.DisposeAsync().AsTask();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // After Ctrl+C and an error that ends the command; else there is nothing left to do.
        if (disposing && copier is not null)
        {
            Task.Run(() => copier.DisposeAsync().AsTask()).GetAwaiter().GetResult();
        }

        base.Dispose(disposing);
    }

    // A trailing "/." and a trailing separator have a meaning.
    private string Local(string path) => ContainerPath.Parse(path) is not null ? path : FilePath.WithEnd(this, path);
}
