using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Core.Containers.Images;
using CloudLab.Core.Containers.Registries;

namespace CloudLab.Cmdlets.Containers.Registries;

/// <summary>Base of the cmdlets that bring images from one place to another.</summary>
public abstract class ImageCopyCommand : RegistryCommand
{
    private ImageCopier? copier;

    /// <summary>Only these platforms: <c>linux/arm64</c>.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    public string[] Platform { get; set; } = [];

    /// <summary>How many layers are on their way at once.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 6;

    /// <summary>The platforms in their usual form.</summary>
    private protected string[] Platforms => [.. Platform.Select(PlatformName.Parse)];

    /// <summary>Copies images; one for the whole command, so that its connections serve all inputs.</summary>
    private protected ImageCopier Copier => copier ??= new ImageCopier(Lab, Reporter, Options);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            copier?.Dispose();
        }

        base.Dispose(disposing);
    }
}
