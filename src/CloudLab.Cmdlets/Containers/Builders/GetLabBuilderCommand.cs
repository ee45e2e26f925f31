using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Builders;

namespace CloudLab.Cmdlets.Containers.Builders;

/// <summary>Lists the buildx builders with their state and the platforms they build for.</summary>
/// <remarks>
/// <para>There is one builder for each docker context, and those made with New-LabBuilder or 'docker buildx create'. IsCurrent
/// marks the one that Build-LabImage uses without -Builder.</para>
/// <para>Errors: BuilderNotFound, with the names that are similar; BuildxNotFound when docker buildx is not installed.</para>
/// </remarks>
/// <example>
/// <para>Lists all builders.</para>
/// <code>Get-LabBuilder</code>
/// </example>
/// <example>
/// <para>Finds the builders that build for arm64.</para>
/// <code>Get-LabBuilder | Where-Object Platforms -Contains linux/arm64</code>
/// </example>
/// <inputtype>Names of builders.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabBuilder")]
[OutputType(typeof(LabBuilder))]
public sealed class GetLabBuilderCommand : DockerCommand
{
    /// <summary>Names of builders; wildcards are allowed. All if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Builder")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BuilderCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation)
    {
        BuilderStore store = new(Lab, Reporter);
        return ForEachMeantAsync(
            Name, name => store.FindAsync(name, cancellation), () => store.ListAsync(cancellation), builder => builder.Name,
            async builder => await WriteAsync(builder, cancellation));
    }
}
