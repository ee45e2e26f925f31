using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Containers.Registries;
using CloudLab.Core.Containers.Images;
using CloudLab.Core.Containers.Layers;
using CloudLab.Core.Containers.Registries;

namespace CloudLab.Cmdlets.Containers.Images;

/// <summary>Shows the layers of an image: what made each, how large it is, which files it adds, changes or removes, and who shares it.</summary>
/// <remarks>
/// <para>The image is read as the engine exports it, as a stream: nothing is extracted or stored. Size is the size of the files,
/// StoredSize that of the layer as it is stored and pushed. WastedSize is how many bytes of a layer later layers replace or remove: they are
/// still stored and pulled. Files has each path with what the layer does to it.</para>
/// <para>With -Registry the layers are read from the registry in the image's name, as a stream: nothing is pulled or stored, and no engine is needed.
/// SharedWith stays empty then.</para>
/// <para>SharedWith names the other images in the engine that have the same layer.</para>
/// <para>Errors, one for each image: ImageNotFound, with the names that are similar; PlatformNotFound, with the platforms that there are;
/// ImageArchiveInvalid when a layer is damaged.</para>
/// </remarks>
/// <example>
/// <para>Builds an image and shows its layers.</para>
/// <code>Build-LabImage -Path site -Tag movies/site:1.0 | Get-LabImageLayer</code>
/// </example>
/// <example>
/// <para>Finds the largest files in images, and the layers that they come from.</para>
/// <code>Get-LabImage movies/* | Get-LabImageLayer | Select-Object -Property Number, Instruction -ExpandProperty Files | Sort-Object Size -Descending | Select-Object -First 5</code>
/// </example>
/// <example>
/// <para>Shows the layers of an image in a registry, without pulling it.</para>
/// <code>Get-LabImageLayer 127.0.0.1:5000/movies/site:1.0 -Registry</code>
/// </example>
/// <inputtype>Names of images, or objects with the property Image, as Get-LabImage and Build-LabImage write them.</inputtype>
/// <seealso cref="GetLabImageCommand"/>
/// <seealso cref="CompareLabImageCommand"/>
/// <seealso cref="Dockerfiles.TestLabDockerfileCommand"/>
[Cmdlet(VerbsCommon.Get, "LabImageLayer")]
[OutputType(typeof(LabImageLayer))]
public sealed class GetLabImageLayerCommand : ImageCommand
{
    /// <summary>The platform: <c>linux/arm64</c>; the engine's own if omitted, or else the first that the engine has.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    public string? Platform { get; set; }

    /// <summary>Also shows the instructions that made no layer, such as ENV and CMD.</summary>
    [Parameter]
    public SwitchParameter All { get; set; }

    /// <summary>Reads from the registry instead of the engine.</summary>
    [Parameter]
    public SwitchParameter Registry { get; set; }

    /// <inheritdoc cref="RegistryCommand.AllowHttp"/>
    [Parameter]
    public SwitchParameter AllowHttp { get; set; }

    /// <inheritdoc cref="RegistryCommand.SkipCertificateCheck"/>
    [Parameter]
    public SwitchParameter SkipCertificateCheck { get; set; }

    /// <inheritdoc/>
    private protected override async Task OneAsync(string image, CancellationToken cancellation)
    {
        ImageInspector inspector = new(Lab, Reporter);
        string? platform = Platform is null ? null : PlatformName.Parse(Platform);
        await WriteManyAsync(
            Registry ? await inspector.LayersAsync(image, platform, All, new RegistryOptions(AllowHttp, SkipCertificateCheck), cancellation)
                : await inspector.LayersAsync(image, platform, All, cancellation),
            cancellation);
    }
}
