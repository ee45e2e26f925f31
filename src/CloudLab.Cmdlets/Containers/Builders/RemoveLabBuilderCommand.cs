using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Builders;

namespace CloudLab.Cmdlets.Containers.Builders;

/// <summary>Removes buildx builders with their containers and build caches.</summary>
/// <remarks>
/// <para>It asks before each builder unless -Force or -Confirm:$false is given. The builders of docker contexts cannot be
/// removed: they exist as long as the context.</para>
/// <para>Errors: BuilderNotFound, with the names that are similar; BuilderOfContext; BuildxFailed with what buildx says.</para>
/// </remarks>
/// <example>
/// <para>Shows which builders would be removed.</para>
/// <code>Get-LabBuilder cloudlab-* | Remove-LabBuilder -WhatIf</code>
/// </example>
/// <example>
/// <para>Creates a builder and removes it.</para>
/// <code>New-LabBuilder -Name cloudlab-example | Remove-LabBuilder -Force</code>
/// </example>
/// <inputtype>Names of builders.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabBuilder", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveLabBuilderCommand : DockerCommand
{
    /// <summary>Names of builders.</summary>
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Builder")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BuilderCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>Keeps the build cache for a new builder of the same name.</summary>
    [Parameter]
    public SwitchParameter KeepState { get; set; }

    /// <summary>Does not ask, and removes a builder that cannot be reached.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation)
    {
        BuilderStore store = new(Lab, Reporter);
        return ForEachAsync(Name, async name =>
        {
            if (await ShouldProcessAsync(name, KeepState ? "Remove builder, keep its cache" : "Remove builder and its cache", Force))
            {
                await store.RemoveAsync(name, KeepState, Force, cancellation);
            }
        });
    }
}
