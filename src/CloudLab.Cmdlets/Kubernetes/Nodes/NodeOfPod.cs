using System.Management.Automation;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Resources.Kinds;

namespace CloudLab.Cmdlets.Kubernetes.Nodes;

/// <summary>Finds the node that a piped pod means, whose own name is none of a node.</summary>
internal static class NodeOfPod
{
    /// <summary>The names of the nodes that an input means.</summary>
    /// <param name="names">Names that were given, or bound from the input.</param>
    /// <param name="input">The piped object; null where nothing is piped.</param>
    /// <returns>The node of a pod, else the names. Throws <see cref="LabException"/> (<c>NodeNameMissing</c>) for a pod that has no node.</returns>
    public static string[]? Or(string[]? names, object? input) =>
        (input is PSObject wrapped ? wrapped.BaseObject : input) is not LabPod pod ? names
        : pod.Node is { } node ? [node]
        : throw new LabException(LabErrorKind.NotFound, "NodeNameMissing", $"The pod {pod.Name} of namespace {pod.Namespace} runs on no node yet: Debug-LabPod {pod.Name} says why.");
}
