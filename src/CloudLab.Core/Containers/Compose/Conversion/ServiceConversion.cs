using System.Globalization;
using System.Text.Json.Nodes;

namespace CloudLab.Core.Containers.Compose.Conversion;

/// <summary>Makes the workload and the Services of one compose service.</summary>
/// <param name="context">The project.</param>
/// <param name="service">Name of the service.</param>
/// <param name="model">The service, as compose resolved it.</param>
internal sealed class ServiceConversion(ConversionContext context, string service, JsonObject model)
{
    // Read here, or without a meaning in a cluster that anybody would miss.
    private static readonly HashSet<string> Known =
    [
        "annotations", "attach", "build", "cap_add", "cap_drop", "command", "configs", "container_name", "cpus", "depends_on", "deploy", "develop", "dns", "dns_opt", "dns_search", "entrypoint",
        "env_file", "environment", "expose", "extra_hosts", "group_add", "healthcheck", "hostname", "image", "ipc", "labels", "links", "mem_limit", "mem_reservation", "network_mode", "networks",
        "pid", "platform", "ports", "privileged", "profiles", "pull_policy", "read_only", "restart", "scale", "secrets", "security_opt", "shm_size", "stdin_open", "stop_grace_period",
        "sysctls", "tmpfs", "tty", "user", "volumes", "working_dir",
    ];

    private readonly string name = context.NameOf(service);
    private readonly JsonObject deploy = ComposeModel.Map(model, "deploy");

    private JsonObject Selector => new() { ["app.kubernetes.io/name"] = name, ["app.kubernetes.io/part-of"] = KubeText.Name(context.Model.Name) };

    private string Restart => ComposeModel.Text(ComposeModel.Map(deploy, "restart_policy"), "condition") ?? ComposeModel.Text(model, "restart") ?? "";

    // Whoever writes restart: "no" without ports or a check means a task; compose takes it as the default, too, so that its absence says nothing.
    private bool IsTask => context.Model.OneShots().Contains(service)
        || ComposeModel.Text(deploy, "mode") is "replicated-job" or "global-job"
        || ((Restart is "no" or "none" || Restart.StartsWith("on-failure", StringComparison.Ordinal))
            && model["ports"] is null && model["expose"] is null && model["healthcheck"] is null);

    public IEnumerable<JsonObject> Objects()
    {
        if (name != service)
        {
            context.Say(service, "name", $"it is called '{name}' in the cluster");
        }

        foreach (string key in model.Where(pair => pair.Value is not null && !Known.Contains(pair.Key)).Select(pair => pair.Key))
        {
            Say(key, Advice(key));
        }

        JsonObject pod = new PodConversion(context, service, name, model, IsTask).Spec();
        foreach (JsonObject each in IsTask ? [] : Services(pod))
        {
            yield return each;
        }

        yield return Workload(pod);
    }

    private static string Advice(string key) => key switch
    {
        "init" => "the image needs an init of its own, such as tini",
        "ulimits" => "they are set by the nodes' container runtime",
        "logging" => "logs are collected by the cluster",
        "stop_signal" => "STOPSIGNAL of the image is used",
        "devices" or "gpus" => "a device plugin gives devices to pods: set resources.limits, such as nvidia.com/gpu: 1",
        "domainname" => "set subdomain and a headless Service if it is needed",
        "volumes_from" => "mount the same volumes in both services",
        "extends" => "it has been resolved already",
        _ => "it has no counterpart in Kubernetes",
    };

    private void Say(string key, string what) => context.Say(service, key, what);

    private IEnumerable<JsonObject> Services(JsonObject pod)
    {
        List<(int Port, int Target, string Protocol, bool Published)> ports = [];
        foreach (JsonObject port in ComposeModel.Items(model, "ports"))
        {
            int target = int.Parse(ComposeModel.Text(port, "target")!, CultureInfo.InvariantCulture);
            string protocol = (ComposeModel.Text(port, "protocol") ?? "tcp").ToUpperInvariant();
            ports.Add((target, target, protocol, true));
            if (int.TryParse(ComposeModel.Text(port, "published"), CultureInfo.InvariantCulture, out int published))
            {
                ports.Add((published, target, protocol, true));
            }
        }

        foreach (string address in ComposeModel.Items(model, "ports").Select(port => ComposeModel.Text(port, "host_ip")).OfType<string>().Distinct().Where(address => address is not ("0.0.0.0" or "::")))
        {
            Say("ports", $"{address} is an address of the Docker host and is not carried over");
        }

        foreach (string exposed in ComposeModel.Texts(model, "expose"))
        {
            string[] parts = exposed.Split('/'), range = parts[0].Split('-');
            for (int port = int.Parse(range[0], CultureInfo.InvariantCulture); port <= int.Parse(range[^1], CultureInfo.InvariantCulture); port++)
            {
                ports.Add((port, port, parts.Length > 1 ? parts[1].ToUpperInvariant() : "TCP", false));
            }
        }

        // The ports of the container come first, since other services use these: a published port that has the same number gives way.
        (int Port, int Target, string Protocol, bool Published)[] own = [.. ports.OrderBy(port => port.Port != port.Target).DistinctBy(port => (port.Port, port.Protocol)).OrderBy(port => port.Port)];
        bool headless = own.Length == 0;
        bool outside = own.Any(port => port.Published);
        if (outside && context.Options.ServiceType == "ClusterIP")
        {
            Say("ports", "they are reachable only inside the cluster: add an Ingress, or use -ServiceType LoadBalancer or NodePort");
        }

        if (!headless && pod["containers"]![0] is JsonObject container)
        {
            container["ports"] = new JsonArray([.. own.Select(port => (port.Target, port.Protocol)).Distinct().Select(port => new JsonObject { ["containerPort"] = port.Target, ["protocol"] = port.Protocol })]);
        }

        foreach (string each in Aliases().Prepend(name))
        {
            JsonObject spec = new() { ["selector"] = Selector };
            if (headless)
            {
                // Which ports the image listens at is not known; a name for the pod itself does for all.
                spec["clusterIP"] = "None";
            }
            else
            {
                spec["type"] = outside ? context.Options.ServiceType : "ClusterIP";
                spec["ports"] = new JsonArray([.. own.Select(port => new JsonObject
                {
                    ["name"] = $"{port.Protocol.ToLowerInvariant()}-{port.Port}", ["port"] = port.Port, ["targetPort"] = port.Target, ["protocol"] = port.Protocol,
                })]);
            }

            yield return context.Object("v1", "Service", each, new JsonObject { ["spec"] = spec }, service);
        }
    }

    // Other names by which services know this one.
    private IEnumerable<string> Aliases()
    {
        IEnumerable<string> aliases = ComposeModel.Maps(model, "networks").SelectMany(network => ComposeModel.Texts(network.Value, "aliases"))
            .Concat(context.Model.Services.SelectMany(other => ComposeModel.Texts(other.Value, "links")).Where(link => link.StartsWith(service + ":", StringComparison.Ordinal)).Select(link => link.Split(':')[1]));
        if (ComposeModel.Text(model, "container_name") is { } own && own != service)
        {
            bool used = context.Model.Services.Any(other => other.Key != service
                && new[] { "environment", "command", "entrypoint" }.Any(key => other.Value[key]?.ToJsonString().Contains(own, StringComparison.Ordinal) == true));
            if (used)
            {
                aliases = aliases.Append(own);
            }
            else
            {
                Say("container_name", $"pods have names of their own; the Service is called '{name}'");
            }
        }

        foreach (string alias in aliases.Distinct().Where(alias => alias != name).ToArray())
        {
            if (KubeText.Name(alias) == alias && context.TakeAlias(alias))
            {
                yield return alias;
            }
            else if (KubeText.Name(alias) == alias)
            {
                Say("networks.aliases", $"'{alias}' is a name of another service, too, and leads there only");
            }
            else
            {
                Say("networks.aliases", $"'{alias}' cannot be the name of a Service");
            }
        }
    }

    private JsonObject Workload(JsonObject pod)
    {
        JsonObject annotations = Annotations();
        JsonObject metadata = new() { ["labels"] = Selector };
        if (annotations.Count > 0)
        {
            metadata["annotations"] = annotations;
        }

        JsonObject template = new() { ["metadata"] = metadata, ["spec"] = pod };
        if (IsTask)
        {
            pod["restartPolicy"] = Restart.StartsWith("on-failure", StringComparison.Ordinal) ? "OnFailure" : "Never";
            int tries = Restart.Split(':') is [_, var count] && int.TryParse(count, CultureInfo.InvariantCulture, out int number) ? number : Restart.StartsWith("on-failure", StringComparison.Ordinal) ? 6 : 0;
            return context.Object("batch/v1", "Job", name, new JsonObject { ["spec"] = new JsonObject { ["backoffLimit"] = tries, ["template"] = template } }, service);
        }

        if (Restart is "no" or "none" || Restart.StartsWith("on-failure", StringComparison.Ordinal))
        {
            Say("restart", "Kubernetes restarts a container of a Deployment whenever it ends");
        }

        bool global = ComposeModel.Text(deploy, "mode") == "global";
        JsonObject spec = global ? [] : new() { ["replicas"] = ComposeModel.Scale(model) };
        spec["selector"] = new JsonObject { ["matchLabels"] = Selector };
        JsonObject update = ComposeModel.Map(deploy, "update_config");
        bool claims = (pod["volumes"] as JsonArray ?? []).Any(volume => volume!["persistentVolumeClaim"] is not null);
        if (!global && claims && ComposeModel.Scale(model) == 1)
        {
            // Two pods at once would have to share the claim.
            spec["strategy"] = new JsonObject { ["type"] = "Recreate" };
        }
        else if (update.Count > 0)
        {
            int parallel = int.TryParse(ComposeModel.Text(update, "parallelism"), CultureInfo.InvariantCulture, out int number) && number > 0 ? number : 1;
            bool startFirst = ComposeModel.Text(update, "order") == "start-first";
            spec[global ? "updateStrategy" : "strategy"] = new JsonObject
            {
                ["type"] = "RollingUpdate",
                ["rollingUpdate"] = new JsonObject { ["maxSurge"] = startFirst ? parallel : 0, ["maxUnavailable"] = startFirst ? 0 : parallel },
            };
        }

        foreach (string key in new[] { "rollback_config", "endpoint_mode" }.Where(key => deploy[key] is not null))
        {
            Say("deploy." + key, "it has no counterpart in Kubernetes");
        }

        if (ComposeModel.Map(deploy, "placement").Count > 0)
        {
            Say("deploy.placement", "it names nodes of a swarm: use nodeSelector or affinity");
        }

        spec["template"] = template;
        return context.Object("apps/v1", global ? "DaemonSet" : "Deployment", name, new JsonObject { ["spec"] = spec }, service);
    }

    private JsonObject Annotations()
    {
        JsonObject annotations = [];
        foreach ((string key, JsonNode? value) in new[] { ComposeModel.Map(model, "labels"), ComposeModel.Map(model, "annotations"), ComposeModel.Map(deploy, "labels") }.SelectMany(map => map))
        {
            if (KubeText.IsLabelKey(key))
            {
                annotations[key] = value?.ToString() ?? "";
            }
            else
            {
                Say("labels", $"'{key}' cannot be the key of an annotation");
            }
        }

        if (annotations.Any(pair => pair.Key.StartsWith("traefik.", StringComparison.Ordinal)))
        {
            Say("labels", "traefik does not read its rules from annotations: write an Ingress or an IngressRoute");
        }

        JsonObject needed = ComposeModel.Map(model, "depends_on");
        if (needed.Count > 0)
        {
            string text = string.Join(", ", needed.Select(pair => $"{context.NameOf(pair.Key)} ({ComposeModel.Text(pair.Value, "condition")})"));
            annotations["cloudlab/depends-on"] = text;
            Say("depends_on", $"it is only noted: pods start at once, so this one has to try again until {text} is there");
        }

        return annotations;
    }
}
