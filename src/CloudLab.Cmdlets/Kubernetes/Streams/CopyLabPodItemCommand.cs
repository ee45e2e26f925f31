using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Streams;

namespace CloudLab.Cmdlets.Kubernetes.Streams;

/// <summary>Copies files and folders into pods and out of them.</summary>
/// <remarks>
/// <para>A path in a pod is written as pod:/path, as namespace/pod:/path, or as deploy/web:/path for a ready pod of a workload. The rules are those of 'docker cp': into an existing folder, the
/// source keeps its name; else the destination is the new name; a source that ends with /. means the content of the folder.</para>
/// <para>The container needs sh and tar. A file gets its final name when its whole content has come: what goes into a pod is unpacked in a hidden folder beside the destination and moved from there, so that
/// a copy that breaks off leaves nothing behind.</para>
/// <para>What comes out of a pod is not trusted: nothing is written outside the destination, and links that lead out of the copied folder are left out with a warning.</para>
/// <para>Errors: PodPathNotFound, NotFound with the nearest names, PodNotRunning, PodTarMissing, DestinationNotFound, DestinationIsFile, DestinationIsFolder, SourceIsLink, PodCopyBroken when the connection broke,
/// PodCopyFailed with what tar says, TarUnsafe; LocalCopy when both paths are local.</para>
/// </remarks>
/// <example>
/// <para>Copies a local file into a pod of a deployment, and back out of it.</para>
/// <code>'{}' | Set-Content settings.json
/// Copy-LabPodItem settings.json deploy/movies:/tmp/settings.json -Namespace movies
/// Copy-LabPodItem deploy/movies:/tmp/settings.json ./copy.json -Namespace movies</code>
/// </example>
/// <example>
/// <para>Copies the content of a folder into a pod.</para>
/// <code>Copy-LabPodItem ./site/. web-0:/tmp</code>
/// </example>
/// <inputtype>System.String: paths, or files as Get-ChildItem writes them.</inputtype>
/// <seealso cref="InvokeLabPodCommand"/>
/// <seealso cref="GetLabPodLogCommand"/>
/// <seealso cref="Containers.Containers.CopyLabContainerItemCommand"/>
[Cmdlet(VerbsCommon.Copy, "LabPodItem", SupportsShouldProcess = true)]
[OutputType(typeof(LabPodCopy))]
public sealed class CopyLabPodItemCommand : KubeCommand
{
    private string[] sources = [];
    private string destination = "";

    /// <summary>What to copy: <c>pod:/path</c>, <c>deploy/web:/path</c>, or a local file or folder.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Source", "FullName", "LiteralPath")]
    [ArgumentCompleter(typeof(PodPathCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Where to: <c>pod:/path</c>, or a local folder or file.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ArgumentCompleter(typeof(PodPathCompleter))]
    [ValidateNotNullOrEmpty]
    public string Destination { get; set; } = "";

    /// <inheritdoc cref="InvokeLabPodCommand.Container"/>
    [Parameter]
    [Alias("c")]
    [ArgumentCompleter(typeof(PodContainerCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Container { get; set; }

    /// <summary>Copies what a link points to, where the source itself is a link.</summary>
    [Parameter]
    [Alias("L")]
    public SwitchParameter FollowLink { get; set; }

    /// <inheritdoc/>
    protected override void OnProcess()
    {
        sources = [.. Path.Select(path => Local(path))];
        destination = Local(Destination);
    }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation)
    {
        PodCopier copier = new(Api, NamespaceOrDefault, Container, Reporter);
        return ForEachAsync(sources, async source =>
        {
            (PodPath? from, PodPath? to) = (PodPath.Parse(source), PodPath.Parse(destination));
            if ((from is null) == (to is null))
            {
                throw from is null
                    ? new LabException(LabErrorKind.InvalidArgument, "LocalCopy", $"Neither '{source}' nor '{Destination}' is in a pod: write pod:/path, or use Copy-Item.") { Target = source }
                    : new LabException(LabErrorKind.InvalidArgument, "CopyBetweenPods", $"'{source}' and '{Destination}' are both in pods: copy to a local folder first.") { Target = source };
            }

            if (await ShouldProcessAsync(destination, $"Copy '{source}'"))
            {
                await WriteAsync(
                    from is not null
                        ? await copier.ReceiveAsync(from, destination, FollowLink, cancellation)
                        : await copier.SendAsync(source, to!, FollowLink, cancellation),
                    cancellation);
            }
        });
    }

    // A trailing "/." and a trailing separator have a meaning.
    private string Local(string path) => PodPath.Parse(path) is not null ? path : FilePath.WithEnd(this, path);
}
