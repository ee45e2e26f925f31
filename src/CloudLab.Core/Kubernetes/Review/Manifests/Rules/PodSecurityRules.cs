using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Review.Manifests.Rules;

/// <summary>Rules about what pods may do on their nodes.</summary>
internal static class PodSecurityRules
{
    private static readonly string[] RuntimeSockets = ["docker.sock", "containerd.sock", "crio.sock", "podman.sock", "cri-dockerd.sock"];
    private static readonly string[] NearlyRoot = ["ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO", "SYS_BOOT", "DAC_READ_SEARCH", "BPF", "MAC_ADMIN", "MAC_OVERRIDE"];

    /// <summary>The checks.</summary>
    internal static IReadOnlyList<ManifestCheck> Checks { get; } = [Pods, Volumes, Containers];

    private static IEnumerable<LabManifestFinding> Pods(ReviewedSet set)
    {
        foreach (ReviewedObject one in set.PodOwners())
        {
            string[] shared = [.. new[] { "hostNetwork", "hostPID", "hostIPC" }.Where(field => one.PodSpec!.Flag(field))];
            if (shared.Length > 0)
            {
                yield return one.Find(ManifestRule.HostNamespace, $"{one.PodSpecPath}.{shared[0]}", $"{one.Label} has {string.Join(" and ", shared)}.");
            }
        }
    }

    private static IEnumerable<LabManifestFinding> Volumes(ReviewedSet set)
    {
        foreach (ReviewedObject one in set.PodOwners())
        {
            foreach ((JsonObject volume, string path) in one.PodSpec.Items("volumes", one.PodSpecPath))
            {
                if (volume.Object("hostPath")?.Text("path") is not { } host)
                {
                    continue;
                }

                string name = host.TrimEnd('/');
                ReviewedContainer[] users = [.. one.Containers.Where(container => container.Content.Objects("volumeMounts").Any(mount => mount.Text("name") == volume.Text("name")))];
                bool readOnly = users.Length > 0 && users.All(container => container.Content.Objects("volumeMounts").Where(mount => mount.Text("name") == volume.Text("name")).All(mount => mount.Flag("readOnly")));
                if (Array.Exists(RuntimeSockets, socket => name.EndsWith("/" + socket, StringComparison.Ordinal)))
                {
                    yield return one.Find(ManifestRule.RuntimeSocketMounted, path + ".hostPath.path", $"{one.Label} mounts {host} of its node.");
                }
                else if (name.Length == 0 || name is "/etc" or "/root" or "/var/lib/kubelet" or "/etc/kubernetes" or "/var/lib/etcd")
                {
                    yield return one.Find(
                        ManifestRule.HostPathVolume, path + ".hostPath.path", $"{one.Label} mounts {host} of its node, where its credentials are.", severity: readOnly ? null : FindingSeverity.High);
                }
                else
                {
                    // An agent on every node is made for it.
                    yield return one.Find(ManifestRule.HostPathVolume, path + ".hostPath.path", $"{one.Label} mounts {host} of its node.", severity: readOnly || one.Kind == "DaemonSet" ? FindingSeverity.Low : null);
                }
            }
        }
    }

    private static IEnumerable<LabManifestFinding> Containers(ReviewedSet set)
    {
        foreach (ReviewedObject one in set.PodOwners())
        {
            JsonObject pod = one.PodSpec!.Object("securityContext") ?? [];
            bool hostNetwork = one.PodSpec!.Flag("hostNetwork"), isWindows = one.PodSpec!.Object("os")?.Text("name") == "windows";
            bool podRoot = pod.Number("runAsUser") == 0;
            if (podRoot && one.Containers.Any(container => container.Content.Object("securityContext")?["runAsUser"] is null))
            {
                yield return one.Find(ManifestRule.RunsAsRoot, one.PodSpecPath + ".securityContext.runAsUser", $"{one.Label} has runAsUser 0.");
            }

            foreach (ReviewedContainer container in one.Containers)
            {
                foreach (LabManifestFinding finding in Container(one, container, pod, hostNetwork, isWindows))
                {
                    yield return finding;
                }
            }
        }
    }

    private static IEnumerable<LabManifestFinding> Container(ReviewedObject one, ReviewedContainer container, JsonObject pod, bool hostNetwork, bool isWindows)
    {
        JsonObject own = container.Content.Object("securityContext") ?? [];
        string path = container.Path + ".securityContext";
        bool privileged = own.Flag("privileged");
        bool? escalation = own["allowPrivilegeEscalation"] is JsonValue value && value.TryGetValue(out bool flag) ? flag : null;
        if (privileged)
        {
            yield return one.Find(ManifestRule.PrivilegedContainer, path + ".privileged", $"Container {container.Name} is privileged.");
        }

        if (!hostNetwork)
        {
            foreach ((JsonObject port, string place) in container.Content.Items("ports", container.Path).Where(pair => pair.Item.Number("hostPort") > 0))
            {
                yield return one.Find(ManifestRule.HostPortUsed, place + ".hostPort", $"Container {container.Name} uses port {port.Number("hostPort")} of its node.");
            }
        }

        bool nonRoot = IsTrue(own["runAsNonRoot"] ?? pod["runAsNonRoot"]);
        if (own.Number("runAsUser") == 0)
        {
            yield return nonRoot
                ? one.Find(ManifestRule.SecurityContextConflict, path + ".runAsUser", $"Container {container.Name} has runAsUser 0 and runAsNonRoot true: it is not started.")
                : one.Find(ManifestRule.RunsAsRoot, path + ".runAsUser", $"Container {container.Name} has runAsUser 0.");
        }
        else if (own["runAsUser"] is null && pod.Number("runAsUser") == 0 && nonRoot)
        {
            yield return one.Find(ManifestRule.SecurityContextConflict, path, $"Container {container.Name} has runAsNonRoot true, and the pod runAsUser 0: it is not started.");
        }
        else if (!nonRoot && !isWindows && own["runAsUser"] is null && pod["runAsUser"] is null)
        {
            yield return one.Find(ManifestRule.RunAsNonRootMissing, path, $"Container {container.Name} may run as root.");
        }

        string[] added = [.. own.Object("capabilities")?.Texts("add").Select(name => name.StartsWith("CAP_", StringComparison.Ordinal) ? name[4..] : name) ?? []];
        if (escalation == false && (privileged || added.Contains("SYS_ADMIN")))
        {
            yield return one.Find(
                ManifestRule.SecurityContextConflict, path + ".allowPrivilegeEscalation",
                $"Container {container.Name} has allowPrivilegeEscalation false and {(privileged ? "privileged true" : "the capability SYS_ADMIN")}: the server refuses it.");
        }
        else if (escalation == true && !privileged)
        {
            yield return one.Find(ManifestRule.PrivilegeEscalation, path + ".allowPrivilegeEscalation", $"Container {container.Name} has allowPrivilegeEscalation true.");
        }
        else if (escalation is null && !privileged && !isWindows)
        {
            yield return one.Find(ManifestRule.PrivilegeEscalationNotDenied, path, $"Container {container.Name} does not deny the escalation of privileges.");
        }

        if (!own.Flag("readOnlyRootFilesystem") && !isWindows)
        {
            yield return one.Find(ManifestRule.RootFileSystemWritable, path, $"Container {container.Name} does not have readOnlyRootFilesystem true.");
        }

        // Privileged says it all.
        if (!privileged && added.Where(NearlyRoot.Contains).ToArray() is { Length: > 0 } capabilities)
        {
            yield return one.Find(ManifestRule.DangerousCapability, path + ".capabilities.add", $"Container {container.Name} has the capabilit{(capabilities.Length == 1 ? "y" : "ies")} {string.Join(", ", capabilities)}.");
        }

        if (own.Text("procMount") == "Unmasked")
        {
            yield return one.Find(ManifestRule.IsolationDisabled, path + ".procMount", $"Container {container.Name} has procMount Unmasked.");
        }

        foreach (string profile in privileged ? [] : new[] { "seccompProfile", "appArmorProfile" })
        {
            if (own.Object(profile)?.Text("type") == "Unconfined")
            {
                yield return one.Find(ManifestRule.IsolationDisabled, $"{path}.{profile}.type", $"Container {container.Name} has {profile} Unconfined.");
            }
            else if (own[profile] is null && pod.Object(profile)?.Text("type") == "Unconfined" && ReferenceEquals(container, one.Containers[0]))
            {
                yield return one.Find(ManifestRule.IsolationDisabled, $"{one.PodSpecPath}.securityContext.{profile}.type", $"{one.Label} has {profile} Unconfined.");
            }
        }
    }

    private static bool IsTrue(JsonNode? node) => node?.GetValueKind() == JsonValueKind.True;
}
