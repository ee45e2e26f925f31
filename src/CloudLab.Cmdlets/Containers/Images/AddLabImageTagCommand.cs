using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Core.Containers.Images;

namespace CloudLab.Cmdlets.Containers.Images;

/// <summary>Gives an image further names.</summary>
/// <remarks>
/// <para>A name that another image has is taken from it, as 'docker tag' does. The image itself stays as it is.</para>
/// <para>Errors: TagInvalid when a name is not valid, for example with upper-case letters or a digest; ImageNotFound, with the names that
/// are similar.</para>
/// </remarks>
/// <example>
/// <para>Builds an image and gives it the name latest as well.</para>
/// <code>Build-LabImage -Path site -Tag movies/site:1.0 | Add-LabImageTag -Tag movies/site:latest</code>
/// </example>
/// <example>
/// <para>Shows what would be done to push an image to another registry.</para>
/// <code>Build-LabImage -Path site -Tag movies/site:1.0 | Add-LabImageTag -Tag 127.0.0.1:5000/movies/site:1.0 -WhatIf</code>
/// </example>
/// <inputtype>Name of an image, or an object with the property Image, as Get-LabImage and Build-LabImage write them.</inputtype>
[Cmdlet(VerbsCommon.Add, "LabImageTag", SupportsShouldProcess = true)]
[OutputType(typeof(LabImage))]
public sealed class AddLabImageTagCommand : ImageCommand
{
    /// <summary>New names: <c>[registry/]repository[:tag]</c>. The tag latest if omitted.</summary>
    [Parameter(Position = 1, Mandatory = true)]
    [Alias("NewName")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string[] Tag { get; set; } = [];

    /// <summary>Writes the image once for each new name.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override async Task OneAsync(string image, CancellationToken cancellation)
    {
        ImageStore store = new(Lab);
        foreach (string name in Tag)
        {
            ImageStore.CheckName(name);
        }

        foreach (string name in Tag)
        {
            if (await ShouldProcessAsync(image, $"Add the name {name}"))
            {
                string given = await store.TagAsync(image, name, cancellation);
                if (PassThru)
                {
                    await WriteAllAsync(store.FindAsync(given, cancellation), cancellation);
                }
            }
        }
    }
}
