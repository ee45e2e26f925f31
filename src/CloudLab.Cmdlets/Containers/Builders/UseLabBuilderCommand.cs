using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Builders;

namespace CloudLab.Cmdlets.Containers.Builders;

/// <summary>Chooses the builder that Build-LabImage and 'docker buildx' use if none is named.</summary>
/// <remarks>
/// <para>The choice is kept in the docker CLI's configuration, for each engine. The variable BUILDX_BUILDER has precedence.</para>
/// <para>Errors: BuilderNotFound, with the names that are similar.</para>
/// </remarks>
/// <example>
/// <para>Uses the engine's own builder.</para>
/// <code>Use-LabBuilder -Name default</code>
/// </example>
/// <example>
/// <para>Shows what would be chosen.</para>
/// <code>Get-LabBuilder | Where-Object Driver -EQ docker | Select-Object -First 1 | Use-LabBuilder -WhatIf</code>
/// </example>
/// <inputtype>Name of a builder.</inputtype>
[Cmdlet(VerbsOther.Use, "LabBuilder", SupportsShouldProcess = true)]
[OutputType(typeof(LabBuilder))]
public sealed class UseLabBuilderCommand : DockerCommand
{
    /// <summary>Name of a builder.</summary>
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Builder")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BuilderCompleter))]
    public string Name { get; set; } = "";

    /// <summary>Writes the builder.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override object? ErrorTarget => Name;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (!await ShouldProcessAsync(Name, "Use this builder"))
        {
            return;
        }

        BuilderStore store = new(Lab, Reporter);
        await store.UseAsync(Name, cancellation);
        if (Lab.Docker.SelectedBuilder is { } other && other != Name)
        {
            Reporter.Warning($"The environment variable BUILDX_BUILDER is set to '{other}' and has precedence over the builder '{Name}'.");
        }

        if (PassThru)
        {
            await WriteAsync(await store.FindAsync(Name, cancellation), cancellation);
        }
    }
}
