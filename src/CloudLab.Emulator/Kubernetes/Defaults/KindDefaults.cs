using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Resources;

namespace CloudLab.Emulator.Kubernetes.Defaults;

/// <summary>The values that fields get when nobody gives one.</summary>
internal static class KindDefaults
{
    public static void Set(ResourceKind kind, JsonObject node)
    {
        switch (kind.StorageKey)
        {
            case "/secrets":
                node.Default("type", "Opaque");
                break;
            case "rbac.authorization.k8s.io/clusterrolebindings" or "rbac.authorization.k8s.io/rolebindings":
                node.Object("roleRef")?.Default("apiGroup", "rbac.authorization.k8s.io");
                foreach (JsonObject subject in node.Items("subjects").Where(subject => subject.Text("kind") is "User" or "Group"))
                {
                    subject.Default("apiGroup", "rbac.authorization.k8s.io");
                }

                break;
            case "storage.k8s.io/storageclasses":
                node.Default("reclaimPolicy", "Delete");
                node.Default("volumeBindingMode", "Immediate");
                break;
            case "scheduling.k8s.io/priorityclasses":
                node.Default("preemptionPolicy", "PreemptLowerPriority");
                break;
        }

        if (node["spec"] is JsonObject spec)
        {
            Spec(kind, spec);
        }
    }

    private static void Spec(ResourceKind kind, JsonObject spec)
    {
        switch (kind.StorageKey)
        {
            case "/pods":
                spec.Default("enableServiceLinks", true);
                Pod(spec);
                break;
            case "/replicationcontrollers":
                spec.Default("replicas", 1);
                if (spec["selector"] is null && spec.At("template", "metadata", "labels") is { } labels)
                {
                    spec["selector"] = labels.DeepClone();
                }

                Template(spec);
                break;
            case "apps/deployments":
                Deployment(spec);
                break;
            case "apps/replicasets":
                spec.Default("replicas", 1);
                Template(spec);
                break;
            case "apps/statefulsets":
                StatefulSet(spec);
                break;
            case "apps/daemonsets":
                DaemonSet(spec);
                break;
            case "batch/jobs":
                Job(spec);
                break;
            case "batch/cronjobs":
                spec.Default("concurrencyPolicy", "Allow");
                spec.Default("suspend", false);
                spec.Default("successfulJobsHistoryLimit", 3);
                spec.Default("failedJobsHistoryLimit", 1);
                if (spec.Object("jobTemplate", "spec") is { } job)
                {
                    Template(job);
                }

                break;
            case "/services":
                Service(spec);
                break;
            case "autoscaling/horizontalpodautoscalers":
                Autoscaler(kind, spec);
                break;
            case "/persistentvolumeclaims":
                spec.Default("volumeMode", "Filesystem");
                break;
            case "/persistentvolumes":
                spec.Default("volumeMode", "Filesystem");
                spec.Default("persistentVolumeReclaimPolicy", "Retain");
                break;
            case "networking.k8s.io/networkpolicies":
                NetworkPolicy(spec);
                break;
            case "apiextensions.k8s.io/customresourcedefinitions":
                JsonObject names = spec.Ensure("names");
                if (names.Text("kind") is { } name)
                {
                    names.Default("singular", name.ToLowerInvariant());
                    names.Default("listKind", name + "List");
                }

                spec.Ensure("conversion").Default("strategy", "None");
                break;
        }
    }

    private static void Template(JsonObject spec)
    {
        if (spec.Object("template", "spec") is { } pod)
        {
            Pod(pod);
        }
    }

    private static void Pod(JsonObject spec)
    {
        spec.Default("restartPolicy", "Always");
        spec.Default("dnsPolicy", "ClusterFirst");
        spec.Default("schedulerName", "default-scheduler");
        spec.Default("terminationGracePeriodSeconds", 30);
        spec.Default("securityContext", new JsonObject());
        if (spec.Text("serviceAccountName") is { Length: > 0 } account)
        {
            spec.Default("serviceAccount", account);
        }
        else if (spec.Text("serviceAccount") is { Length: > 0 } old)
        {
            spec["serviceAccountName"] = old;
        }

        foreach (JsonObject container in spec.Items("containers").Concat(spec.Items("initContainers")))
        {
            Container(container);
        }

        foreach (JsonObject volume in spec.Items("volumes"))
        {
            Volume(volume);
        }
    }

    private static void Container(JsonObject container)
    {
        container.Default("terminationMessagePath", "/dev/termination-log");
        container.Default("terminationMessagePolicy", "File");
        string image = container.Text("image") ?? "", last = image[(image.LastIndexOf('/') + 1)..];
        bool isLatest = !image.Contains('@', StringComparison.Ordinal)
            && (!last.Contains(':', StringComparison.Ordinal) || last.EndsWith(":latest", StringComparison.Ordinal));
        container.Default("imagePullPolicy", isLatest ? "Always" : "IfNotPresent");
        foreach (string name in (string[])["livenessProbe", "readinessProbe", "startupProbe"])
        {
            if (container[name] is JsonObject probe)
            {
                probe.Default("timeoutSeconds", 1);
                probe.Default("periodSeconds", 10);
                probe.Default("successThreshold", 1);
                probe.Default("failureThreshold", 3);
                probe.Object("httpGet")?.Default("path", "/");
                probe.Object("httpGet")?.Default("scheme", "HTTP");
            }
        }

        foreach (JsonObject variable in container.Items("env"))
        {
            variable.Object("valueFrom", "fieldRef")?.Default("apiVersion", "v1");
        }

        // A limit is a request too, unless one is given.
        if (container.Object("resources", "limits") is { } limits)
        {
            JsonObject requests = container.Ensure("resources").Ensure("requests");
            foreach ((string resource, JsonNode? amount) in limits)
            {
                requests.Default(resource, amount!.DeepClone());
            }
        }
    }

    private static void Volume(JsonObject volume)
    {
        if (volume.Count == 1)
        {
            volume["emptyDir"] = new JsonObject();
        }

        foreach (string name in (string[])["configMap", "secret", "projected", "downwardAPI"])
        {
            volume.Object(name)?.Default("defaultMode", 420);
        }

        volume.Object("hostPath")?.Default("type", "");
        List<JsonObject> sources = [.. volume.Items("projected", "sources")];
        foreach (JsonObject item in volume.Items("downwardAPI", "items").Concat(sources.SelectMany(source => source.Items("downwardAPI", "items"))))
        {
            item.Object("fieldRef")?.Default("apiVersion", "v1");
        }

        foreach (JsonObject source in sources)
        {
            source.Object("serviceAccountToken")?.Default("expirationSeconds", 3600);
        }
    }

    private static void Deployment(JsonObject spec)
    {
        spec.Default("replicas", 1);
        JsonObject strategy = spec.Ensure("strategy");
        strategy.Default("type", "RollingUpdate");
        if (strategy.Text("type") == "RollingUpdate")
        {
            JsonObject rolling = strategy.Ensure("rollingUpdate");
            rolling.Default("maxUnavailable", "25%");
            rolling.Default("maxSurge", "25%");
        }

        spec.Default("revisionHistoryLimit", 10);
        spec.Default("progressDeadlineSeconds", 600);
        Template(spec);
    }

    private static void StatefulSet(JsonObject spec)
    {
        spec.Default("replicas", 1);
        spec.Default("podManagementPolicy", "OrderedReady");
        JsonObject update = spec.Ensure("updateStrategy");
        update.Default("type", "RollingUpdate");
        if (update.Text("type") == "RollingUpdate")
        {
            update.Ensure("rollingUpdate").Default("partition", 0);
        }

        spec.Default("revisionHistoryLimit", 10);
        JsonObject retention = spec.Ensure("persistentVolumeClaimRetentionPolicy");
        retention.Default("whenDeleted", "Retain");
        retention.Default("whenScaled", "Retain");
        foreach (JsonObject claim in spec.Items("volumeClaimTemplates"))
        {
            claim["apiVersion"] = "v1";
            claim["kind"] = "PersistentVolumeClaim";
            claim.Ensure("spec").Default("volumeMode", "Filesystem");
            claim.Ensure("status").Default("phase", "Pending");
        }

        Template(spec);
    }

    private static void DaemonSet(JsonObject spec)
    {
        JsonObject update = spec.Ensure("updateStrategy");
        update.Default("type", "RollingUpdate");
        if (update.Text("type") == "RollingUpdate")
        {
            JsonObject rolling = update.Ensure("rollingUpdate");
            rolling.Default("maxUnavailable", 1);
            rolling.Default("maxSurge", 0);
        }

        spec.Default("revisionHistoryLimit", 10);
        Template(spec);
    }

    private static void Job(JsonObject spec)
    {
        if (spec["completions"] is null && spec["parallelism"] is null)
        {
            spec["completions"] = 1;
        }

        spec.Default("parallelism", 1);
        spec.Default("backoffLimit", 6);
        spec.Default("completionMode", "NonIndexed");
        spec.Default("suspend", false);
        spec.Default("manualSelector", false);
        spec.Default("podReplacementPolicy", spec["podFailurePolicy"] is null ? "TerminatingOrFailed" : "Failed");
        Template(spec);
    }

    private static void Service(JsonObject spec)
    {
        spec.Default("type", "ClusterIP");
        string type = spec.Text("type")!;
        spec.Default("sessionAffinity", "None");
        if (spec.Text("sessionAffinity") == "ClientIP")
        {
            spec.Ensure("sessionAffinityConfig").Ensure("clientIP").Default("timeoutSeconds", 10800);
        }

        if (type != "ExternalName")
        {
            spec.Default("internalTrafficPolicy", "Cluster");
        }

        if (type is "NodePort" or "LoadBalancer")
        {
            spec.Default("externalTrafficPolicy", "Cluster");
        }
        else
        {
            spec.Remove("externalTrafficPolicy");
        }

        if (type == "LoadBalancer")
        {
            spec.Default("allocateLoadBalancerNodePorts", true);
        }
        else
        {
            spec.Remove("allocateLoadBalancerNodePorts");
        }

        foreach (JsonObject port in spec.Items("ports"))
        {
            if (port["targetPort"] is null || port.Number("targetPort") == 0 || port.Text("targetPort") == "")
            {
                port["targetPort"] = port["port"]?.DeepClone();
            }
        }
    }

    private static void Autoscaler(ResourceKind kind, JsonObject spec)
    {
        spec.Default("minReplicas", 1);
        if (kind.Version == "v1")
        {
            spec.Default("targetCPUUtilizationPercentage", 80);
        }
        else if (spec["metrics"] is not JsonArray { Count: > 0 })
        {
            spec["metrics"] = new JsonArray(new JsonObject
            {
                ["type"] = "Resource",
                ["resource"] = new JsonObject
                {
                    ["name"] = "cpu",
                    ["target"] = new JsonObject { ["type"] = "Utilization", ["averageUtilization"] = 80 },
                },
            });
        }
    }

    private static void NetworkPolicy(JsonObject spec)
    {
        if (spec["policyTypes"] is null)
        {
            spec["policyTypes"] = spec["egress"] is null ? new JsonArray("Ingress") : new JsonArray("Ingress", "Egress");
        }

        foreach (JsonObject port in spec.Items("ingress").Concat(spec.Items("egress")).SelectMany(rule => rule.Items("ports")))
        {
            port.Default("protocol", "TCP");
        }
    }
}
