using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Manifests;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Review.Manifests.Rules;

/// <summary>Rules about workloads as a whole.</summary>
internal static partial class WorkloadRules
{
    private static readonly string[] TopologyKeys =
    [
        "kubernetes.io/hostname", "topology.kubernetes.io/zone", "topology.kubernetes.io/region", "kubernetes.io/os", "kubernetes.io/arch", "node.kubernetes.io/instance-type",
        "failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region", "beta.kubernetes.io/os", "beta.kubernetes.io/arch", "beta.kubernetes.io/instance-type",
    ];

    private static readonly (string Prefix, string Instead)[] OldAnnotations =
    [
        ("seccomp.security.alpha.kubernetes.io/", "securityContext.seccompProfile"),
        ("container.seccomp.security.alpha.kubernetes.io/", "securityContext.seccompProfile"),
        ("scheduler.alpha.kubernetes.io/critical-pod", "priorityClassName"),
        ("scheduler.alpha.kubernetes.io/tolerations", "tolerations"),
        ("scheduler.alpha.kubernetes.io/affinity", "affinity"),
        ("pod.alpha.kubernetes.io/init-containers", "initContainers"),
        ("pod.beta.kubernetes.io/init-containers", "initContainers"),
        ("pod.beta.kubernetes.io/hostname", "hostname"),
        ("security.alpha.kubernetes.io/sysctls", "securityContext.sysctls"),
    ];

    /// <summary>The checks.</summary>
    internal static IReadOnlyList<ManifestCheck> Checks { get; } =
        [Selectors, BarePods, RestartPolicies, Rollouts, StatefulSetServices, PreStops, Claims, Topologies, Annotations, Jobs, Labels];

    private static IEnumerable<LabManifestFinding> Selectors(ReviewedSet set)
    {
        foreach (ReviewedObject one in set.Objects.Where(one => one.Group is "apps" or "" && one.Kind is "Deployment" or "StatefulSet" or "DaemonSet" or "ReplicaSet" or "ReplicationController"))
        {
            JsonObject? selector = one.Content.Object("spec")?.Object("selector"), labels = one.PodLabels();
            if (selector is null || one.Template?.Object("metadata") is null && one.PodSpec is null)
            {
                continue;
            }

            bool matches = one.Kind == "ReplicationController" ? LabelMatch.ByMap(selector, labels) : LabelMatch.BySelector(selector, labels);
            if (!matches && one.Kind != "ReplicationController" && selector.Object("matchLabels") is null && selector["matchExpressions"] is null)
            {
                // Labels that stand directly in selector: an unknown field, which says it better.
                continue;
            }

            if (!matches)
            {
                JsonObject wanted = one.Kind == "ReplicationController" ? selector : selector.Object("matchLabels") ?? [];
                string[] missing = [.. wanted.Where(pair => labels is null || !JsonNode.DeepEquals(labels[pair.Key], pair.Value)).Select(pair => $"{pair.Key}={pair.Value}")];
                yield return one.Find(
                    ManifestRule.SelectorMismatch, one.TemplatePath + ".metadata.labels",
                    missing.Length > 0 ? $"The selector asks for {string.Join(',', missing)}, and the pod template has {ReviewedPods.Text(labels)}."
                        : $"The matchExpressions of the selector do not hold for the pod template, which has {ReviewedPods.Text(labels)}.");
            }
        }
    }

    private static IEnumerable<LabManifestFinding> BarePods(ReviewedSet set) => set.PodOwners()
        .Where(one => one is { Kind: "Pod", Group: "" } && !one.RunsToEnd() && one.Content.Object("metadata")?["ownerReferences"] is null && !IsHook(one) && !IsStatic(one))
        .Select(one => one.Find(ManifestRule.BarePod, "kind", $"{one.Label} has no controller."));

    // Tests of charts run once.
    private static bool IsHook(ReviewedObject one) => one.Annotations().Any(pair => pair.Key is "helm.sh/hook" or "argocd.argoproj.io/hook");

    // What the kubelet runs from a file on its node, the control plane for example.
    private static bool IsStatic(ReviewedObject one) => one.Namespace == "kube-system" && (one.PodSpec!.Flag("hostNetwork") || one.PodSpec!.Text("priorityClassName") is not null);

    private static IEnumerable<LabManifestFinding> RestartPolicies(ReviewedSet set)
    {
        foreach (ReviewedObject one in set.PodOwners().Where(one => one.IsBuiltIn() && one.Kind != "Pod"))
        {
            string? policy = one.PodSpec!.Text("restartPolicy");
            if (one.Kind is "Job" or "CronJob" ? policy is null or "Always" : policy is not (null or "Always"))
            {
                yield return one.Find(
                    ManifestRule.RestartPolicyWrong, one.PodSpecPath + ".restartPolicy",
                    policy is null ? $"{one.Label} has no restartPolicy, which means Always." : $"{one.Label} has restartPolicy {policy}.",
                    one.Kind is "Job" or "CronJob" ? "Set restartPolicy to OnFailure or Never." : "Leave restartPolicy out; pods that should run once belong in a Job.");
            }
        }
    }

    private static IEnumerable<LabManifestFinding> Rollouts(ReviewedSet set)
    {
        foreach (ReviewedObject one in set.Objects.Where(one => one is { Kind: "Deployment" or "DaemonSet", Group: "apps" }))
        {
            string field = one.Kind == "Deployment" ? "strategy" : "updateStrategy";
            JsonObject? rolling = one.Content.Object("spec")?.Object(field)?.Object("rollingUpdate");
            // What is missing is 25 % in a Deployment; in a DaemonSet no pod more and one pod less.
            if (rolling is not null && IsZero(rolling.NumberOrText("maxUnavailable")) && (rolling["maxSurge"] is null ? one.Kind == "DaemonSet" : IsZero(rolling.NumberOrText("maxSurge"))))
            {
                yield return one.Find(ManifestRule.RolloutImpossible, $"spec.{field}.rollingUpdate.maxUnavailable", $"{one.Label} has maxSurge 0 and maxUnavailable 0.");
            }
        }
    }

    private static bool IsZero(string? amount) => amount is "0" or "0%";

    private static IEnumerable<LabManifestFinding> StatefulSetServices(ReviewedSet set)
    {
        foreach (ReviewedObject one in set.OfKind("StatefulSet").Where(one => one.Group == "apps" && one.PodSpec is not null))
        {
            if (one.Content.Object("spec")?.Text("serviceName") is not { } name || ReviewedPods.IsPlaceholder(name))
            {
                continue;
            }

            ReviewedObject[] services = [.. set.OfKind("Service").Where(service => service.Group.Length == 0 && one.SharesNamespace(service))];
            IReadOnlyList<ReviewedObject> named = one.Nearest(services.Where(service => service.Name == name));
            if (named.Count == 0 && services.Where(service => service.Selects(one)).ToArray() is { Length: > 0 } near)
            {
                yield return one.Find(
                    ManifestRule.StatefulSetServiceMissing, "spec.serviceName",
                    $"There is no Service {name}; {string.Join(" and ", near.Select(service => service.Label).Distinct())} {(near.Length == 1 ? "selects" : "select")} the pods.");
            }

            foreach (ReviewedObject service in named.Where(service => service.Content.Object("spec")?.Text("clusterIP") != "None" && service.Content.Object("spec")?.Text("type") != "ExternalName").Take(1))
            {
                yield return one.Find(ManifestRule.StatefulSetServiceNotHeadless, "spec.serviceName", $"{service.Label} is not headless.");
            }
        }
    }

    private static IEnumerable<LabManifestFinding> PreStops(ReviewedSet set)
    {
        foreach (ReviewedObject one in set.PodOwners())
        {
            long grace = one.PodSpec!.Number("terminationGracePeriodSeconds") ?? 30;
            foreach (ReviewedContainer container in one.Containers)
            {
                if (container.Content.Object("lifecycle")?.Object("preStop") is not { } hook)
                {
                    continue;
                }

                long? sleep = hook.Object("sleep")?.Number("seconds") ?? SleepOf(hook.Object("exec")?.Texts("command") ?? []);
                if (sleep >= grace && sleep > 0)
                {
                    yield return one.Find(
                        ManifestRule.PreStopTooLong, container.Path + ".lifecycle.preStop",
                        string.Create(CultureInfo.InvariantCulture, $"The preStop hook of {container.Name} sleeps {sleep} s, and terminationGracePeriodSeconds is {grace}."));
                }
            }
        }
    }

    private static long? SleepOf(IReadOnlyList<string> command) =>
        Sleep().Match(string.Join(' ', command)) is { Success: true } match
        && long.TryParse(match.Groups["seconds"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) ? seconds : null;

    private static IEnumerable<LabManifestFinding> Claims(ReviewedSet set)
    {
        foreach (ReviewedObject one in set.PodOwners().Where(one => one is { Kind: "Deployment", Group: "apps" } && one.Content.Object("spec")?.Number("replicas") > 1))
        {
            foreach ((JsonObject volume, string path) in one.PodSpec.Items("volumes", one.PodSpecPath))
            {
                string? name = volume.Object("persistentVolumeClaim")?.Text("claimName");
                if (name is not null && one.Nearest(set.OfKind("PersistentVolumeClaim").Where(claim => claim.Name == name)) is [var claim, ..]
                    && claim.Content.Object("spec")?.Texts("accessModes") is { Count: > 0 } modes && modes.All(mode => mode is "ReadWriteOnce" or "ReadWriteOncePod"))
                {
                    yield return one.Find(
                        ManifestRule.ClaimSharedByReplicas, path + ".persistentVolumeClaim.claimName",
                        $"{one.Content.Object("spec")!.Number("replicas")} replicas use claim {name}, whose access mode is {string.Join(',', modes)}.");
                }
            }
        }
    }

    private static IEnumerable<LabManifestFinding> Topologies(ReviewedSet set)
    {
        foreach (ReviewedObject one in set.PodOwners())
        {
            foreach ((JsonObject constraint, string path) in one.PodSpec.Items("topologySpreadConstraints", one.PodSpecPath))
            {
                if (Misspelt(constraint.Text("topologyKey")) is { } meant)
                {
                    yield return one.Find(ManifestRule.TopologyKeyUnknown, path + ".topologyKey", $"Nodes have no label {constraint.Text("topologyKey")}.", $"Write {meant}.");
                }

                if (constraint.Object("labelSelector") is { } selector && !LabelMatch.BySelector(selector, one.PodLabels()))
                {
                    yield return one.Find(ManifestRule.SpreadSelectsOthers, path + ".labelSelector", $"The labelSelector does not match the pods, which have {ReviewedPods.Text(one.PodLabels())}.");
                }
            }

            foreach (string kind in new[] { "podAffinity", "podAntiAffinity" })
            {
                JsonObject? affinity = one.PodSpec!.Object("affinity")?.Object(kind);
                string place = $"{one.PodSpecPath}.affinity.{kind}";
                IEnumerable<(JsonObject Term, string Path)> terms = affinity.Items("requiredDuringSchedulingIgnoredDuringExecution", place)
                    .Concat(affinity.Items("preferredDuringSchedulingIgnoredDuringExecution", place)
                        .Where(pair => pair.Item.Object("podAffinityTerm") is not null).Select(pair => (pair.Item.Object("podAffinityTerm")!, pair.Path + ".podAffinityTerm")));
                foreach ((JsonObject term, string path) in terms)
                {
                    if (Misspelt(term.Text("topologyKey")) is { } meant)
                    {
                        yield return one.Find(ManifestRule.TopologyKeyUnknown, path + ".topologyKey", $"Nodes have no label {term.Text("topologyKey")}.", $"Write {meant}.");
                    }
                }
            }
        }
    }

    // Labels of one's own are nobody's business; a wrong name that is nearly a well-known one is.
    private static string? Misspelt(string? key) => key is null || TopologyKeys.Contains(key) ? null
        : Array.Find(TopologyKeys, known => ReviewedPods.IsSlip(key, known) || (key.Contains("kubernetes.io/", StringComparison.Ordinal) && known.Split('/')[1] == key.Split('/')[^1] && !key.Contains("node.kubernetes.io/", StringComparison.Ordinal)));

    private static IEnumerable<LabManifestFinding> Annotations(ReviewedSet set)
    {
        foreach (ReviewedObject one in set.PodOwners())
        {
            string path = one.TemplatePath + (one.TemplatePath.Length > 0 ? "." : "") + "metadata.annotations";
            foreach ((string name, _) in one.Template?.Object("metadata")?.Object("annotations") ?? [])
            {
                if (Array.Find(OldAnnotations, old => name.StartsWith(old.Prefix, StringComparison.Ordinal)) is { Prefix: not null } found)
                {
                    yield return one.Find(ManifestRule.AnnotationIgnored, FieldPath.Of(path, name), $"Nobody reads the annotation {name} any more.", $"Use {found.Instead} of the pod spec.");
                }
            }
        }
    }

    private static IEnumerable<LabManifestFinding> Jobs(ReviewedSet set) => set.PodOwners()
        .Where(one => one is { Kind: "Job", Group: "batch" } && one.Content.Object("spec")?["ttlSecondsAfterFinished"] is null)
        .Select(one => one.Find(ManifestRule.JobNeverRemoved, "spec", $"{one.Label} has no ttlSecondsAfterFinished."));

    private static IEnumerable<LabManifestFinding> Labels(ReviewedSet set) => set.PodOwners()
        .Where(one => one.IsBuiltIn() && one.Content.Labels()?["app.kubernetes.io/name"] is null)
        .Select(one => one.Find(ManifestRule.RecommendedLabelsMissing, "metadata.labels", $"{one.Label} has no label app.kubernetes.io/name."));

    [GeneratedRegex(@"(?:^|[\s;/&])sleep\s+(?<seconds>\d{1,6})(?:s\b|\b(?![.\dmhd]))")]
    private static partial Regex Sleep();
}
