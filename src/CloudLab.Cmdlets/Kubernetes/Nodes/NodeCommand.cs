using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Kubernetes.Resources;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Cmdlets.Kubernetes.Nodes;

/// <summary>Base of the cmdlets that do something to nodes that are named or selected.</summary>
public abstract class NodeCommand : ResourceTargetBase
{
    /// <summary>Names of nodes; wildcards are allowed.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Node", "NodeName")]
    [ArgumentCompleter(typeof(KindNameCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[]? Name { get; set; }

    /// <summary>What is piped: of a pod, the node that it runs on is meant.</summary>
    [Parameter(ValueFromPipeline = true, DontShow = true)]
    public object? InputObject { get; set; }

    /// <inheritdoc/>
    private protected override List<AskedKind> Asked() => Name is null && LabelSelector is null && FieldSelector is null
        ? throw new LabException(LabErrorKind.InvalidArgument, "NodeNameMissing", "No node is named: give -Name with a node, where * means all, or -LabelSelector. Get-LabNode lists them.")
        : [new("nodes", NodeOfPod.Or(Name, InputObject))];
}
