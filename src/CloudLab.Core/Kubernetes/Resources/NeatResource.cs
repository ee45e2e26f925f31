using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources.Kinds;

namespace CloudLab.Core.Kubernetes.Resources;

/// <summary>
/// An object as somebody would have written it: without what the server and its controllers fill in, and without fields whose value
/// the server would fill in again. What is left makes the same object.
/// </summary>
internal static class NeatResource
{
    private static readonly string[] Bookkeeping =
    [
        "managedFields", "uid", "resourceVersion", "creationTimestamp", "generation", "selfLink", "generateName", "ownerReferences",
        "deletionTimestamp", "deletionGracePeriodSeconds",
    ];

    private static readonly string[] ControllersAnnotations =
    [
        "kubectl.kubernetes.io/last-applied-configuration", "deployment.kubernetes.io/", "pv.kubernetes.io/", "volume.kubernetes.io/",
        "volume.beta.kubernetes.io/", "autoscaling.alpha.kubernetes.io/", "deprecated.daemonset.template.generation", "batch.kubernetes.io/job-tracking",
        "control-plane.alpha.kubernetes.io/leader", "endpoints.kubernetes.io/last-change-trigger-time",
    ];

    private static readonly string[] ControllersLabels =
    [
        "kubernetes.io/metadata.name", "pod-template-hash", "controller-revision-hash", "pod-template-generation", "controller-uid",
        "batch.kubernetes.io/controller-uid", "job-name", "batch.kubernetes.io/job-name", "apps.kubernetes.io/pod-index",
        "statefulset.kubernetes.io/pod-name",
    ];

    private static readonly JsonObject PodDefaults = Parse("""
        {"restartPolicy":"Always","dnsPolicy":"ClusterFirst","schedulerName":"default-scheduler","securityContext":{},"terminationGracePeriodSeconds":30,
         "enableServiceLinks":true,"preemptionPolicy":"PreemptLowerPriority","priority":0,"serviceAccountName":"default","serviceAccount":"default"}
        """);

    private static readonly JsonObject ContainerDefaults = Parse("""
        {"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","resources":{}}
        """);

    private static readonly JsonObject ProbeDefaults = Parse("""
        {"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3}
        """);

    private static readonly Dictionary<string, JsonObject> SpecDefaults = new(StringComparer.Ordinal)
    {
        ["Deployment"] = Parse("""{"progressDeadlineSeconds":600,"revisionHistoryLimit":10,"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":"25%","maxUnavailable":"25%"}}}"""),
        ["StatefulSet"] = Parse("""{"podManagementPolicy":"OrderedReady","revisionHistoryLimit":10,"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":0}},"persistentVolumeClaimRetentionPolicy":{"whenDeleted":"Retain","whenScaled":"Retain"}}"""),
        ["DaemonSet"] = Parse("""{"revisionHistoryLimit":10,"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":0,"maxUnavailable":1}}}"""),
        ["Job"] = Parse("""{"backoffLimit":6,"completionMode":"NonIndexed","manualSelector":false,"parallelism":1,"completions":1,"podReplacementPolicy":"TerminatingOrFailed","suspend":false}"""),
        ["CronJob"] = Parse("""{"concurrencyPolicy":"Allow","failedJobsHistoryLimit":1,"successfulJobsHistoryLimit":3,"suspend":false}"""),
        ["Service"] = Parse("""{"internalTrafficPolicy":"Cluster","externalTrafficPolicy":"Cluster","ipFamilyPolicy":"SingleStack","sessionAffinity":"None","type":"ClusterIP","allocateLoadBalancerNodePorts":true}"""),
        ["PersistentVolumeClaim"] = Parse("""{"volumeMode":"Filesystem"}"""),
        ["PersistentVolume"] = Parse("""{"volumeMode":"Filesystem","persistentVolumeReclaimPolicy":"Retain"}"""),
    };

    /// <summary>Tidies an object up.</summary>
    /// <param name="resource">The object; it is changed.</param>
    /// <returns>The same object.</returns>
    public static JsonObject Of(JsonObject resource)
    {
        string kind = resource.Text("kind") ?? "";
        resource.Remove("status");
        Metadata(resource.Object("metadata"));
        if (resource.Object("spec") is { } spec)
        {
            Spec(kind, resource, spec);
        }

        if (kind == "Secret" && resource.Text("type") == "Opaque")
        {
            resource.Remove("type");
        }

        return resource;
    }

    private static JsonObject Parse(string json) => (JsonObject)JsonNode.Parse(json)!;

    private static void Metadata(JsonObject? metadata)
    {
        if (metadata is null)
        {
            return;
        }

        foreach (string field in Bookkeeping)
        {
            metadata.Remove(field);
        }

        RemoveWhere(metadata, "annotations", key => Array.Exists(ControllersAnnotations, start => key.StartsWith(start, StringComparison.Ordinal)));
        RemoveWhere(metadata, "labels", ControllersLabels.Contains);
        foreach (JsonArray finalizers in new[] { metadata["finalizers"] }.OfType<JsonArray>().ToArray())
        {
            // Protection controllers add these by themselves.
            List<JsonNode?> own = [.. finalizers.Where(name => $"{name}" is "kubernetes.io/pvc-protection" or "kubernetes.io/pv-protection" or "foregroundDeletion" or "orphan")];
            own.ForEach(name => finalizers.Remove(name));
            if (finalizers.Count == 0)
            {
                metadata.Remove("finalizers");
            }
        }
    }

    private static void RemoveWhere(JsonObject owner, string field, Predicate<string> unwanted)
    {
        if (owner.Object(field) is not { } map)
        {
            return;
        }

        foreach (string key in map.Select(entry => entry.Key).Where(key => unwanted(key)).ToList())
        {
            map.Remove(key);
        }

        if (map.Count == 0)
        {
            owner.Remove(field);
        }
    }

    private static void Spec(string kind, JsonObject resource, JsonObject spec)
    {
        switch (kind)
        {
            case "Namespace":
                resource.Remove("spec");
                return;
            case "Service":
                Service(spec);
                break;
            case "PersistentVolumeClaim":
                spec.Remove("volumeName");
                break;
            case "Job" when !spec.Flag("manualSelector"):
                spec.Remove("selector");
                break;
            case "Pod":
                spec.Remove("nodeName");
                break;
        }

        Remove(spec, SpecDefaults.GetValueOrDefault(kind));
        if (kind == "CronJob" && spec.Object("jobTemplate") is { } job)
        {
            Template(job);
            if (job.Object("spec") is { } jobSpec)
            {
                Spec("Job", job, jobSpec);
            }
        }

        if (kind == "Pod")
        {
            Pod(spec);
        }
        else if (spec.Object("template") is { } template && ResourceParts.PodSpec(resource) is { } pod)
        {
            Template(template);
            Pod(pod);
        }

        foreach (JsonObject claim in spec.Objects("volumeClaimTemplates"))
        {
            Of(claim);
            // An array's objects keep what tells them apart.
            claim.Remove("apiVersion");
            claim.Remove("kind");
        }
    }

    private static void Template(JsonObject template)
    {
        Metadata(template.Object("metadata"));
        if (template.Object("metadata") is { Count: 0 })
        {
            template.Remove("metadata");
        }
    }

    private static void Service(JsonObject spec)
    {
        if (spec.Text("clusterIP") != "None")
        {
            spec.Remove("clusterIP");
        }

        spec.Remove("clusterIPs");
        spec.Remove("ipFamilies");
        spec.Remove("healthCheckNodePort");
        foreach (JsonObject port in spec.Objects("ports"))
        {
            if (port.Text("protocol") == "TCP")
            {
                port.Remove("protocol");
            }

            if (JsonNode.DeepEquals(port["targetPort"], port["port"]))
            {
                port.Remove("targetPort");
            }
        }
    }

    private static void Pod(JsonObject pod)
    {
        Remove(pod, PodDefaults);
        // serviceAccount is the old name of serviceAccountName, and follows it.
        pod.Remove("serviceAccount");
        RemoveItems(pod, "volumes", volume => volume.Text("name")?.StartsWith("kube-api-access-", StringComparison.Ordinal) == true);
        RemoveItems(pod, "tolerations", toleration => toleration.Text("key") is "node.kubernetes.io/not-ready" or "node.kubernetes.io/unreachable"
            && toleration.Text("effect") == "NoExecute" && toleration.Number("tolerationSeconds") == 300);
        foreach (JsonObject container in pod.Objects("containers").Concat(pod.Objects("initContainers")))
        {
            Container(container);
        }
    }

    private static void Container(JsonObject container)
    {
        Remove(container, ContainerDefaults);
        RemoveItems(container, "volumeMounts", mount => mount.Text("mountPath") == "/var/run/secrets/kubernetes.io/serviceaccount");
        string image = container.Text("image") ?? "", last = image[(image.LastIndexOf('/') + 1)..];
        string pull = last.Contains('@', StringComparison.Ordinal) || (last.Contains(':', StringComparison.Ordinal) && !last.EndsWith(":latest", StringComparison.Ordinal))
            ? "IfNotPresent"
            : "Always";
        if (container.Text("imagePullPolicy") == pull)
        {
            container.Remove("imagePullPolicy");
        }

        foreach (JsonObject port in container.Objects("ports").Where(port => port.Text("protocol") == "TCP"))
        {
            port.Remove("protocol");
        }

        foreach (string name in new[] { "livenessProbe", "readinessProbe", "startupProbe" })
        {
            if (container.Object(name) is { } probe)
            {
                Remove(probe, ProbeDefaults);
                if (probe.Object("httpGet") is { } get && get.Text("scheme") == "HTTP")
                {
                    get.Remove("scheme");
                }
            }
        }
    }

    private static void RemoveItems(JsonObject owner, string field, Predicate<JsonObject> unwanted)
    {
        if (owner[field] is not JsonArray list)
        {
            return;
        }

        foreach (JsonObject item in list.OfType<JsonObject>().Where(item => unwanted(item)).ToList())
        {
            list.Remove(item);
        }

        if (list.Count == 0)
        {
            owner.Remove(field);
        }
    }

    private static void Remove(JsonObject map, JsonObject? defaults)
    {
        foreach ((string key, JsonNode? value) in defaults ?? [])
        {
            if (map[key] is { } present && JsonNode.DeepEquals(present, value))
            {
                map.Remove(key);
            }
        }
    }
}
