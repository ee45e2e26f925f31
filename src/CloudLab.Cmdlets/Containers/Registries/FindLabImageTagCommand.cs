using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Containers.Images;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Containers.Registries;

namespace CloudLab.Cmdlets.Containers.Registries;

/// <summary>Lists the tags of a repository in a registry.</summary>
/// <remarks>
/// <para>All pages of the registry's list are read, as they are needed: Select-Object -First ends it. The order is the registry's own, in most
/// cases that of the alphabet. -Digest asks the registry for what each tag stands for.</para>
/// <para>No engine is needed. The credentials are those of Connect-LabRegistry or 'docker login'.</para>
/// <para>Errors, one for each repository: RepositoryNotFound; RegistryUnauthorized, which says how to sign in; RegistryUnreachable;
/// ImageNameInvalid; RegistryLimit when the registry refuses more requests for now.</para>
/// </remarks>
/// <example>
/// <para>Lists the tags of a repository.</para>
/// <code>Find-LabImageTag 127.0.0.1:5000/movies/site</code>
/// </example>
/// <example>
/// <para>Finds the tags that stand for the same image.</para>
/// <code>Find-LabImageTag 127.0.0.1:5000/movies/site -Tag 1.* -Digest | Group-Object Digest</code>
/// </example>
/// <inputtype>Names of repositories, or objects with the property Image, as Push-LabImage and Get-LabImage write them.</inputtype>
[Cmdlet(VerbsCommon.Find, "LabImageTag")]
[OutputType(typeof(LabImageTag))]
public sealed class FindLabImageTagCommand : RegistryCommand
{
    /// <summary>Repositories: <c>registry/repository</c>. A tag in it does not matter.</summary>
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ImageNames]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string[] Image { get; set; } = [];

    /// <summary>Only tags that match one of these; wildcards are allowed.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[]? Tag { get; set; }

    /// <summary>Also asks for the digest that each tag stands for.</summary>
    [Parameter]
    public SwitchParameter Digest { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation)
    {
        // Tags differ by case.
        WildcardPattern[]? patterns = Tag is null ? null : [.. Tag.Select(tag => new WildcardPattern(tag))];
        return ForEachAsync(Image, image => WriteAllAsync(
            Images.TagsAsync(image, patterns is null ? null : tag => Array.Exists(patterns, pattern => pattern.IsMatch(tag)), Digest, cancellation), cancellation));
    }
}
