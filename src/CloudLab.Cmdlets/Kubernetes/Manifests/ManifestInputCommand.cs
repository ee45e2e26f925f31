using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Manifests;

namespace CloudLab.Cmdlets.Kubernetes.Manifests;

/// <summary>Base of the cmdlets that read manifests from paths, text and objects.</summary>
public abstract class ManifestInputCommand : KubeCommand
{
    private ManifestInputs? inputs;

    /// <summary>Manifest files (YAML or JSON) or folders of them; wildcards are allowed. A folder with a kustomization.yaml is built by kubectl.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ManifestInputs.PathSet)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Manifest files or folders, without wildcards.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ManifestInputs.LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>The manifest itself: YAML or JSON text (also line by line, as from Get-Content), a hashtable, output of Get-LabResource, or a file from Get-ChildItem.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ManifestInputs.ManifestSet, ValueFromPipeline = true)]
    [AllowEmptyString]
    [InputAsWritten]
    public object? Manifest { get; set; }

    /// <summary>Includes subfolders; links to folders are not followed.</summary>
    [Parameter]
    [Alias("R")]
    public SwitchParameter Recurse { get; set; }

    /// <summary>What was read so far.</summary>
    protected IReadOnlyCollection<ManifestItem> Items => Inputs.Items;

    /// <summary>Whether an input could not be read at all.</summary>
    protected bool ReadFailed => Inputs.Failed;

    /// <summary>Namespace of the command line; an input's own property of that name is not meant.</summary>
    protected string? GivenNamespace { get; private set; }

    /// <summary>True where only kinds and names matter, not contents.</summary>
    protected virtual bool NamesOnly => false;

    /// <summary>True where it matters where in a text everything stands.</summary>
    protected virtual bool ForReview => false;

    private ManifestInputs Inputs => inputs ??= new ManifestInputs(this, WriteProblem) { Recurse = Recurse, NamesOnly = NamesOnly, ForReview = ForReview };

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        GivenNamespace = string.IsNullOrEmpty(Namespace) ? null : Namespace;
    }

    /// <inheritdoc/>
    protected override void OnProcess() => Inputs.Add(ParameterSetName, Path, LiteralPath, Manifest);

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) => Inputs.ReadAsync(cancellation);

    /// <summary>Reads what came line by line, when all inputs have come.</summary>
    /// <param name="cancellation">Stops reading.</param>
    /// <returns>Done when it is among <see cref="Items"/>.</returns>
    protected Task ReadRestAsync(CancellationToken cancellation) => Inputs.ReadRestAsync(cancellation);
}
