using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Capacity;
using CloudLab.Core.Autoscaling.Manifests;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Emulator.Kubernetes.Controllers;

/// <summary>Whether a pod may go to a node, by the module's own filters. Amounts are not looked at: nothing is really run.</summary>
internal static class NodeFit
{
    /// <summary>Why a pod cannot go to a node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="spec">Spec of the pod.</param>
    /// <param name="isDaemon">Whether it belongs to a DaemonSet.</param>
    /// <returns>The scheduler's words; null where it can.</returns>
    public static string? Refusal(JsonObject node, JsonObject spec, bool isDaemon)
    {
        try
        {
            return new NodeState(node).Outside(new SchedulablePod(new PodShape(spec, "pod"), isDaemon));
        }
        catch (LabException)
        {
            // No kubelet has said what it has.
            return "node(s) had no resources";
        }
    }
}
