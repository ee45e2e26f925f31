using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Kubernetes.Resources;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Rollouts;

namespace CloudLab.Cmdlets.Kubernetes.Rollouts;

/// <summary>Sets the images of containers in Deployments, CronJobs, pods and any other kind with a pod template.</summary>
/// <remarks>
/// <para>Containers are named before the image, as in web=nginx:2, or with -Container; * stands for all of them. Init containers are named in the same way. Where there is only one
/// container, its name may be left out.</para>
/// <para>Errors: NotFound; ContainerNotFound with the names of the containers; ContainerMissing where an image could be that of several; KindNotSupported for a kind without
/// containers; RolloutFailed and WaitTimeout with -Wait.</para>
/// </remarks>
/// <example>
/// <para>Rolls out a new image and waits for it.</para>
/// <code>
/// 'apiVersion: apps/v1
/// kind: Deployment
/// metadata: { name: movies }
/// spec:
///   selector: { matchLabels: { app: movies } }
///   template:
///     metadata: { labels: { app: movies } }
///     spec: { containers: [{ name: web, image: "movies:1" }] }' | Deploy-LabManifest -Wait
/// Set-LabWorkloadImage deploy/movies -Image web=movies:2 -Wait
/// </code>
/// </example>
/// <example>
/// <para>Sets one image in all containers of the workloads with a label.</para>
/// <code>Set-LabWorkloadImage deployments,statefulsets -LabelSelector app=movies -Image *=movies:3</code>
/// </example>
/// <inputtype>Objects with the properties Kind, Name and Namespace, such as Get-LabResource writes.</inputtype>
/// <seealso cref="WaitLabRolloutCommand"/>
/// <seealso cref="UndoLabRolloutCommand"/>
/// <seealso cref="GetLabRolloutHistoryCommand"/>
[Cmdlet(VerbsCommon.Set, "LabWorkloadImage", SupportsShouldProcess = true)]
[OutputType(typeof(LabResource))]
public sealed class SetLabWorkloadImageCommand : RolloutChangeCommand
{
    /// <summary>Images with the container that each is for: <c>web=nginx:2</c>, <c>*=nginx:2</c>. With -Container, or where there is only one, just the image. The name of the object may be left out before it where the kind has it.</summary>
    [Parameter(Position = 2)]
    [ArgumentCompleter(typeof(WorkloadImageCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Image { get; set; } = [];

    /// <summary>Containers that get the image; * for all.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(TemplateContainerCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Container { get; set; } = [];

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        // deploy/web web=nginx:2: the name is with the kind, so what comes next is the image.
        if (Image.Length == 0 && Name is not null && Kind.Length > 0 && Array.TrueForAll(Kind, kind => kind.Contains('/', StringComparison.Ordinal)))
        {
            (Image, Name) = (Name, null);
        }

        if (Image.Length == 0)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "ImageMissing", "Say which image: Set-LabWorkloadImage deploy/movies -Image web=nginx:2.");
        }

        base.OnBegin();
    }

    /// <inheritdoc/>
    private protected override ResourceChange Change()
    {
        List<KeyValuePair<string, string>> images = [];
        foreach (string[] pair in Image.Select(text => text.Split('=', 2)))
        {
            if (pair[^1].Trim().Length == 0 || (pair.Length == 2 && (pair[0].Length == 0 || Container.Length > 0)))
            {
                throw new LabException(
                    LabErrorKind.InvalidArgument, "ImageInvalid", $"'{string.Join('=', pair)}' is no image: write -Image web=nginx:2, or -Container web -Image nginx:2.");
            }

            images.AddRange(pair.Length == 2 ? [KeyValuePair.Create(pair[0], pair[1])]
                : Container.Length == 0 ? [KeyValuePair.Create("", pair[0])]
                : Container.Select(name => KeyValuePair.Create(name, pair[0])));
        }

        return new ResourceChange(
            $"Set image {string.Join(", ", images.Select(pair => pair.Key.Length == 0 ? pair.Value : $"{pair.Key}={pair.Value}"))}",
            async (target, token) => (await new RolloutChanger(EditorFor(target)).SetImageAsync(target.Resource, target.Object, images, token)).Object);
    }
}
