using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Containers.Images;

namespace CloudLab.Cmdlets.Containers.Images;

/// <summary>Makes an image from a container and the files that were changed in it.</summary>
/// <remarks>
/// <para>The content of volumes is not part of the image. The container is paused meanwhile unless -NoPause is given.</para>
/// <para>Errors: ContainerNotFound, with the names that are similar; TagInvalid when the name is not valid; DockerBadRequest when an
/// instruction in -Change is not valid.</para>
/// </remarks>
/// <example>
/// <para>Shows what would be made from the container web.</para>
/// <code>ConvertTo-LabImage -Container web -Tag movies/site:debug -WhatIf</code>
/// </example>
/// <example>
/// <para>Shows what would be made with another command to run.</para>
/// <code>ConvertTo-LabImage web movies/site:debug -Change 'CMD ["/bin/sh"]', 'ENV DEBUG=1' -Message 'with a shell' -WhatIf</code>
/// </example>
/// <inputtype>Name or id of a container.</inputtype>
[Cmdlet(VerbsData.ConvertTo, "LabImage", SupportsShouldProcess = true)]
[OutputType(typeof(LabImage))]
public sealed class ConvertToLabImageCommand : DockerCommand
{
    /// <summary>Name or id of a container.</summary>
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Id")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ContainerCompleter))]
    public string Container { get; set; } = "";

    /// <summary>Name for the image: <c>[registry/]repository[:tag]</c>.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? Tag { get; set; }

    /// <summary>Instructions of a Dockerfile to apply: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, USER, VOLUME, WORKDIR.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] Change { get; set; } = [];

    /// <summary>What was changed, for the image's history.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? Message { get; set; }

    /// <summary>Who made it: <c>Jane Doe &lt;jane@example.org&gt;</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? Author { get; set; }

    /// <summary>Lets the container run meanwhile; files that it is writing may then be incomplete.</summary>
    [Parameter]
    public SwitchParameter NoPause { get; set; }

    /// <inheritdoc/>
    protected override object? ErrorTarget => Container;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (await ShouldProcessAsync(Container, $"Make the image {Tag ?? "without a name"} from this container"))
        {
            await WriteAsync(await new ImageStore(Lab).CommitAsync(Container, Tag, new CommitOptions(Message, Author, Change, !NoPause), cancellation), cancellation);
        }
    }
}
