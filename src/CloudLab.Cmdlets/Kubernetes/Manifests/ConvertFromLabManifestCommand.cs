using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Manifests;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Cmdlets.Kubernetes.Manifests;

/// <summary>Reads Kubernetes manifests into objects that can be looked at, changed and deployed. No cluster is needed.</summary>
/// <remarks>
/// <para>
/// Accepts the same input as Deploy-LabManifest: YAML with several documents, JSON, lists, files, folders and kustomization folders. The objects are of the type
/// that Get-LabResource writes: their fields are properties, can be changed, and go on to Deploy-LabManifest, Compare-LabManifest and Remove-LabManifest.
/// </para>
/// <para>Errors: ManifestSyntax with file, line and column; ManifestInvalid; ManifestNotFound. Each concerns one document, and the others are read.</para>
/// </remarks>
/// <example>
/// <para>Changes an image before the deployment.</para>
/// <code>
/// ConvertFrom-LabManifest ./manifest.yaml | ForEach-Object {
///     if ($_.Kind -eq 'Deployment') { $_.Spec.replicas = 1 }
///     $_
/// } | Deploy-LabManifest -WhatIf
/// </code>
/// </example>
/// <example>
/// <para>The kinds and names in a text.</para>
/// <code>"{ apiVersion: v1, kind: ConfigMap, metadata: { name: movies } }`n" | ConvertFrom-LabManifest | Select-Object Kind, Name</code>
/// </example>
/// <inputtype>Text, hashtables, files from Get-ChildItem.</inputtype>
[Cmdlet(VerbsData.ConvertFrom, "LabManifest", DefaultParameterSetName = ManifestInputs.PathSet)]
[OutputType(typeof(LabResource))]
public sealed class ConvertFromLabManifestCommand : LabCommand
{
    private ManifestInputs? inputs;

    /// <inheritdoc cref="ManifestInputCommand.Path"/>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ManifestInputs.PathSet)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <inheritdoc cref="ManifestInputCommand.LiteralPath"/>
    [Parameter(Mandatory = true, ParameterSetName = ManifestInputs.LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <inheritdoc cref="ManifestInputCommand.Manifest"/>
    [Parameter(Mandatory = true, ParameterSetName = ManifestInputs.ManifestSet, ValueFromPipeline = true)]
    [AllowEmptyString]
    [InputAsWritten]
    public object? Manifest { get; set; }

    /// <inheritdoc cref="ManifestInputCommand.Recurse"/>
    [Parameter]
    [Alias("R")]
    public SwitchParameter Recurse { get; set; }

    private ManifestInputs Inputs => inputs ??= new ManifestInputs(this, WriteProblem) { Recurse = Recurse };

    /// <inheritdoc/>
    protected override void OnProcess() => Inputs.Add(ParameterSetName, Path, LiteralPath, Manifest);

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        await Inputs.ReadAsync(cancellation);
        await WriteReadAsync(cancellation);
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellation)
    {
        await Inputs.ReadRestAsync(cancellation);
        await WriteReadAsync(cancellation);
    }

    private async Task WriteReadAsync(CancellationToken cancellation)
    {
        foreach (ManifestItem item in Inputs.Take())
        {
            if (item.Problem is { } problem)
            {
                WriteProblem(problem, problem.Target);
            }
            else
            {
                await WriteAsync(item.ToResource(), cancellation);
            }
        }
    }
}
