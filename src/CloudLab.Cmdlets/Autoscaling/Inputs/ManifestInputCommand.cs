using System.Management.Automation;
using System.Text.Json.Nodes;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Cmdlets.Autoscaling.Inputs;

/// <summary>Base of the cmdlets that work on all objects of some manifests together.</summary>
public abstract class ManifestInputCommand : LabCommand
{
    private ManifestInput? input;

    /// <summary>Manifest files (YAML or JSON), or folders of them; wildcards are allowed.</summary>
    [Parameter(Position = 0)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Manifest files or folders, without wildcards.</summary>
    [Parameter]
    [Alias("LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>The objects themselves: YAML or JSON text, hashtables, output of Get-LabResource, or files from Get-ChildItem. They are added to those of -Path.</summary>
    [Parameter(ValueFromPipeline = true)]
    [InputAsWritten]
    [AllowNull]
    public object? Manifest { get; set; }

    /// <inheritdoc/>
    protected override bool AllOnProcess => true;

    /// <summary>What to give, for the message that nothing was given.</summary>
    private protected abstract string Wanted { get; }

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        input = new(this);
        input.AddPaths(Path, LiteralPath);
    }

    /// <inheritdoc/>
    protected override void OnProcess() => input!.Add(Manifest);

    /// <summary>Reads all objects.</summary>
    /// <param name="cancellation">Stops reading.</param>
    /// <returns>The objects. Throws <see cref="LabException"/> (<c>NoManifest</c>) where there are none.</returns>
    protected async Task<List<JsonObject>> ReadAsync(CancellationToken cancellation) =>
        await input!.ReadAsync(cancellation) is { Count: > 0 } objects ? objects
        : throw new LabException(LabErrorKind.InvalidArgument, "NoManifest", $"There is nothing to measure: {Wanted}.");
}
