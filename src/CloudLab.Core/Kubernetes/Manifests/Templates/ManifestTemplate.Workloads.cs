using System.Text.Json.Nodes;

namespace CloudLab.Core.Kubernetes.Manifests.Templates;

/// <content>Workloads and their pods.</content>
public sealed partial record ManifestTemplate
{
    private JsonObject Deployment() => new()
    {
        ["replicas"] = Number("Replicas") ?? 2,
        ["selector"] = MatchName(),
        ["template"] = PodTemplate("Always"),
    };

    private JsonObject StatefulSet()
    {
        JsonObject spec = new() { ["serviceName"] = Text("ServiceName") ?? Name, ["replicas"] = Number("Replicas") ?? 1, ["selector"] = MatchName() };
        JsonObject template = PodTemplate("Always");
        if (Text("Size") is { } size)
        {
            spec["volumeClaimTemplates"] = new JsonArray(new JsonObject { ["metadata"] = new JsonObject { ["name"] = "data" }, ["spec"] = Claim(size) });
            JsonObject container = (JsonObject)template["spec"]!["containers"]![0]!;
            container["volumeMounts"] ??= new JsonArray();
            container["volumeMounts"]!.AsArray().Add(new JsonObject { ["name"] = "data", ["mountPath"] = Text("MountPath") ?? "/data" });
        }

        spec["template"] = template;
        return spec;
    }

    private JsonObject Job()
    {
        JsonObject spec = [];
        Set(spec, "completions", Number("Completions"));
        Set(spec, "parallelism", Number("Parallelism"));
        spec["backoffLimit"] = Number("BackoffLimit") ?? 3;
        Set(spec, "activeDeadlineSeconds", Number("Deadline"));
        Set(spec, "ttlSecondsAfterFinished", Number("TimeToLive"));
        spec["template"] = PodTemplate("Never");
        return spec;
    }

    private JsonObject CronJob()
    {
        JsonObject spec = new() { ["schedule"] = Needed("Schedule") };
        Set(spec, "timeZone", Text("TimeZone"));
        spec["concurrencyPolicy"] = Text("ConcurrencyPolicy") ?? "Forbid";
        if (Flag("Suspend"))
        {
            spec["suspend"] = true;
        }

        spec["startingDeadlineSeconds"] = 300;
        spec["jobTemplate"] = new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject(AllLabels) }, ["spec"] = Job() };
        return spec;
    }

    private JsonObject PodTemplate(string restart)
    {
        JsonObject spec = [];
        Set(spec, "serviceAccountName", Text("ServiceAccountName"));

        // Few pods talk to the API server; those that do have an account of their own.
        spec["automountServiceAccountToken"] = Text("ServiceAccountName") is not null;
        if (restart != "Always")
        {
            spec["restartPolicy"] = restart;
        }

        if (Texts("ImagePullSecret") is { Length: > 0 } secrets)
        {
            spec["imagePullSecrets"] = new JsonArray([.. secrets.Select(secret => new JsonObject { ["name"] = secret })]);
        }

        JsonObject security = [];
        if (!Flag("AllowRoot"))
        {
            JsonNode user = Number("RunAsUser") ?? Nonroot;
            security["runAsNonRoot"] = true;
            (security["runAsUser"], security["runAsGroup"], security["fsGroup"]) = (user, user.DeepClone(), user.DeepClone());
        }

        security["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" };
        spec["securityContext"] = security;
        JsonArray mounts = [], volumes = [];
        spec["containers"] = new JsonArray(Container(mounts, volumes));
        if (volumes.Count > 0)
        {
            spec["volumes"] = volumes;
        }

        return new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject(AllLabels) }, ["spec"] = spec };
    }

    private JsonObject Container(JsonArray mounts, JsonArray volumes)
    {
        JsonObject container = new() { ["name"] = ContainerName(), ["image"] = Needed("Image") };
        Set(container, "imagePullPolicy", Text("ImagePullPolicy"));
        foreach ((string field, string parameter) in new[] { ("command", "Command"), ("args", "Argument") })
        {
            if (Texts(parameter) is { Length: > 0 } words)
            {
                container[field] = List(words);
            }
        }

        (string? Name, JsonNode Port)[] ports = [.. Texts("Port").Select(Port)];
        if (ports.Length > 0)
        {
            container["ports"] = new JsonArray([.. ports.Select((port, i) => new JsonObject { ["name"] = port.Name ?? (i == 0 ? "http" : $"port-{port.Port}"), ["containerPort"] = port.Port.DeepClone() })]);
        }

        if (Texts("EnvFrom") is { Length: > 0 } from)
        {
            container["envFrom"] = new JsonArray([.. from.Select(source => Reference(source, "EnvFrom") switch
            {
                ("configmap", var name) => new JsonObject { ["configMapRef"] = new JsonObject { ["name"] = name } },
                ("secret", var name) => new JsonObject { ["secretRef"] = new JsonObject { ["name"] = name } },
                _ => throw Invalid("ValueInvalid", $"-EnvFrom '{source}' is neither configmap/<name> nor secret/<name>."),
            })]);
        }

        KeyValuePair<string, string>[] env = [.. Texts("EnvFile").SelectMany(file => EnvFile.Read(file, Environment)), .. Values.GetValueOrDefault("Env") as IReadOnlyDictionary<string, string> ?? new Dictionary<string, string>()];
        if (env.Length > 0)
        {
            // What is given as -Env replaces what a file says.
            container["env"] = new JsonArray([.. env.GroupBy(pair => pair.Key).Select(pair => new JsonObject { ["name"] = pair.Key, ["value"] = pair.Last().Value })]);
        }

        string memory = Text("Memory") ?? "128Mi";
        JsonObject limits = new() { ["memory"] = Text("MemoryLimit") ?? memory };
        Set(limits, "cpu", Text("CpuLimit"));
        container["resources"] = new JsonObject { ["requests"] = new JsonObject { ["cpu"] = Text("Cpu") ?? "100m", ["memory"] = memory }, ["limits"] = limits };
        if (ports.Length > 0 && Servers.Split(' ').Contains(Kind))
        {
            JsonObject Probe() => Text("HealthPath") is { } path
                ? new JsonObject { ["httpGet"] = new JsonObject { ["path"] = path, ["port"] = ports[0].Port.DeepClone() } }
                : new JsonObject { ["tcpSocket"] = new JsonObject { ["port"] = ports[0].Port.DeepClone() } };
            JsonObject ready = Probe(), live = Probe();
            ready["periodSeconds"] = 5;
            (live["initialDelaySeconds"], live["periodSeconds"], live["failureThreshold"]) = (10, 10, 6);
            (container["readinessProbe"], container["livenessProbe"]) = (ready, live);
        }

        JsonObject security = new() { ["allowPrivilegeEscalation"] = false, ["readOnlyRootFilesystem"] = !Flag("Writable") };
        if (!Flag("AllowRoot"))
        {
            security["capabilities"] = new JsonObject { ["drop"] = List(["ALL"]) };
        }

        container["securityContext"] = security;
        if (!Flag("Writable"))
        {
            // Nearly every program wants a place for temporary files.
            volumes.Add(new JsonObject { ["name"] = "tmp", ["emptyDir"] = new JsonObject() });
            mounts.Add(new JsonObject { ["name"] = "tmp", ["mountPath"] = "/tmp" });
        }

        foreach ((string path, string source) in Values.GetValueOrDefault("Mount") as IReadOnlyDictionary<string, string> ?? new Dictionary<string, string>())
        {
            string volume = $"volume-{mounts.Count}";
            JsonObject content = Reference(source, "Mount") switch
            {
                ("configmap", var name) => new JsonObject { ["configMap"] = new JsonObject { ["name"] = name } },
                ("secret", var name) => new JsonObject { ["secret"] = new JsonObject { ["secretName"] = name } },
                ("pvc" or "persistentvolumeclaim", var name) => new JsonObject { ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = name } },
                ("emptydir", _) => new JsonObject { ["emptyDir"] = new JsonObject() },
                _ => throw Invalid("ValueInvalid", $"-Mount '{source}' is none of configmap/<name>, secret/<name>, pvc/<name> and emptydir."),
            };
            content["name"] = volume;
            volumes.Add(content);
            mounts.Add(new JsonObject { ["name"] = volume, ["mountPath"] = path });
        }

        if (mounts.Count > 0)
        {
            container["volumeMounts"] = mounts;
        }

        return container;
    }

    // A container's name has no dots and at most 63 characters.
    private string ContainerName()
    {
        string name = Name.Replace('.', '-');
        return (name.Length > 63 ? name[..63] : name).TrimEnd('-');
    }
}
