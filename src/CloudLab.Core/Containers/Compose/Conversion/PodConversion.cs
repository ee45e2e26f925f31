using System.Globalization;
using System.Text.Json.Nodes;

namespace CloudLab.Core.Containers.Compose.Conversion;

/// <summary>Makes the pod of a compose service.</summary>
/// <param name="context">The project.</param>
/// <param name="service">Name of the service.</param>
/// <param name="name">Its name in the cluster.</param>
/// <param name="model">The service, as compose resolved it.</param>
/// <param name="isTask">Whether it is to end.</param>
internal sealed partial class PodConversion(ConversionContext context, string service, string name, JsonObject model, bool isTask)
{
    private readonly JsonObject pod = [], container = [], security = [], podSecurity = [];
    private readonly JsonArray volumes = [], mounts = [];

    public JsonObject Spec()
    {
        container["name"] = name;
        container["image"] = Image();
        Process();
        Environment();
        Resources();
        Probes();
        Security();
        Volumes();
        Network();
        Set(container, "securityContext", security);
        Set(container, "volumeMounts", mounts);
        Set(pod, "securityContext", podSecurity);
        pod["containers"] = new JsonArray(container);
        Set(pod, "volumes", volumes);
        return pod;
    }

    private static void Set(JsonObject to, string key, JsonNode value)
    {
        if (value is JsonObject { Count: > 0 } or JsonArray { Count: > 0 })
        {
            to[key] = value;
        }
    }

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => JsonValue.Create(text))]);

    private void Say(string key, string what) => context.Say(service, key, what);

    private string? Text(string key) => ComposeModel.Text(model, key);

    private string Image()
    {
        string image = Text("image") ?? $"{KubeText.Name(context.Model.Name)}-{name}";
        if (model["build"] is not null)
        {
            Say("build", $"a cluster does not build: build the image '{image}' (Build-LabImage), push it to a registry and name it in image");
        }

        return image;
    }

    private void Process()
    {
        string[] entrypoint = ComposeModel.Texts(model, "entrypoint"), command = ComposeModel.Texts(model, "command");
        if (entrypoint.Length > 0)
        {
            container["command"] = Texts(entrypoint.Select(part => Followed("entrypoint", part)));
        }

        // An empty list takes away what the image has, which only a command of its own does in a pod.
        bool bare = model["entrypoint"] is JsonArray { Count: 0 };
        if (command.Length > 0)
        {
            container[bare ? "command" : "args"] = Texts(command.Select(part => Followed("command", part)));
        }
        else if (bare)
        {
            Say("entrypoint", "the image's own is used: write the command that is to run into entrypoint");
        }
        else if (model["command"] is JsonArray && entrypoint.Length == 0)
        {
            Say("command", "the image's own is used: write the entrypoint without arguments into entrypoint");
        }

        if (Text("working_dir") is { } folder)
        {
            container["workingDir"] = folder;
        }

        foreach ((string from, string to) in new[] { ("tty", "tty"), ("stdin_open", "stdin") })
        {
            if (ComposeModel.Flag(model, from))
            {
                container[to] = true;
            }
        }

        switch (Text("pull_policy"))
        {
            case "always":
                container["imagePullPolicy"] = "Always";
                break;
            case "never":
                container["imagePullPolicy"] = "Never";
                break;
            case "missing" or "if_not_present":
                container["imagePullPolicy"] = "IfNotPresent";
                break;
        }

        if (ComposeModel.Duration(Text("stop_grace_period")) is { } grace)
        {
            pod["terminationGracePeriodSeconds"] = (long)Math.Ceiling(grace.TotalSeconds);
        }

        if (Text("platform")?.Split('/') is [var system, ..] platform)
        {
            JsonObject nodes = new() { ["kubernetes.io/os"] = system };
            if (platform.Length > 1)
            {
                nodes["kubernetes.io/arch"] = platform[1];
            }

            pod["nodeSelector"] = nodes;
        }
    }

    private string Followed(string key, string text) => KubeText.Literal(context.Renamed(service, key, text));

    private void Environment()
    {
        JsonArray env = [];
        foreach ((string key, JsonNode? value) in ComposeModel.Map(model, "environment"))
        {
            if (value is null)
            {
                Say("environment", $"{key} has no value here, so it is left out");
                continue;
            }

            if (!key.All(c => c is >= ' ' and <= '~'))
            {
                Say("environment", $"{key} cannot be the name of a variable in Kubernetes, so it is left out");
                continue;
            }

            env.Add(new JsonObject { ["name"] = key, ["value"] = Followed("environment." + key, value.ToString()) });
        }

        Set(container, "env", env);
    }

    private void Resources()
    {
        JsonObject limits = [], requests = [];
        JsonObject given = ComposeModel.Map(ComposeModel.Map(model, "deploy"), "resources");
        JsonObject upper = ComposeModel.Map(given, "limits"), lower = ComposeModel.Map(given, "reservations");
        Put(limits, "cpu", ComposeModel.Text(upper, "cpus") ?? Text("cpus"), KubeText.Cpus);
        Put(limits, "memory", ComposeModel.Text(upper, "memory") ?? Text("mem_limit"), KubeText.Bytes);
        Put(requests, "cpu", ComposeModel.Text(lower, "cpus"), KubeText.Cpus);
        Put(requests, "memory", ComposeModel.Text(lower, "memory") ?? Text("mem_reservation"), KubeText.Bytes);
        if (upper["pids"] is not null)
        {
            Say("deploy.resources.limits.pids", "it is a setting of the kubelet");
        }

        foreach (JsonObject device in ComposeModel.Items(lower, "devices"))
        {
            if (ComposeModel.Texts(device, "capabilities").Contains("gpu"))
            {
                string count = ComposeModel.Text(device, "count") ?? "1";
                limits["nvidia.com/gpu"] = count == "-1" ? "1" : count;
                if (count == "-1")
                {
                    Say("deploy.resources.reservations.devices", "a pod cannot ask for all GPUs of its node: it asks for one");
                }
            }
            else
            {
                Say("deploy.resources.reservations.devices", "a device plugin gives devices to pods: set resources.limits");
            }
        }

        // Docker takes it, a cluster does not.
        foreach ((string kind, string? most, string? least) in new[]
        {
            ("cpu", ComposeModel.Text(upper, "cpus") ?? Text("cpus"), ComposeModel.Text(lower, "cpus")),
            ("memory", ComposeModel.Text(upper, "memory") ?? Text("mem_limit"), ComposeModel.Text(lower, "memory") ?? Text("mem_reservation")),
        })
        {
            if (double.TryParse(most, CultureInfo.InvariantCulture, out double limit) && limit > 0 && double.TryParse(least, CultureInfo.InvariantCulture, out double request) && request > limit)
            {
                Say("deploy.resources.reservations", $"more {kind} is reserved than the limit allows, so the limit is reserved");
                requests.Remove(kind);
            }
        }

        JsonObject resources = [];
        Set(resources, "limits", limits);
        Set(resources, "requests", requests);
        Set(container, "resources", resources);

        static void Put(JsonObject to, string key, string? value, Func<string, string> convert)
        {
            if (value is not (null or "0"))
            {
                to[key] = convert(value);
            }
        }
    }

    private void Probes()
    {
        JsonObject check = ComposeModel.Map(model, "healthcheck");
        string[] test = ComposeModel.Texts(check, "test");
        if (check.Count == 0 || ComposeModel.Flag(check, "disable") || test is ["NONE", ..])
        {
            return;
        }

        string[]? command = test switch
        {
            ["CMD", _, ..] => test[1..],
            ["CMD-SHELL", var line, ..] => ["/bin/sh", "-c", line],
            _ => null,
        };
        if (command is null)
        {
            Say("healthcheck", "the check of the image is not known here: write its command into the compose file");
            return;
        }

        if (isTask)
        {
            Say("healthcheck", "a Job has none");
            return;
        }

        // Docker's own defaults.
        int interval = KubeText.Seconds(ComposeModel.Text(check, "interval"), 30), timeout = KubeText.Seconds(ComposeModel.Text(check, "timeout"), 30);
        int retries = int.TryParse(ComposeModel.Text(check, "retries"), CultureInfo.InvariantCulture, out int number) && number > 0 ? number : 3;
        container["readinessProbe"] = Probe(interval, retries);
        container["livenessProbe"] = Probe(interval, retries);
        if (ComposeModel.Duration(ComposeModel.Text(check, "start_period")) is { } start && start > TimeSpan.Zero)
        {
            // Until it succeeds once, the other two wait.
            int often = KubeText.Seconds(ComposeModel.Text(check, "start_interval"), 5);
            container["startupProbe"] = Probe(often, (int)Math.Ceiling(start.TotalSeconds / often) + retries);
        }

        JsonObject Probe(int period, int failures) => new()
        {
            ["exec"] = new JsonObject { ["command"] = Texts(command.Select(part => Followed("healthcheck", part))) }, ["periodSeconds"] = period, ["timeoutSeconds"] = timeout, ["failureThreshold"] = failures,
        };
    }

    private void Security()
    {
        if (Text("user") is { Length: > 0 } user)
        {
            string[] parts = user.Split(':');
            if (parts.All(part => long.TryParse(part, CultureInfo.InvariantCulture, out _)))
            {
                security["runAsUser"] = long.Parse(parts[0], CultureInfo.InvariantCulture);
                if (parts.Length > 1)
                {
                    security["runAsGroup"] = long.Parse(parts[1], CultureInfo.InvariantCulture);
                }
            }
            else
            {
                Say("user", $"Kubernetes knows users by number: write the uid of '{user}'");
            }
        }

        string[] groups = ComposeModel.Texts(model, "group_add");
        Set(podSecurity, "supplementalGroups", new JsonArray([.. groups.Where(IsNumber).Select(group => JsonValue.Create(long.Parse(group, CultureInfo.InvariantCulture)))]));
        if (groups.Any(group => !IsNumber(group)))
        {
            Say("group_add", "Kubernetes knows groups by number");
        }

        JsonObject capabilities = [];
        Set(capabilities, "add", Texts(ComposeModel.Texts(model, "cap_add").Select(Capability)));
        Set(capabilities, "drop", Texts(ComposeModel.Texts(model, "cap_drop").Select(Capability)));
        Set(security, "capabilities", capabilities);
        bool privileged = ComposeModel.Flag(model, "privileged");
        if (privileged)
        {
            security["privileged"] = true;
        }

        if (ComposeModel.Flag(model, "read_only"))
        {
            security["readOnlyRootFilesystem"] = true;
        }

        foreach (string option in ComposeModel.Texts(model, "security_opt"))
        {
            switch (option.Replace('=', ':'))
            {
                case "no-new-privileges" or "no-new-privileges:true" when !privileged && !ComposeModel.Texts(model, "cap_add").Any(cap => Capability(cap) is "SYS_ADMIN"):
                    security["allowPrivilegeEscalation"] = false;
                    break;
                case "seccomp:unconfined":
                    security["seccompProfile"] = new JsonObject { ["type"] = "Unconfined" };
                    break;
                case "apparmor:unconfined":
                    security["appArmorProfile"] = new JsonObject { ["type"] = "Unconfined" };
                    break;
                default:
                    Say("security_opt", $"'{option}' has to be set in securityContext by hand");
                    break;
            }
        }

        // They would be those of the node.
        string[] shared = [.. Text("network_mode") == "host" ? ["net."] : Array.Empty<string>(), .. Text("ipc") == "host" ? ["kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue."] : Array.Empty<string>()];
        ILookup<bool, KeyValuePair<string, JsonNode?>> sysctls = ComposeModel.Map(model, "sysctls").ToLookup(pair => !shared.Any(prefix => pair.Key.StartsWith(prefix, StringComparison.Ordinal)));
        foreach ((string key, _) in sysctls[false])
        {
            Say("sysctls", $"{key} is a setting of the node for what shares its namespaces");
        }

        Set(podSecurity, "sysctls", new JsonArray([.. sysctls[true].Select(pair => new JsonObject { ["name"] = pair.Key, ["value"] = pair.Value?.ToString() ?? "" })]));

        static bool IsNumber(string text) => long.TryParse(text, CultureInfo.InvariantCulture, out _);
        static string Capability(string text) => text.ToUpperInvariant() is var upper && upper.StartsWith("CAP_", StringComparison.Ordinal) ? upper[4..] : upper;
    }

    private void Volumes()
    {
        foreach (JsonObject mount in ComposeModel.Items(model, "volumes"))
        {
            string target = ComposeModel.Text(mount, "target") ?? "", source = ComposeModel.Text(mount, "source") ?? "";
            bool readOnly = ComposeModel.Flag(mount, "read_only");
            switch (ComposeModel.Text(mount, "type"))
            {
                case "volume" when source.Length == 0:
                    Say("volumes", $"{target} has no name and becomes an emptyDir, which is gone with the pod");
                    Mount(new JsonObject { ["emptyDir"] = new JsonObject() }, "anonymous", target, readOnly, null);
                    break;
                case "volume":
                    string claim = context.Claim(service, source);
                    Mount(new JsonObject { ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = claim } }, claim, target, readOnly, ComposeModel.Text(ComposeModel.Map(mount, "volume"), "subpath"));
                    break;
                case "tmpfs":
                    Memory("tmpfs", target, ComposeModel.Text(ComposeModel.Map(mount, "tmpfs"), "size"));
                    break;
                case "bind":
                    Bind(source, target, readOnly);
                    break;
                default:
                    Say("volumes", $"{target}: a mount of the type {ComposeModel.Text(mount, "type")} has no counterpart in Kubernetes");
                    break;
            }
        }

        foreach (string each in ComposeModel.Texts(model, "tmpfs"))
        {
            string[] parts = each.Split(':', 2);
            Memory("tmpfs", parts[0], parts.Length > 1 ? parts[1].Split(',').Where(option => option.StartsWith("size=", StringComparison.Ordinal)).Select(option => option[5..]).FirstOrDefault() : null);
        }

        if (Text("shm_size") is { } shared)
        {
            Memory("shm", "/dev/shm", shared);
        }

        foreach ((string kind, string folder) in new[] { ("configs", "/"), ("secrets", "/run/secrets/") })
        {
            foreach (JsonObject each in ComposeModel.Items(model, kind))
            {
                string source = ComposeModel.Text(each, "source")!;
                if (context.Content(service, kind, source) is not { } content)
                {
                    continue;
                }

                string target = ComposeModel.Text(each, "target") ?? source;
                JsonObject volume = kind == "secrets" ? new() { ["secretName"] = content.Name } : new() { ["name"] = content.Name };
                if (ComposeModel.Text(each, "mode") is { } mode)
                {
                    // Octal, as in the file.
                    volume["defaultMode"] = Convert.ToInt32(mode, 8);
                }

                if (each["uid"] is not null || each["gid"] is not null)
                {
                    Say(kind, $"the owner of {target} is root: set fsGroup if another user has to read it");
                }

                Mount(new JsonObject { [kind == "secrets" ? "secret" : "configMap"] = volume }, content.Name, target.StartsWith('/') ? target : folder + target, readOnly: true, content.Key);
            }
        }
    }

    private void Bind(string source, string target, bool readOnly)
    {
        if (source.EndsWith("docker.sock", StringComparison.Ordinal))
        {
            Say("volumes", $"{source} is not carried over: a cluster has no Docker Engine to talk to; use the Kubernetes API with a ServiceAccount");
            return;
        }

        if (ConversionContext.Small(source, readOnly) is not { } files)
        {
            Say("volumes", $"{source} is not carried over: put what {target} needs into the image, a PersistentVolumeClaim or a ConfigMap");
            return;
        }

        string own = context.NameOf("ConfigMap", $"{service}:{source}", KubeText.Name($"{name}-{Path.GetFileName(source.TrimEnd('/'))}"));
        context.Add("ConfigMap", own, files);
        Say("volumes", $"{source} is copied into the ConfigMap '{own}'{(readOnly ? "" : ", which the container cannot write to")}; later changes to it have no effect");
        Mount(new JsonObject { ["configMap"] = new JsonObject { ["name"] = own } }, own, target, readOnly: true, File.Exists(source) ? files.Keys.First() : null);
    }

    private void Memory(string prefix, string target, string? size)
    {
        JsonObject memory = new() { ["medium"] = "Memory" };
        if (size is not (null or "0"))
        {
            if (KubeText.Size(size) is { } limit)
            {
                memory["sizeLimit"] = limit;
            }
            else
            {
                Say("tmpfs", $"{target}: a size of {size} has no counterpart, so it has no limit");
            }
        }

        Mount(new JsonObject { ["emptyDir"] = memory }, prefix, target, readOnly: false, null);
    }

    private void Mount(JsonObject volume, string wanted, string target, bool readOnly, string? subPath)
    {
        if (mounts.Any(mount => ((string)mount!["mountPath"]!).TrimEnd('/') == target.TrimEnd('/')))
        {
            Say("volumes", $"something is mounted at {target} already, so {wanted} is left out");
            return;
        }

        string kind = volume.First().Key, content = volume.ToJsonString();
        JsonObject? same = kind == "emptyDir" ? null : volumes.OfType<JsonObject>().FirstOrDefault(each => new JsonObject(each.Where(pair => pair.Key != "name").Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone()))).ToJsonString() == content);
        string own = same is null ? KubeText.Free(wanted, name => volumes.Any(each => (string?)each!["name"] == name)) : (string)same["name"]!;
        if (same is null)
        {
            volumes.Add(new JsonObject([KeyValuePair.Create("name", (JsonNode?)own), KeyValuePair.Create(kind, volume[kind]?.DeepClone())]));
        }

        JsonObject mount = new() { ["name"] = own, ["mountPath"] = target };
        if (readOnly)
        {
            mount["readOnly"] = true;
        }

        if (subPath is not null)
        {
            mount["subPath"] = subPath;
        }

        mounts.Add(mount);
    }

    private void Network()
    {
        switch (Text("network_mode"))
        {
            case null or "bridge" or "default":
                break;
            case "host":
                pod["hostNetwork"] = true;
                pod["dnsPolicy"] = "ClusterFirstWithHostNet";
                break;
            case var mode:
                Say("network_mode", $"'{mode}' has no counterpart; containers that share a network belong into one pod");
                break;
        }

        foreach ((string key, string to) in new[] { ("pid", "hostPID"), ("ipc", "hostIPC") })
        {
            if (Text(key) == "host")
            {
                pod[to] = true;
            }
            else if (Text(key) is { } other && other is not ("private" or "shareable"))
            {
                Say(key, $"'{other}' has no counterpart; containers that share it belong into one pod");
            }
        }

        if (Text("hostname") is { } host)
        {
            if (KubeText.Name(host) == host)
            {
                pod["hostname"] = host;
            }
            else
            {
                Say("hostname", $"'{host}' cannot be the name of a pod's host");
            }
        }

        Dictionary<string, List<string>> hosts = [];
        foreach (string each in ComposeModel.Texts(model, "extra_hosts"))
        {
            string[] parts = each.Split(each.Contains('=', StringComparison.Ordinal) ? '=' : ':', 2);
            if (parts.Length == 2 && !HostName().IsMatch(parts[0]))
            {
                Say("extra_hosts", $"'{parts[0]}' cannot be the name of a host in Kubernetes");
            }
            else if (parts.Length == 2 && System.Net.IPAddress.TryParse(parts[1], out System.Net.IPAddress? address))
            {
                (hosts.TryGetValue($"{address}", out List<string>? names) ? names : hosts[$"{address}"] = []).Add(parts[0]);
            }
            else
            {
                Say("extra_hosts", $"'{each}' is not carried over: a pod does not know the address of its host");
            }
        }

        Set(pod, "hostAliases", new JsonArray([.. hosts.Select(pair => new JsonObject { ["ip"] = pair.Key, ["hostnames"] = Texts(pair.Value) })]));
        JsonObject dns = [];
        Set(dns, "nameservers", Texts(ComposeModel.Texts(model, "dns").Take(3)));
        Set(dns, "searches", Texts(ComposeModel.Texts(model, "dns_search")));
        Set(dns, "options", new JsonArray([.. ComposeModel.Texts(model, "dns_opt").Select(option => option.Split(':', 2)).Select(option => option.Length > 1
            ? new JsonObject { ["name"] = option[0], ["value"] = option[1] } : new JsonObject { ["name"] = option[0] })]));
        Set(pod, "dnsConfig", dns);
    }

    [System.Text.RegularExpressions.GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")]
    private static partial System.Text.RegularExpressions.Regex HostName();
}
