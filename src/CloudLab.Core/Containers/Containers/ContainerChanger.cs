using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Containers.Engine;
using CloudLab.Core.Sessions;
using Docker.DotNet.Models;

namespace CloudLab.Core.Containers.Containers;

/// <summary>What shall be different of a container; what is null stays.</summary>
public sealed record ContainerChangeOptions
{
    /// <summary>Ports, each instead of what is published of the same port of the container.</summary>
    public IReadOnlyList<string> Publish { get; init; } = [];

    /// <summary>Ports of the container that are no longer published.</summary>
    public IReadOnlyList<int> Unpublish { get; init; } = [];

    /// <summary>Variables to set; null for one to remove.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>Labels to set; null for one to remove.</summary>
    public IReadOnlyDictionary<string, string?> Labels { get; init; } = new Dictionary<string, string?>();

    /// <summary>Volumes to add.</summary>
    public IReadOnlyList<string> Volumes { get; init; } = [];

    /// <summary>Folder that relative paths of volumes begin in.</summary>
    public string WorkingFolder { get; init; } = "";

    /// <summary>Another image; what the old one set itself is taken from the new one.</summary>
    public string? Image { get; init; }

    /// <summary>Another command.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>Limit of memory.</summary>
    public string? Memory { get; init; }

    /// <summary>Limit of processor time.</summary>
    public double? Cpu { get; init; }

    /// <summary>Restart policy.</summary>
    public string? RestartPolicy { get; init; }

    /// <summary>Whether nothing shall be different.</summary>
    public bool IsEmpty => IsLive && Memory is null && Cpu is null && RestartPolicy is null;

    /// <summary>Whether the engine can change all of it while the container runs.</summary>
    public bool IsLive => Publish.Count == 0 && Unpublish.Count == 0 && Environment.Count == 0 && Labels.Count == 0 && Volumes.Count == 0 && Image is null && Command is null;
}

/// <summary>
/// Changes containers. What the engine cannot change is made anew from what it says of the container, as JSON throughout: the package's types would
/// drop what they do not know.
/// </summary>
/// <param name="session">Names the engine.</param>
/// <param name="reporter">Hears of each step.</param>
public sealed class ContainerChanger(LabSession session, IReporter reporter)
{
    private static readonly string[] OfImage = ["Cmd", "Entrypoint", "WorkingDir", "User", "Healthcheck", "StopSignal", "Volumes", "ExposedPorts", "Shell"];

    private readonly ContainerStore store = new(session);

    /// <summary>Checks what can be checked before anything is sent.</summary>
    /// <param name="options">What shall be different.</param>
    /// <returns>The same. Throws <see cref="LabException"/>.</returns>
    public static ContainerChangeOptions Check(ContainerChangeOptions options)
    {
        if (options.IsEmpty)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "NothingToChange", "Nothing is to be changed: give -Publish, -Environment, -Volume, -Memory or another setting.");
        }

        _ = ContainerText.Ports(options.Publish);
        _ = options.Memory is { } memory ? ContainerText.Bytes(memory) : 0;
        _ = options.RestartPolicy is { } policy ? Policy(policy) : null;
        foreach (string volume in options.Volumes)
        {
            _ = ContainerText.Volume(volume, options.WorkingFolder);
        }

        return options;
    }

    /// <summary>Changes a container.</summary>
    /// <param name="container">The container.</param>
    /// <param name="options">What shall be different.</param>
    /// <param name="cancellation">Gives it up before anything is changed; from then on it is carried through.</param>
    /// <returns>The container as it is then. Throws <see cref="LabException"/> where it cannot be done; the old one is then as it was.</returns>
    public async Task<LabContainer> ChangeAsync(LabContainer container, ContainerChangeOptions options, CancellationToken cancellation)
    {
        if (options.IsLive)
        {
            await UpdateAsync(container, options, cancellation);
            return await store.FindAsync(container.Id, cancellation);
        }

        JsonObject old = await ObjectAsync(HttpMethod.Get, $"containers/{container.Id}/json", cancellation);
        JsonObject host = old["HostConfig"]?.AsObject() ?? throw store.Engine.Unreadable($"containers/{container.Id}/json", null);
        if (host["AutoRemove"]?.GetValue<bool>() == true)
        {
            throw new LabException(
                LabErrorKind.Conflict, "ContainerRemovesItself", $"The container '{container.Name}' is removed when it is stopped, so it could not come back if the change failed.")
            {
                Target = container.Name,
                Advice = "Stop it, and start it anew with Start-LabContainer.",
            };
        }

        JsonObject body = await BodyAsync(old, options, container, cancellation);

        // Another image of the same name may be meant. All else is as it is: a container that is made anew loses what it wrote.
        if (options.Image is null && JsonNode.DeepEquals(body, await BodyAsync(old, new ContainerChangeOptions { WorkingFolder = options.WorkingFolder }, container, cancellation)))
        {
            reporter.Verbose($"'{container.Name}' is as it is wanted already.");
            return container;
        }

        (JsonObject? first, List<KeyValuePair<string, JsonObject>> others) = Networks(old, container);
        if (first is not null)
        {
            body["NetworkingConfig"] = new JsonObject { ["EndpointsConfig"] = first };
        }

        string mark = Guid.NewGuid().ToString("N")[..8];
        string made = await CreateAsync(body, $"{container.Name}-new-{mark}", container, options, cancellation);
        bool running = container.State is "running" or "paused" or "restarting";
        string oldName = $"{container.Name}-old-{mark}";
        bool stopped = false, renamed = false;
        try
        {
            foreach ((string network, JsonObject endpoint) in others)
            {
                await PostAsync($"networks/{Uri.EscapeDataString(network)}/connect", new JsonObject { ["Container"] = made, ["EndpointConfig"] = endpoint });
            }

            cancellation.ThrowIfCancellationRequested();
            if (running)
            {
                reporter.Verbose($"Stopping '{container.Name}'.");
                stopped = true;
                await store.StopAsync(container.Id, null, null, CancellationToken.None);
            }

            await RenameAsync(container.Id, oldName);
            renamed = true;
            await RenameAsync(made, container.Name);
            if (running)
            {
                reporter.Verbose($"Starting the new '{container.Name}'.");
                await store.StartAsync(made, CancellationToken.None);
            }
        }
        catch (Exception e)
        {
            await TakeBackAsync(container, made, renamed, stopped);
            if (e is LabException lab)
            {
                LabException told = await ContainerFaults.ExplainAsync(
                    lab, new ContainerOptions { Image = options.Image ?? container.Image, Name = container.Name }, store, CancellationToken.None);
                throw told.Retold($"The container '{container.Name}' was not changed; the old one {(running ? "runs again" : "is as it was")}. {told.Message}", target: container.Name);
            }

            throw;
        }

        await store.RemoveAsync(container.Id, force: true, volumes: false, CancellationToken.None);
        return await store.FindAsync(made, CancellationToken.None);
    }

    // The endpoint settings that somebody chose; the rest of what the engine says there is of the old container alone.
    private static (JsonObject? First, List<KeyValuePair<string, JsonObject>> Others) Networks(JsonObject old, LabContainer container)
    {
        string mode = (string?)old["HostConfig"]?["NetworkMode"] ?? "";
        if (mode is "host" or "none" || mode.StartsWith("container:", StringComparison.Ordinal) || old["NetworkSettings"]?["Networks"] is not JsonObject networks || networks.Count == 0)
        {
            return (null, []);
        }

        List<KeyValuePair<string, JsonObject>> endpoints = [];
        foreach ((string name, JsonNode? settings) in networks)
        {
            JsonObject endpoint = [];
            foreach (string kept in new[] { "IPAMConfig", "Links", "DriverOpts", "GwPriority" })
            {
                if (settings?[kept] is { } value)
                {
                    endpoint[kept] = value.DeepClone();
                }
            }

            JsonArray aliases = [.. (settings?["Aliases"] as JsonArray ?? []).Select(a => (string?)a).Where(a => a is not null && a != container.ShortId).Select(a => (JsonNode?)a)];
            if (aliases.Count > 0)
            {
                endpoint["Aliases"] = aliases;
            }

            endpoints.Add(new(name, endpoint));
        }

        KeyValuePair<string, JsonObject> primary = endpoints.Find(e => e.Key == mode) is { Key: not null } found ? found : endpoints[0];
        endpoints.RemoveAll(e => e.Key == primary.Key);
        return (new JsonObject { [primary.Key] = primary.Value }, endpoints);
    }

    private static void Merge(JsonObject body, string name, IReadOnlyDictionary<string, string?> changes)
    {
        JsonArray kept = [];
        foreach (string text in (body[name] as JsonArray ?? []).Select(v => (string?)v).OfType<string>().Where(text => !changes.ContainsKey(text.Split('=')[0])))
        {
            kept.Add(text);
        }

        foreach ((string key, string? value) in changes.Where(c => c.Value is not null))
        {
            kept.Add($"{key}={value}");
        }

        body[name] = kept;
    }

    private async Task<JsonObject> BodyAsync(JsonObject old, ContainerChangeOptions options, LabContainer container, CancellationToken cancellation)
    {
        JsonObject body = old["Config"]!.DeepClone().AsObject();
        JsonObject host = old["HostConfig"]!.DeepClone().AsObject();
        body["HostConfig"] = host;
        if ((string?)body["Hostname"] == container.ShortId)
        {
            body.Remove("Hostname");
        }

        if (options.Image is { } image)
        {
            // What is as the old image has it was not asked for, so the new image decides.
            JsonObject defaults = (await ObjectAsync(HttpMethod.Get, $"images/{Uri.EscapeDataString((string)old["Image"]!)}/json", cancellation))["Config"] as JsonObject ?? [];
            foreach (string name in OfImage.Where(name => JsonNode.DeepEquals(body[name], defaults[name])))
            {
                body.Remove(name);
            }

            string[] own = [.. (defaults["Env"] as JsonArray ?? []).Select(v => (string?)v).OfType<string>()];
            body["Env"] = new JsonArray([.. (body["Env"] as JsonArray ?? []).Select(v => (string?)v).Where(v => v is not null && !own.Contains(v)).Select(v => (JsonNode?)v)]);
            if (body["Labels"] is JsonObject labels)
            {
                foreach ((string name, JsonNode? value) in (defaults["Labels"] as JsonObject ?? []).Where(l => JsonNode.DeepEquals(labels[l.Key], l.Value)).ToArray())
                {
                    labels.Remove(name);
                }
            }

            body["Image"] = image;
        }

        if (options.Command is { } command)
        {
            body["Cmd"] = new JsonArray([.. command.Select(part => (JsonNode?)part)]);
        }

        Merge(body, "Env", options.Environment);
        JsonObject allLabels = body["Labels"] as JsonObject ?? [];
        foreach ((string name, string? value) in options.Labels)
        {
            allLabels.Remove(name);
            if (value is not null)
            {
                allLabels[name] = value;
            }
        }

        body["Labels"] = allLabels.Parent is null ? allLabels : allLabels.DeepClone();
        JsonObject ports = host["PortBindings"] is JsonObject bound ? bound.DeepClone().AsObject() : [];
        foreach (int port in options.Unpublish)
        {
            foreach (string key in ports.Select(p => p.Key).Where(key => key.Split('/')[0] == port.ToString(CultureInfo.InvariantCulture)).ToArray())
            {
                ports.Remove(key);
            }
        }

        JsonObject exposed = body["ExposedPorts"] is JsonObject known ? known.DeepClone().AsObject() : [];
        foreach ((string port, IList<PortBinding> bindings) in ContainerText.Ports(options.Publish))
        {
            ports[port] = new JsonArray([.. bindings.Select(b => (JsonNode?)new JsonObject { ["HostIp"] = b.HostIP, ["HostPort"] = b.HostPort })]);
            exposed[port] = new JsonObject();
        }

        host["PortBindings"] = ports;
        if (exposed.Count > 0)
        {
            body["ExposedPorts"] = exposed;
        }

        // Nameless volumes go along: what is in them would be lost otherwise.
        JsonArray binds = host["Binds"] is JsonArray bind ? bind.DeepClone().AsArray() : [];
        HashSet<string?> destinations = [.. binds.Select(b => ((string?)b)!.Split(':') is { Length: > 1 } parts ? parts[1] : null), .. (host["Mounts"] as JsonArray ?? []).Select(m => (string?)m?["Target"])];
        foreach (LabContainerMount mount in container.Mounts.Where(m => m.Type == "volume" && !destinations.Contains(m.Destination)))
        {
            binds.Add(mount.ToString());
        }

        foreach (string volume in options.Volumes)
        {
            string text = ContainerText.Volume(volume, options.WorkingFolder);
            string destination = text.Split(':') is { Length: > 1 } parts ? parts[1] : text;
            foreach (JsonNode? same in binds.Where(b => ((string?)b)!.Split(':') is { Length: > 1 } own && own[1] == destination).ToArray())
            {
                binds.Remove(same);
            }

            binds.Add(text);
        }

        host["Binds"] = binds;
        if (options.Memory is { } memory)
        {
            host["Memory"] = ContainerText.Bytes(memory);
            host["MemorySwap"] = 0;
        }

        if (options.Cpu is { } cpu)
        {
            host["NanoCpus"] = (long)(cpu * 1e9);
        }

        if (options.RestartPolicy is { } policy)
        {
            host["RestartPolicy"] = Policy(policy);
        }

        return body;
    }

    private static JsonObject Policy(string text)
    {
        RestartPolicy policy = ContainerText.Restart(text);
        return new JsonObject { ["Name"] = text.ToLowerInvariant().Split(':')[0], ["MaximumRetryCount"] = policy.MaximumRetryCount };
    }

    private async Task UpdateAsync(LabContainer container, ContainerChangeOptions options, CancellationToken cancellation)
    {
        JsonObject body = [];
        if (options.Memory is { } memory)
        {
            body["Memory"] = ContainerText.Bytes(memory);
            body["MemorySwap"] = -1;
        }

        if (options.Cpu is { } cpu)
        {
            body["NanoCpus"] = (long)(cpu * 1e9);
        }

        if (options.RestartPolicy is { } policy)
        {
            body["RestartPolicy"] = Policy(policy);
        }

        await store.ActAsync(container.Id, "update", null, cancellation, EngineContent.Of(body));
    }

    private async Task<string> CreateAsync(JsonObject body, string name, LabContainer container, ContainerChangeOptions options, CancellationToken cancellation)
    {
        try
        {
            JsonObject made = await ObjectAsync(HttpMethod.Post, "containers/create?name=" + Uri.EscapeDataString(name), cancellation, EngineContent.Of(body));
            return (string?)made["Id"] ?? throw store.Engine.Unreadable("containers/create", null);
        }
        catch (LabException e)
        {
            throw (await ContainerFaults.ExplainAsync(
                e, new ContainerOptions { Image = options.Image ?? container.Image, Name = container.Name, Pull = ContainerPull.Never }, store, cancellation)).Retold(
                    $"The container '{container.Name}' was not changed. {e.ServiceMessage ?? e.Message}", target: container.Name);
        }
    }

    private async Task TakeBackAsync(LabContainer container, string made, bool renamed, bool stopped)
    {
        List<string> left = [];
        await Try(() => store.RemoveAsync(made, force: true, volumes: false, CancellationToken.None), $"remove the new container {made[..12]}");
        if (renamed)
        {
            await Try(() => RenameAsync(container.Id, container.Name), $"give the old container {container.ShortId} its name '{container.Name}' again");
        }

        if (stopped)
        {
            await Try(() => store.StartAsync(container.Id, CancellationToken.None), $"start the old container '{container.Name}' again");
        }

        foreach (string problem in left)
        {
            reporter.Warning(problem);
        }

        async Task Try(Func<Task> step, string what)
        {
            try
            {
                await step();
            }
            catch (LabException e)
            {
                left.Add($"Could not {what}: {e.Message}");
            }
        }
    }

    private Task RenameAsync(string id, string name) => store.ActAsync(id, "rename", "name=" + Uri.EscapeDataString(name), CancellationToken.None);

    private async Task PostAsync(string path, JsonObject body)
    {
        await using EngineStream answer = await store.Engine.OpenAsync(HttpMethod.Post, path, EngineContent.Of(body), TimeSpan.FromSeconds(100), CancellationToken.None);
    }

    private async Task<JsonObject> ObjectAsync(HttpMethod method, string path, CancellationToken cancellation, EngineContent? content = null)
    {
        JsonElement answer = await store.Engine.JsonAsync(method, path, cancellation, content: content);
        return answer.ValueKind == JsonValueKind.Object ? JsonObject.Create(answer)! : throw store.Engine.Unreadable(path, null);
    }
}
