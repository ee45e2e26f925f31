using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources.Kinds;
using CloudLab.Core.Kubernetes.Review;

namespace CloudLab.Core.Kubernetes.Nodes;

/// <summary>What the conditions and taints of a node say is wrong with it. Pure: it asks no cluster.</summary>
internal static class NodeConditions
{
    // Kubernetes sets these itself, and a condition or the cordon says the same in better words.
    private static readonly HashSet<string> OwnTaints =
    [
        "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable", "node.kubernetes.io/memory-pressure", "node.kubernetes.io/disk-pressure",
        "node.kubernetes.io/pid-pressure", "node.kubernetes.io/network-unavailable", "node.kubernetes.io/unschedulable",
    ];

    /// <summary>Judges a node.</summary>
    /// <param name="node">The node.</param>
    /// <returns>Findings, the most important first.</returns>
    public static IEnumerable<LabNodeFinding> Of(JsonObject node) => Judge(node).OrderByDescending(one => one.Severity);

    private static IEnumerable<LabNodeFinding> Judge(JsonObject node)
    {
        JsonObject spec = node.Object("spec") ?? [], metadata = node.Object("metadata") ?? [];
        JsonObject? ready = node.Condition("Ready");
        bool heard = ready?.Text("status") is "True" or "False";
        if (ready is null)
        {
            yield return Found(
                FindingSeverity.High, "KubeletNeverReported", "No kubelet has reported for the node yet, so nothing runs on it.",
                "Start the kubelet on the machine and check that it joins under this name; remove the Node object if the machine is not coming.");
        }
        else if (!heard)
        {
            yield return Found(
                FindingSeverity.High, "NodeUnreachable", $"The control plane has heard nothing of the kubelet since {When(ready.Text("lastHeartbeatTime") ?? ready.Text("lastTransitionTime"))}: {Words(ready)}",
                "Check that the machine is on and reaches the API server, and there: systemctl status kubelet, journalctl -u kubelet. Pods on it are not replaced before their tolerations end (5 minutes).");
        }
        else if (ready.Text("status") == "False")
        {
            string message = ready.Text("message") ?? "";
            yield return Found(
                FindingSeverity.High, "NodeNotReady", $"The kubelet says that the node is not ready since {When(ready.Text("lastTransitionTime"))}: {Words(ready)}",
                message.Contains("network", StringComparison.OrdinalIgnoreCase) ? "Install or repair the network plugin (CNI): its pods on this node, and /etc/cni/net.d."
                    : message.Contains("runtime", StringComparison.OrdinalIgnoreCase) || message.Contains("PLEG", StringComparison.Ordinal) ? "Check the container runtime on the machine: systemctl status containerd."
                    : "Look at what the message names, and at journalctl -u kubelet on the machine.");
        }

        foreach (JsonObject condition in node.Object("status")?.Objects("conditions") ?? [])
        {
            string type = condition.Text("type") ?? "", since = When(condition.Text("lastTransitionTime"));
            if (type == "Ready" || condition.Text("status") != "True")
            {
                continue;
            }

            yield return type switch
            {
                "MemoryPressure" => Found(
                    FindingSeverity.Medium, type, $"The node is short of memory since {since}, so the kubelet evicts pods and takes no new ones without requests: {Words(condition)}",
                    "Find what uses it (Get-LabMetric pods -AllNamespaces | Sort-Object MemoryBytes -Descending), and give pods memory requests and limits."),
                "DiskPressure" => Found(
                    FindingSeverity.Medium, type, $"The node is short of disk space since {since}, so the kubelet removes images, evicts pods and takes no new ones: {Words(condition)}",
                    "Free space on the machine: unused images and containers, logs, emptyDir volumes of pods."),
                "PIDPressure" => Found(
                    FindingSeverity.Medium, type, $"The node is short of process ids since {since}, so the kubelet evicts pods and takes no new ones: {Words(condition)}",
                    "Find the pod that starts too many processes, and set the kubelet's podPidsLimit."),
                "NetworkUnavailable" => Found(
                    FindingSeverity.High, type, $"The network of the node is not set up since {since}: {Words(condition)}",
                    "Check the network plugin or the cloud's route controller, which clears this condition."),
                _ => Found(FindingSeverity.Medium, type, $"The condition {type} holds since {since}: {Words(condition)}", "Look at what the message names; something on the node reports it."),
            };
        }

        if (metadata.Text("deletionTimestamp") is { } deleted)
        {
            yield return Found(
                FindingSeverity.Medium, "Terminating", $"The Node object is being deleted since {When(deleted)} and waits for its finalizers: {string.Join(", ", metadata.Texts("finalizers"))}.",
                "Check the controller that has to remove the finalizer.");
        }

        if (spec.Flag("unschedulable"))
        {
            string since = (spec.Objects("taints").FirstOrDefault(taint => taint.Text("key") == "node.kubernetes.io/unschedulable")?.Text("timeAdded")) is { } added ? $" since {When(added)}" : "";
            yield return Found(FindingSeverity.Low, "Cordoned", $"The node is cordoned{since}: no new pods are scheduled on it.", $"Resume-LabNode {metadata.Text("name")} takes it into use again.");
        }

        string[] taints =
        [
            .. spec.Objects("taints").Where(taint => taint.Text("effect") is "NoSchedule" or "NoExecute" && !OwnTaints.Contains(taint.Text("key") ?? ""))
                .Select(taint => $"{taint.Text("key")}{(taint.Text("value") is { } value ? "=" + value : "")}:{taint.Text("effect")}"),
        ];
        if (taints.Length > 0)
        {
            yield return Found(
                FindingSeverity.Low, "Tainted", $"Only pods that tolerate {string.Join(", ", taints)} are scheduled on the node.", "Give pods that belong here a toleration, or remove the taint.");
        }
    }

    /// <summary>A time, and how long it is ago.</summary>
    /// <param name="time">As the server writes it.</param>
    /// <returns><c>2026-11-29T17:43:21Z (5m10s ago)</c>.</returns>
    internal static string When(string? time) => ResourceParts.Time(time) is { } at
        ? string.Create(CultureInfo.InvariantCulture, $"{at:yyyy-MM-dd'T'HH:mm:ss'Z'} ({ShortDuration.Of(DateTimeOffset.UtcNow - at)} ago)")
        : "a time that is not known";

    private static string Words(JsonObject condition)
    {
        string message = OneLine.Of(condition.Text("message"));
        return $"{(message.Length == 0 ? condition.Text("reason") ?? "no reason is given" : $"{message.TrimEnd('.')} ({condition.Text("reason")})")}.";
    }

    private static LabNodeFinding Found(FindingSeverity severity, string rule, string message, string action) =>
        new() { Severity = severity, Rule = rule, Message = message, Action = action };
}
